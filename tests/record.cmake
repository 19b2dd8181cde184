# What servers really did, set against what plans say: `record`, and the chains and cases that it is run over.
add_executable(record record/main.cc record/comparison.cc record/recorder.cc case_runner/case.cc case_runner/server.cc
               ${CMAKE_SOURCE_DIR}/src/base/fail_point_off.cc)
target_link_libraries(record PRIVATE test_support pgbelay_engine yaml-cpp)

set(corpus ${CMAKE_SOURCE_DIR}/../shared/corpus)
add_test(NAME record.corpus COMMAND record --version 15 --at-least 99.5
  ${corpus}/cow_services ${corpus}/documenso ${corpus}/fider ${corpus}/ghostfolio ${corpus}/svix ${corpus}/umami)
set_tests_properties(record.corpus PROPERTIES LABELS "record;record-15" SKIP_RETURN_CODE 77 TIMEOUT 600)

# Chains of our own, which between them contain every kind of statement: planned one by one, and as a whole, on every version.
function(pgbelay_record_chains major)
  pgbelay_server_binaries(${major} binaries)
  if(NOT binaries AND NOT major STREQUAL 15)
    return()
  endif()
  set(chains "")
  foreach(since 13 15 17 18)
    if(NOT since VERSION_GREATER major)
      file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/record/chains/${since}/*)
      list(APPEND chains ${files})
    endif()
  endforeach()
  add_test(NAME record.chains-${major} COMMAND record --version ${major} --one-by-one --at-least 100 ${chains})
  add_test(NAME record.chains-whole-${major} COMMAND record --version ${major} --at-least 100 ${chains})
  add_test(NAME record.cases-${major} COMMAND record --version ${major} --at-least 100 --cases ${CMAKE_CURRENT_SOURCE_DIR}/cases)
  add_test(NAME record.measured-${major} COMMAND record --version ${major} --at-least 100
    --before ${CMAKE_SOURCE_DIR}/../shared/locks/setup.sql --table ${CMAKE_SOURCE_DIR}/../shared/locks/truth.tsv)
  set_tests_properties(record.measured-${major} PROPERTIES SKIP_RETURN_CODE 77)
  set_tests_properties(record.chains-${major} record.measured-${major} record.chains-whole-${major} record.cases-${major} PROPERTIES
    LABELS "record;record-${major}" ENVIRONMENT "PGBELAY_PG_BIN_${major}=${binaries}" TIMEOUT 600)
endfunction()
foreach(major 13 14 15 16 17 18)
  pgbelay_record_chains(${major})
endforeach()
