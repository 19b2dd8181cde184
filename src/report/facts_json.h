// What a statement does as one line of JSON: docs/json.md. Written straight into text, since there may be a million of them.
#pragma once

#include "plan/statement_facts.h"

#include <string>

namespace pgbelay::report {

// Appends {n, file, line, column, kind, session, transactional, opaque, locks, rewrites, scans, notes, skip, refusals} and a newline; the
// values are those of `plan --format json`.
void append_facts(std::string& out, const plan::StatementFacts& facts);

}  // namespace pgbelay::report
