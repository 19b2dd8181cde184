// What was read from files, without any database: `check --syntax`.
#pragma once

#include "report/json.h"
#include "report/style.h"
#include "runbook/runbook.h"

#include <string>

namespace pgbelay::report {

// Whether some statement is not known to the grammar: a mistake, or the syntax of a newer server.
bool has_unknown_syntax(const runbook::Runbook& runbook);

std::string syntax_text(const runbook::Runbook& runbook, const Style& style);
// {name, digest, parser, fences, documentation, steps: [{name, verb, file, line, column, statements}], findings}
Json syntax_json(const runbook::Runbook& runbook);

}  // namespace pgbelay::report
