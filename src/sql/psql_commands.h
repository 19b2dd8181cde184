// Which of psql's backslash commands a deployment knows, and what to do instead of the others.
#pragma once

#include "base/error.h"

#include <string_view>

namespace pgbelay::sql {

// The error for a backslash command that is not run; `name` is without its backslash.
base::Error unsupported_command(std::string_view name);

// Throws Error{input} for a `\set` that would change how psql reads or runs what follows.
void check_setting(std::string_view name, std::string_view value);

}  // namespace pgbelay::sql
