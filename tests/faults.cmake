# Faults: one program for each tests/faults/*_test.cc, each with a private server. They kill, freeze and interrupt the product, so what
# they start is the real thing: pgbelay, and pgbelay-faults, which can be told at which boundary to die.
add_library(fault_support STATIC faults/boundaries.cc faults/client.cc faults/proxy.cc faults/stage.cc)
target_link_libraries(fault_support PUBLIC test_support GTest::gmock)
target_include_directories(fault_support PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(fault_support PUBLIC
  PGBELAY_BINARY="${CMAKE_BINARY_DIR}/src/pgbelay" PGBELAY_FAULTS_BINARY="${CMAKE_BINARY_DIR}/src/pgbelay-faults")

file(GLOB fault_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/faults/*_test.cc)
foreach(source IN LISTS fault_tests)
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "_test$" "" name ${name})
  add_executable(faults_${name} ${source} ${CMAKE_SOURCE_DIR}/src/base/fail_point_off.cc)
  target_link_libraries(faults_${name} PRIVATE fault_support GTest::gtest_main)
  add_dependencies(faults_${name} pgbelay pgbelay-faults)
  add_test(NAME faults.${name} COMMAND faults_${name})
  set_tests_properties(faults.${name} PROPERTIES LABELS faults TIMEOUT 1800)
endforeach()
# They time an application, and so need the machine for themselves.
set_tests_properties(faults.gentle faults.replicas PROPERTIES RUN_SERIAL TRUE)
