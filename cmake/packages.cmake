# What is installed where, as Debian packages: skerry (the command line), skerry-server and skerry-agent. `./dev package`
# builds them. There is no `make install`: systemd, the user and the slots belong to a package.
# Packages are made of these programs, whatever else is built.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(skerry_debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(skerry_units lib/systemd/system)

install(TARGETS skerry-launch RUNTIME DESTINATION usr/lib/skerry COMPONENT agent)
# The first of two slots; an update of the agent by itself will put the second one beside it.
install(TARGETS skerry-agent RUNTIME DESTINATION usr/lib/skerry/slots/a COMPONENT agent)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
file(CREATE_LINK ../lib/skerry/slots/a/skerry-agent ${PROJECT_BINARY_DIR}/packages/skerry-agent SYMBOLIC)
install(FILES ${PROJECT_BINARY_DIR}/packages/skerry-agent DESTINATION usr/bin COMPONENT agent)
install(FILES packaging/systemd/skerry-agent.service DESTINATION ${skerry_units} COMPONENT agent)
install(FILES ${skerry_debian}/skerry-agent.default DESTINATION etc/default RENAME skerry-agent COMPONENT agent)
install(FILES docs/user/install.md docs/user/troubleshooting.md DESTINATION usr/share/doc/skerry-agent COMPONENT agent)
install(FILES LICENSE DESTINATION usr/share/doc/skerry-agent RENAME copyright COMPONENT agent)

install(TARGETS skerryd RUNTIME DESTINATION usr/bin COMPONENT server)
install(FILES packaging/systemd/skerryd.service DESTINATION ${skerry_units} COMPONENT server)
install(FILES packaging/systemd/skerryd.sysusers DESTINATION usr/lib/sysusers.d RENAME skerryd.conf COMPONENT server)
install(FILES ${skerry_debian}/skerryd.default DESTINATION etc/default RENAME skerryd COMPONENT server)
install(FILES docs/user/install.md docs/user/troubleshooting.md DESTINATION usr/share/doc/skerry-server COMPONENT server)
install(FILES LICENSE DESTINATION usr/share/doc/skerry-server RENAME copyright COMPONENT server)

install(TARGETS skerry RUNTIME DESTINATION usr/bin COMPONENT cli)
install(FILES docs/user/cli-reference.md DESTINATION usr/share/doc/skerry COMPONENT cli)
install(FILES LICENSE DESTINATION usr/share/doc/skerry RENAME copyright COMPONENT cli)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "The Skerry authors <skerry@localhost>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL cli server agent)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_CLI_PACKAGE_NAME skerry)
set(CPACK_COMPONENT_CLI_DESCRIPTION "Command line of Skerry
 Speaks to a Skerry server, and on a site to its agent.")
set(CPACK_DEBIAN_CLI_PACKAGE_SHLIBDEPS ON)

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME skerry-server)
set(CPACK_COMPONENT_SERVER_DESCRIPTION "Control plane of Skerry
 Says what many sites run, and knows what they do.")
set(CPACK_DEBIAN_SERVER_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "systemd, init-system-helpers")
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS "skerry")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
  "${skerry_debian}/server/postinst;${skerry_debian}/server/prerm;${skerry_debian}/server/postrm;${skerry_debian}/server/conffiles")

set(CPACK_DEBIAN_AGENT_PACKAGE_NAME skerry-agent)
set(CPACK_COMPONENT_AGENT_DESCRIPTION "Agent of a Skerry site
 Keeps the containers of one machine as they shall be, through long outages.")
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "init-system-helpers")
set(CPACK_DEBIAN_AGENT_PACKAGE_RECOMMENDS "docker.io | docker-ce, skerry")
set(CPACK_DEBIAN_AGENT_PACKAGE_CONTROL_EXTRA
  "${skerry_debian}/agent/postinst;${skerry_debian}/agent/prerm;${skerry_debian}/agent/postrm;${skerry_debian}/agent/conffiles")
include(CPack)

if(SKERRY_TESTS)
  add_test(NAME e2e/packages COMMAND ${PROJECT_SOURCE_DIR}/tests/e2e/packages.sh ${PROJECT_BINARY_DIR})
  set_tests_properties(e2e/packages PROPERTIES LABELS e2e TIMEOUT 300)
endif()
