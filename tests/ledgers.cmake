# Other tools' ledgers: the product, a server, and the real dbmate.
add_executable(ledger_tests ${CMAKE_CURRENT_SOURCE_DIR}/ledgers/fixture.cc ${CMAKE_CURRENT_SOURCE_DIR}/ledgers/dbmate_test.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/ledgers/flyway_test.cc ${CMAKE_CURRENT_SOURCE_DIR}/ledgers/goose_test.cc
  ${CMAKE_CURRENT_SOURCE_DIR}/ledgers/mark_test.cc ${CMAKE_CURRENT_SOURCE_DIR}/ledgers/prisma_test.cc
  ${CMAKE_SOURCE_DIR}/src/base/fail_point_off.cc)
target_link_libraries(ledger_tests PRIVATE test_support nlohmann_json::nlohmann_json GTest::gmock GTest::gtest_main)
target_compile_definitions(ledger_tests PRIVATE PGBELAY_BINARY="${CMAKE_BINARY_DIR}/src/pgbelay")
add_dependencies(ledger_tests pgbelay)
foreach(suite Dbmate Flyway Goose Mark Prisma)
  string(TOLOWER ${suite} name)
  add_test(NAME ledgers.${name} COMMAND ledger_tests --gtest_filter=${suite}.*)
  set_tests_properties(ledgers.${name} PROPERTIES LABELS ledgers TIMEOUT 180 SKIP_REGULAR_EXPRESSION "SKIPPED")
endforeach()
