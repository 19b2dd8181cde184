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

// What a tool's ledger says. Versions are in the form of ToolLedger::normal().
struct ToolHistory {
    std::map<std::string, std::string> applied;  // version -> checksum, "" where the tool keeps none
    std::string baseline;                        // Flyway's: everything up to it is there, with or without a row
};

struct ToolLedger {
    runbook::Layout layout = runbook::Layout::plain;
    sql::QualifiedName table;
    bool readable = true;
    bool writable = true;

    // The ledger of the layout's tool along the session's own search_path; nothing when the tool was never used here.
    static std::optional<ToolLedger> find(pg::Connection& connection, runbook::Layout layout, const std::vector<std::string>& schemas);

    // Throws Error{refused} for a migration that the tool itself began and did not finish, and where we may not read.
    ToolHistory history(pg::Connection& connection) const;
    // The form in which two spellings of a version are the same: goose's 007 is 7, Flyway's 1.0 is 1.
    std::string normal(const std::string& version) const;

    bool has(const ToolHistory& history, const std::string& version) const;
    // Whether the file is, for the tool, the one that it applied. Tools without checksums take every file for that.
    bool unchanged(const ToolHistory& history, const runbook::File& file) const;
    // Throws Error{refused} where the tool would not run the pending ones of a whole directory: goose and Flyway neither fill gaps
    // below the newest version applied; Flyway also misses the files of what it applied.
    void refuse_gaps(const ToolHistory& history, const std::vector<const runbook::File*>& files) const;

    // For the gate: a right that is missing would only show in the last step of a file.
    base::Error no_right(std::string_view what) const;

    pg::Connection::Piece insert(const plan::PlannedFile& file) const;
    pg::Connection::Piece remove(const plan::PlannedFile& file) const;
};

}  // namespace pgbelay::engine
