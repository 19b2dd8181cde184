# The campaign: see tests/campaign/main.cc and docs/reliability.md. `make campaign` runs all of it; a sample is one of the tests.
file(GLOB campaign_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/campaign/*.cc)
add_executable(campaign ${campaign_sources} ${CMAKE_SOURCE_DIR}/src/base/fail_point_off.cc)
target_link_libraries(campaign PRIVATE fault_support)
add_dependencies(campaign pgbelay pgbelay-faults)
add_test(NAME campaign.all COMMAND campaign)
set_tests_properties(campaign.all PROPERTIES LABELS campaign TIMEOUT 36000 RUN_SERIAL TRUE)
add_test(NAME faults.sample_of_the_campaign COMMAND campaign --versions 15 --sample 5 --random 8)
set_tests_properties(faults.sample_of_the_campaign PROPERTIES LABELS faults TIMEOUT 600)
