#include "sql/psql_commands.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <string>

namespace pgbelay::sql {

namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string_view instead_of(std::string_view name) {
    if (is_one_of(name, {"c", "connect"})) {
        return "a deployment goes to one database: name it with --db, and deploy to each in turn";
    }
    if (is_one_of(name, {"if", "elif", "else", "endif"})) {
        return "write -- pgbelay: when SELECT … above a statement, or a DO block";
    }
    if (is_one_of(name, {"gexec", "gset", "gdesc", "g", "gx", "bind", "parse", "crosstabview", "watch"})) {
        return "end the statement with a semicolon; what it should generate goes into a DO block, or written out";
    }
    if (is_one_of(name, {"copy"})) {
        return "write COPY … FROM stdin; followed by the rows and a line with \\.";
    }
    if (is_one_of(name, {"!", "cd", "setenv", "getenv", "w", "write", "e", "edit", "prompt", "password"})) {
        return "do it in the script that calls pgbelay; values come in with --set NAME=VALUE";
    }
    if (is_one_of(name, {"q", "quit", "r", "reset"})) {
        return "delete it, and what should not run with it";
    }
    if (is_one_of(name, {";"})) {
        return "put statements that belong together between BEGIN; and COMMIT;";
    }
    if (is_one_of(name, {"warn"})) {
        return "use \\echo";
    }
    return "delete the line: a deployment has no use for it";
}

bool is_off(std::string_view value) {
    return is_one_of(value, {"off", "OFF", "Off", "of", "false", "FALSE", "no", "NO", "0", "f", "n"});
}

}  // namespace

base::Error unsupported_command(std::string_view name) {
    return base::Error(base::ErrorCode::input, fmt::format("psql's \\{} is not run in a deployment", name))
        .hint(std::string(instead_of(name)));
}

void check_setting(std::string_view name, std::string_view value) {
    if (name == "AUTOCOMMIT" && is_off(value)) {
        throw base::Error(base::ErrorCode::input, "AUTOCOMMIT off would put statements into transactions that the file does not show")
            .hint("write BEGIN; and COMMIT; around them");
    }
    if (name == "SINGLELINE" && !value.empty() && !is_off(value)) {
        throw base::Error(base::ErrorCode::input, "SINGLELINE would end statements at the ends of lines")
            .hint("end each statement with a semicolon");
    }
}

}  // namespace pgbelay::sql
