// The ledgers of other migration tools: what they know of, and the rows that they themselves then accept. docs/layouts.md has the facts.
#pragma once

#include "pg/connection.h"
#include "plan/plan.h"
#include "runbook/runbook.h"
#include "sql/name.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::engine {

struct ToolLedger {
    runbook::Layout layout = runbook::Layout::plain;
    sql::QualifiedName table;

    // The ledger of the layout's tool along the session's own search_path; nothing when the tool was never used here.
    static std::optional<ToolLedger> find(pg::Connection& connection, runbook::Layout layout, const std::vector<std::string>& schemas);

    // Version (as runbook::File::version spells it) -> checksum ("" where the tool keeps none). Throws Error{refused} for a migration
    // that the tool itself began and did not finish.
    std::map<std::string, std::string> applied(pg::Connection& connection) const;
    // The form in which two spellings of a version are the same: goose's are numbers.
    std::string normal(const std::string& version) const;

    pg::Connection::Piece insert(const plan::PlannedFile& file) const;
    pg::Connection::Piece remove(const plan::PlannedFile& file) const;
};

}  // namespace pgbelay::engine
