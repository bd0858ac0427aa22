# One library per room, so that what a room may use is what it links.
#
#   skerry_room(document SOURCES a.cc b.cc DEPENDS base [LINK protozero ...] [EXPOSE skerry_api_proto ...])
#
# builds skerry_document from src/document, and a check that each of its headers compiles alone. LINK names libraries
# that its sources use, EXPOSE those that its headers include too.
function(skerry_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;LINK;EXPOSE" ${ARGN})
  string(REPLACE "/" "_" target "skerry_${name}")
  file(GLOB headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_library(${target} STATIC ${ROOM_SOURCES})
  target_sources(${target} PUBLIC FILE_SET headers TYPE HEADERS
    BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${headers})
  set_target_properties(${target} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_link_libraries(${target} PRIVATE skerry_flags)
  if(name IN_LIST SKERRY_AGENT_ROOMS)
    target_link_libraries(${target} PRIVATE skerry_small)
  endif()
  foreach(dependency ${ROOM_DEPENDS})
    string(REPLACE "/" "_" dependency "skerry_${dependency}")
    target_link_libraries(${target} PRIVATE ${dependency})
  endforeach()
  target_link_libraries(${target} PUBLIC ${ROOM_EXPOSE} PRIVATE ${ROOM_LINK})
endfunction()

# skerry_test(unit/base SOURCES a_test.cc DEPENDS base): one GoogleTest program a room. ctest names
# a case "unit/base/Suite.Case" and labels it with the first word: unit, sim, integration, e2e.
function(skerry_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  if(NOT SKERRY_TESTS)
    return()
  endif()
  string(REPLACE "/" "_" target "test_${name}")
  add_executable(${target} ${TEST_SOURCES})
  target_link_libraries(${target} PRIVATE skerry_flags ${TEST_LINK} GTest::gmock_main)
  target_compile_definitions(${target} PRIVATE
    SKERRY_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" SKERRY_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  foreach(dependency ${TEST_DEPENDS})
    string(REPLACE "/" "_" dependency "skerry_${dependency}")
    target_link_libraries(${target} PRIVATE ${dependency})
  endforeach()
  string(REGEX REPLACE "/.*" "" label "${name}")
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}/"
    PROPERTIES TIMEOUT 300 LABELS "${label}")
endfunction()

# skerry_bench(codec SOURCES codec_bench.cc DEPENDS document): `./dev bench codec_bench` runs it.
function(skerry_bench name)
  skerry_program(${name}_bench ${ARGN})
  set_target_properties(${name}_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bench)
endfunction()

# skerry_fuzz(yaml SOURCES yaml_fuzz.cc DEPENDS resource): built only where SKERRY_FUZZ is on, by the
# target `fuzzers`; `./dev fuzz yaml_fuzz` runs it on the seeds in tests/data/fuzz/yaml_fuzz.
function(skerry_fuzz name)
  if(NOT SKERRY_FUZZ)
    return()
  endif()
  skerry_program(${name}_fuzz ${ARGN})
  set_target_properties(${name}_fuzz PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  target_link_options(${name}_fuzz PRIVATE -fsanitize=fuzzer)
  add_dependencies(fuzzers ${name}_fuzz)
endfunction()

function(skerry_program target)
  cmake_parse_arguments(PROGRAM "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_executable(${target} ${PROGRAM_SOURCES})
  target_link_libraries(${target} PRIVATE skerry_flags ${PROGRAM_LINK})
  foreach(dependency ${PROGRAM_DEPENDS})
    string(REPLACE "/" "_" dependency "skerry_${dependency}")
    target_link_libraries(${target} PRIVATE ${dependency})
  endforeach()
endfunction()

# skerry_agent_program(skerry-agent SOURCES agent.cc DEPENDS agent/uplink): a static program in apps/.
# Libraries it reaches are linked by plain name (ssl, not OpenSSL::SSL), so that the linker may take the archive.
function(skerry_agent_program name)
  skerry_program(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE skerry_small skerry_agent_flags)
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/apps LINK_DEPENDS "${SKERRY_ARCHIVES}")
  if(SKERRY_ARCHIVES)
    add_dependencies(${name} skerry_archives)
  endif()
endfunction()
