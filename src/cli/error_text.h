// An error as people read it: what, where, why, and what to do next.
#pragma once

#include "base/error.h"
#include "report/style.h"

#include <string>

namespace pgbelay::cli {

// `pgbelay: error: file:line:column: message`, then indented what else is known. Free of passwords and control characters.
std::string error_text(const base::Error& error, const report::Style& style);

}  // namespace pgbelay::cli
