# What pgbelay is built with: Debian packages, found on the system. tools/setup installs them.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(CURL REQUIRED)
find_package(date REQUIRED)
find_path(CMARK_INCLUDE_DIR cmark.h REQUIRED)
find_library(CMARK_LIBRARY cmark REQUIRED)

# The grammar: the newer libpg_query that tools/fetch-grammar unpacked into the build tree, else Debian 12's own. Not cached, so
# that a build tree takes the newer one as soon as it is there.
set(PGBELAY_GRAMMAR_DIR "${CMAKE_SOURCE_DIR}/build/grammar" CACHE PATH "An unpacked libpg-query-dev, or nothing")
set(fetched_grammar ${PGBELAY_GRAMMAR_DIR}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE}/libpg_query.a)
if(EXISTS ${fetched_grammar})
  set(PG_QUERY_LIBRARY ${fetched_grammar})
  set(PG_QUERY_INCLUDE_DIR ${PGBELAY_GRAMMAR_DIR}/usr/include)
else()
  find_library(PG_QUERY_LIBRARY libpg_query.a NO_CACHE REQUIRED)
  find_path(PG_QUERY_INCLUDE_DIR pg_query/pg_query.pb-c.h NO_CACHE REQUIRED)
endif()
message(STATUS "Grammar: ${PG_QUERY_LIBRARY}")

add_library(pg_query INTERFACE)
target_include_directories(pg_query SYSTEM INTERFACE ${PG_QUERY_INCLUDE_DIR})
target_link_libraries(pg_query INTERFACE ${PG_QUERY_LIBRARY} Threads::Threads)
# sql/parse.cc takes trees and tokens before they are packed into bytes.
foreach(packed parse_result scan_result)
  target_link_options(pg_query INTERFACE LINKER:--wrap=pg_query__${packed}__get_packed_size LINKER:--wrap=pg_query__${packed}__pack)
endforeach()
# … and frees what pg_query_parse_plpgsql() forgets.
target_link_options(pg_query INTERFACE LINKER:--wrap=pg_query_raw_parse)

add_library(cmark INTERFACE)
target_include_directories(cmark SYSTEM INTERFACE ${CMARK_INCLUDE_DIR})
target_link_libraries(cmark INTERFACE ${CMARK_LIBRARY})
