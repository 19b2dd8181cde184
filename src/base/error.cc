#include "base/error.h"

#include <fmt/core.h>

#include <utility>

namespace pgbelay::base {

std::string to_string(const Place& place) {
    if (place.line == 0) {
        return place.file;
    }
    if (place.column == 0) {
        return fmt::format("{}:{}", place.file, place.line);
    }
    return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

std::string_view to_string(ErrorCode code) {
    switch (code) {
        case ErrorCode::usage: return "usage";
        case ErrorCode::input: return "input";
        case ErrorCode::refused: return "refused";
        case ErrorCode::connection: return "connection";
        case ErrorCode::server: return "server";
        case ErrorCode::check: return "check";
        case ErrorCode::conflict: return "conflict";
        case ErrorCode::interrupted: return "interrupted";
        case ErrorCode::unknown: return "unknown";
        case ErrorCode::internal: return "internal";
    }
    return "internal";
}

Error::Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {
    compose();
}

Error& Error::at(Place place) {
    place_ = std::move(place);
    compose();
    return *this;
}

Error& Error::hint(std::string hint) {
    hint_ = std::move(hint);
    return *this;
}

Error& Error::sqlstate(std::string sqlstate) {
    sqlstate_ = std::move(sqlstate);
    return *this;
}

Error& Error::detail(std::string detail) {
    detail_ = std::move(detail);
    return *this;
}

Error& Error::cause(const std::exception& cause) {
    cause_ = cause.what();
    return *this;
}

void Error::compose() {
    const std::string where = to_string(place_);
    what_ = where.empty() ? message_ : where + ": " + message_;
}

}  // namespace pgbelay::base
