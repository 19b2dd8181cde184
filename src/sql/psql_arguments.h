// The arguments of a backslash command, as psql reads them (src/fe_utils/psqlscanslash.l, OT_NORMAL).
#pragma once

#include "sql/script.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::sql {

struct Lexeme;

struct Arguments {
    std::vector<std::string> values;  // quotes resolved, variables expanded
    std::size_t end = 0;              // where the statement's text goes on: the line's end, or another backslash
};

// Why arguments cannot be read.
struct BadArguments {
    std::size_t offset;
    std::string message;
    std::string hint;
};

// Reads from `at` to the end of the line. Throws BadArguments for an unterminated quote and for backquotes.
Arguments read_arguments(std::string_view bytes, std::size_t at, const Variables& variables);

// What `:name`, `:'name'`, `:"name"` or `:{?name}` at a place of its own becomes; the reference itself when it is not set.
std::string expand(std::string_view reference, const Lexeme& variable, const Variables& variables);

}  // namespace pgbelay::sql
