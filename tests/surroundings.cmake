# Surroundings: what else goes on around a deployment, and what it may be given to read. One program for each
# tests/surroundings/*_test.cc, with private servers; they start pgbelay itself, as the faults do.
file(GLOB surroundings_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/surroundings/*_test.cc)
add_library(surroundings_support STATIC surroundings/neighbour.cc surroundings/hostile_input.cc)
target_link_libraries(surroundings_support PUBLIC fault_support pgbelay_demo)
foreach(source IN LISTS surroundings_tests)
  get_filename_component(name ${source} NAME_WE)
  string(REGEX REPLACE "_test$" "" name ${name})
  add_executable(surroundings_${name} ${source} ${CMAKE_SOURCE_DIR}/src/base/fail_point_off.cc)
  target_link_libraries(surroundings_${name} PRIVATE surroundings_support GTest::gtest_main)
  add_dependencies(surroundings_${name} pgbelay)
  add_test(NAME surroundings.${name} COMMAND surroundings_${name})
  set_tests_properties(surroundings.${name} PROPERTIES LABELS surroundings TIMEOUT 600)
endforeach()
# It times an application, and so needs the machine for itself.
set_tests_properties(surroundings.matrix PROPERTIES RUN_SERIAL TRUE)
