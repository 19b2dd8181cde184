# pgbelay_embed_sql(TARGET DIRECTORY HEADER NAMESPACE): every DIRECTORY/*.sql becomes a pg::Query constant in HEADER,
# included as <queries/HEADER>. File find_holders.sql becomes kFindHolders.
function(pgbelay_embed_sql target directory header namespace)
  file(GLOB queries CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${directory}/*.sql)
  set(output ${CMAKE_BINARY_DIR}/generated/${target}/queries/${header})
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DNAMESPACE=${namespace}
            "-DQUERIES=${queries}" -P ${CMAKE_SOURCE_DIR}/cmake/embed_sql_script.cmake
    DEPENDS ${queries} ${CMAKE_SOURCE_DIR}/cmake/embed_sql_script.cmake
    VERBATIM)
  add_custom_target(${target}_queries DEPENDS ${output})
  add_dependencies(${target} ${target}_queries)
  target_include_directories(${target} PRIVATE ${CMAKE_BINARY_DIR}/generated/${target})
endfunction()
