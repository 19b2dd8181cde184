// Rows that follow a COPY … FROM stdin in its file.
#pragma once

#include "sql/statement.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace pgbelay::sql {

// Whether the statement reads rows from what follows it. Of a statement that the grammar does not know the tokens decide.
bool copies_from_stdin(const Statement& statement);

struct CopyData {
    std::string rows;     // as they stand, without the line `\.`
    std::size_t end = 0;  // where the text goes on
};

// The rows from `at`, the beginning of a line, to the line `\.` or, as in psql, to the end.
CopyData read_copy_data(std::string_view bytes, std::size_t at);

}  // namespace pgbelay::sql
