// What all JSON documents of pgbelay share: how values of the seams are spelled in them. docs/json.md describes every key.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "catalog/lock_mode.h"
#include "engine/health.h"
#include "sql/name.h"

#include <nlohmann/json.hpp>

#include <string>

namespace pgbelay::report {

// Keys stay in the order in which they are documented.
using Json = nlohmann::ordered_json;

// The document as bytes, ending with a newline; what is not UTF-8 in it is replaced, never thrown at.
std::string dump(const Json& document);
// The same on one line.
std::string dump_line(const Json& document);

// The string, or null when it is empty.
Json or_null(const std::string& text);
// "schema.name", unquoted.
Json relation(const sql::QualifiedName& name);

// {section, far, figures}: each figure with its name, what it is now and was before, and whether it is far from that.
Json health_json(const engine::Health& health);

// {code, message, file, line, column, detail, cause, hint, sqlstate}; what is not known is null.
Json error_json(const base::Error& error);
// {"error": …}: all that a command prints when it fails before it has anything else to say.
Json error_document(const base::Error& error);

}  // namespace pgbelay::report
