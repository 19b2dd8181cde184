// Reads SQL as psql does: backslash commands, variables, inline COPY data, statements split where psql splits them.
#pragma once

#include "base/wait.h"
#include "sql/source_text.h"
#include "sql/statement.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::sql {

using Variables = std::map<std::string, std::string>;

struct Script {
    std::vector<Statement> statements;
    std::vector<std::string> trailing_echoes;
    // Files read through \i and \ir, in order, as they were found.
    std::vector<std::string> includes;
};

// Reads `bytes`, the contents of the file called `name` (used in places, and the base of \ir; \i is relative to the working
// directory, or to `name`'s directory when it is not there). A BOM and CRLF are accepted. Variables that are not
// set stay as they stand, as in psql: `:name` is left alone. The rows of a COPY … FROM stdin end at `\.` or, as in psql, with
// their file. `first_line` is where the bytes begin in the file (a Markdown fence).
//
// Throws Error{input} with the place for: invalid UTF-8, NUL bytes, an unterminated quote or comment, a directive that is
// for no statement, a backslash command other than \i \ir \set \unset \echo \qecho, a missing or circular include, a
// include that is no regular file, over 100 levels, over 100,000 statements. Throws Error{interrupted} once `stop` is requested.
Script read_script(std::string_view bytes, const std::string& name, const Variables& variables, int first_line = 1,
                   const base::StopSignal* stop = nullptr);

// The same, of any number of statements: each goes to `take` as soon as it is read, and is not kept.
void read_statements(std::string_view bytes, const std::string& name, const Variables& variables,
                     const std::function<void(Statement&&)>& take, const base::StopSignal* stop = nullptr);

}  // namespace pgbelay::sql
