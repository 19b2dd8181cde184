# `make package`: a .deb that needs no compiler where it is installed. The grammar is linked in; dpkg-shlibdeps finds the rest.
include(GNUInstallDirs)

# Made by the program itself from its own command line.
set(made ${CMAKE_BINARY_DIR}/package-files)
file(MAKE_DIRECTORY ${made})
add_custom_command(
  OUTPUT ${made}/pgbelay ${made}/_pgbelay ${made}/pgbelay.fish ${made}/pgbelay.1.gz ${made}/changelog.gz
  COMMAND $<TARGET_FILE:pgbelay> completion bash > ${made}/pgbelay
  COMMAND $<TARGET_FILE:pgbelay> completion zsh > ${made}/_pgbelay
  COMMAND $<TARGET_FILE:pgbelay> completion fish > ${made}/pgbelay.fish
  COMMAND $<TARGET_FILE:pgbelay> completion man > ${made}/pgbelay.1
  COMMAND gzip -9nf ${made}/pgbelay.1
  COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/CHANGELOG.md > ${made}/changelog.gz
  DEPENDS pgbelay ${CMAKE_SOURCE_DIR}/CHANGELOG.md
  VERBATIM)
add_custom_target(package_files ALL DEPENDS ${made}/pgbelay.1.gz)

install(FILES ${made}/pgbelay DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${made}/_pgbelay DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${made}/pgbelay.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES ${made}/pgbelay.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

set(doc ${CMAKE_INSTALL_DATADIR}/doc/pgbelay)
install(FILES ${made}/changelog.gz packaging/copyright README.md DESTINATION ${doc})
install(DIRECTORY docs examples DESTINATION ${doc})
# The licenses of what is compiled in, as their own packages have them.
foreach(library libpg-query-dev libcli11-dev nlohmann-json3-dev)
  foreach(root ${PGBELAY_GRAMMAR_DIR}/usr /usr)
    if(EXISTS ${root}/share/doc/${library}/copyright)
      install(FILES ${root}/share/doc/${library}/copyright DESTINATION ${doc}/third-party RENAME ${library})
      break()
    endif()
  endforeach()
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME pgbelay)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "deploys SQL migrations to a live PostgreSQL without dropping it")
set(CPACK_PACKAGE_DESCRIPTION
"pgbelay deploys the SQL migrations and runbooks that a team already writes to
a PostgreSQL that is in use. It checks them before, replaces what would block
the application by forms that do not, verifies every step in the catalog, and
writes down what it did in the target itself. A run survives Ctrl-C, kill -9,
cut connections, crashes and failovers; it can be paused, resumed, aborted and
rolled back.")
set(CPACK_PACKAGE_CONTACT "pgbelay maintainers <maintainers@pgbelay.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# `pgbelay demo` starts a private server.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS postgresql)
set(CPACK_OUTPUT_FILE_PREFIX ${CMAKE_BINARY_DIR})
include(CPack)
