# What every target of ours is compiled with: warnings as errors and the hardening of a daemon that
# holds root-like power. Third-party headers stay out of it (they are system headers).
add_library(skerry_flags INTERFACE)
target_compile_features(skerry_flags INTERFACE cxx_std_20)
target_include_directories(skerry_flags INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(skerry_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wnull-dereference -Wformat=2 -Wextra-semi -Werror
  -fstack-protector-strong -fstack-clash-protection -fPIE -ffunction-sections -fdata-sections)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(skerry_flags INTERFACE -fcf-protection)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  target_compile_options(skerry_flags INTERFACE -mbranch-protection=standard)
endif()
target_compile_definitions(skerry_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(skerry_flags INTERFACE -Wl,-z,relro,-z,now)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # -Wrestrict is a false alarm of GCC 12 on `"text" + std::string` (GCC bug 105651).
  target_compile_options(skerry_flags INTERFACE -Wno-restrict
    -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wuseless-cast -Wsuggest-override)
else()
  # libstdc++ 12 calls a function it deprecates inside std::stable_sort; GCC stays the judge of ours.
  target_compile_options(skerry_flags INTERFACE -Wthread-safety -Wno-deprecated-declarations)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_definitions(skerry_flags INTERFACE _FORTIFY_SOURCE=3)
endif()

set(SKERRY_SANITIZE "" CACHE STRING "Sanitizers, for instance address,undefined")
if(SKERRY_SANITIZE)
  target_compile_options(skerry_flags INTERFACE
    -fsanitize=${SKERRY_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(skerry_flags INTERFACE -fsanitize=${SKERRY_SANITIZE})
endif()

# Fuzzers replace main() by libFuzzer's; everything they link reports its coverage.
option(SKERRY_FUZZ "Build the programs of fuzz/ (clang)" OFF)
if(SKERRY_FUZZ)
  target_compile_options(skerry_flags INTERFACE -fsanitize=fuzzer-no-link)
  add_custom_target(fuzzers)
endif()

# What the agent carries is compiled for size, also where the server links it: that more than halves our code in
# it (docs/decisions/0001-agent-binary.md).
add_library(skerry_small INTERFACE)
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(skerry_small INTERFACE -Os)
endif()

# The agent's own programs: one file that runs in an empty directory, at a random address. RELR packs the
# relocations that costs (0.48 MB); docs/decisions/0001-agent-binary.md has the measurements. Instrumented
# builds stay dynamic, because sanitizers need the shared C library.
include(CheckLinkerFlag)
add_library(skerry_agent_flags INTERFACE)
if(NOT SKERRY_SANITIZE)
  target_link_options(skerry_agent_flags INTERFACE
    -static-pie LINKER:--gc-sections LINKER:-Map=${PROJECT_BINARY_DIR}/apps/$<TARGET_PROPERTY:NAME>.map)
  check_linker_flag(CXX "LINKER:--pack-dyn-relocs=relr" SKERRY_LINKER_HAS_PACK_DYN_RELOCS)
  check_linker_flag(CXX "LINKER:-z,pack-relative-relocs" SKERRY_LINKER_HAS_PACK_RELATIVE_RELOCS)
  if(SKERRY_LINKER_HAS_PACK_DYN_RELOCS)
    target_link_options(skerry_agent_flags INTERFACE LINKER:--pack-dyn-relocs=relr)
  elseif(SKERRY_LINKER_HAS_PACK_RELATIVE_RELOCS)
    target_link_options(skerry_agent_flags INTERFACE LINKER:-z,pack-relative-relocs)
  endif()
  # OpenSSL without the tables that unwind an exception through its frames (0.53 MB): none of ours ever passes there.
  set(skerry_archives ${PROJECT_BINARY_DIR}/archives)
  foreach(library ssl crypto)
    find_library(SKERRY_ARCHIVE_${library} lib${library}.a REQUIRED)
    add_custom_command(
      OUTPUT ${skerry_archives}/lib${library}.a
      COMMAND ${CMAKE_COMMAND} -E make_directory ${skerry_archives}
      COMMAND ${CMAKE_OBJCOPY} --remove-section .eh_frame --remove-section .rela.eh_frame
        ${SKERRY_ARCHIVE_${library}} ${skerry_archives}/lib${library}.a
      DEPENDS ${SKERRY_ARCHIVE_${library}} COMMENT "Leaving the unwind tables out of lib${library}.a" VERBATIM)
    list(APPEND SKERRY_ARCHIVES ${skerry_archives}/lib${library}.a)
  endforeach()
  add_custom_target(skerry_archives DEPENDS ${SKERRY_ARCHIVES})
  target_link_options(skerry_agent_flags INTERFACE -L${skerry_archives})
  # Equal functions become one (0.06 MB, mostly of templates). Nothing linked here may tell functions apart by
  # their address.
  check_linker_flag(CXX "LINKER:--icf=all" SKERRY_LINKER_HAS_ICF)
  if(SKERRY_LINKER_HAS_ICF)
    target_link_options(skerry_agent_flags INTERFACE LINKER:--icf=all)
  endif()
endif()
