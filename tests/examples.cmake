# The examples of examples/, each deployed end to end as its runbook says, with an application running: one program for each
# tests/examples/*_test.cc. They load their data with psql, as a reader would.
file(GLOB example_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/examples/*_test.cc)
add_library(example_support STATIC examples/example.cc)
target_link_libraries(example_support PUBLIC fault_support pgbelay_demo)
foreach(source IN LISTS example_tests)
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "_test$" "" name ${name})
  add_executable(examples_${name} ${source} ${CMAKE_SOURCE_DIR}/src/base/fail_point_off.cc)
  target_link_libraries(examples_${name} PRIVATE example_support GTest::gtest_main)
  add_dependencies(examples_${name} pgbelay)
  add_test(NAME examples.${name} COMMAND examples_${name})
  set_tests_properties(examples.${name} PROPERTIES LABELS examples TIMEOUT 600)
endforeach()
