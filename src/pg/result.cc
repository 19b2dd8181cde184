// Results, server errors and array values: what comes back over a connection.
#include "pg/connection.h"

#include <libpq-fe.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace pgbelay::pg {

using base::Error;
using base::ErrorCode;

void Result::clear(pg_result* result) {
    PQclear(result);
}

int Result::rows() const {
    return PQntuples(result_.get());
}

int Result::columns() const {
    return PQnfields(result_.get());
}

std::string Result::column_name(int column) const {
    const char* name = PQfname(result_.get(), column);
    return name == nullptr ? std::string() : name;
}

std::uint32_t Result::type_oid(int column) const {
    return PQftype(result_.get(), column);
}

bool Result::is_null(int row, int column) const {
    return PQgetisnull(result_.get(), row, column) != 0;
}

std::string Result::text(int row, int column) const {
    const char* value = PQgetvalue(result_.get(), row, column);
    return value == nullptr ? std::string() : std::string(value, static_cast<std::size_t>(PQgetlength(result_.get(), row, column)));
}

std::optional<std::string> Result::maybe(int row, int column) const {
    return is_null(row, column) ? std::nullopt : std::optional(text(row, column));
}

int Result::integer(int row, int column) const {
    return static_cast<int>(big(row, column));
}

long long Result::big(int row, int column) const {
    const std::string value = text(row, column);
    long long number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (!value.empty() && (error != std::errc() || end != value.data() + value.size())) {
        throw Error(ErrorCode::internal, "the server's answer in column " + column_name(column) + " is not an integer");
    }
    return number;
}

double Result::real(int row, int column) const {
    return std::strtod(text(row, column).c_str(), nullptr);
}

bool Result::boolean(int row, int column) const {
    return text(row, column) == "t";
}

std::string Result::command_tag() const {
    return PQcmdStatus(result_.get());
}

Error to_error(const ServerError& error) {
    Error result(error.connection_lost ? ErrorCode::connection : ErrorCode::server, error.message);
    return result.sqlstate(error.sqlstate).detail(error.detail).hint(error.hint);
}

std::string to_array(const std::vector<std::string>& items) {
    std::string text = "{";
    for (const std::string& item : items) {
        text += text.size() > 1 ? ",\"" : "\"";
        for (const char c : item) {
            if (c == '"' || c == '\\') {
                text += '\\';
            }
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

std::vector<std::string> from_array(std::string_view text) {
    std::vector<std::string> items;
    if (text.size() <= 2) {
        return items;
    }
    text = text.substr(1, text.size() - 2);
    std::string item;
    bool quoted = false;
    bool was_quoted = false;
    const auto finish = [&] {
        items.push_back(!was_quoted && item == "NULL" ? std::string() : item);
        item.clear();
        was_quoted = false;
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size()) {
            item += text[++i];
        } else if (text[i] == '"') {
            quoted = !quoted;
            was_quoted = true;
        } else if (text[i] == ',' && !quoted) {
            finish();
        } else {
            item += text[i];
        }
    }
    finish();
    return items;
}

}  // namespace pgbelay::pg
