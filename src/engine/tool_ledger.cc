#include "engine/tool_ledger.h"

#include "runbook/checksums.h"
#include "runbook/flyway.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <queries/journal.h>

#include <algorithm>
#include <set>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;
using runbook::Layout;
using Piece = pg::Connection::Piece;

namespace {

std::string_view table_name(Layout layout) {
    switch (layout) {
        case Layout::plain: return "";
        case Layout::prisma: return "_prisma_migrations";
        case Layout::dbmate: return "schema_migrations";
        case Layout::goose: return "goose_db_version";
        case Layout::flyway: return "flyway_schema_history";
    }
    return "";
}

// In the order in which things happened: version, checksum, whether it succeeded, what happened. The table's schema is the target's,
// so the text is made here.
std::string history_query(const ToolLedger& ledger) {
    const std::string table = sql::quote_name(ledger.table);
    switch (ledger.layout) {
        case Layout::plain: return "";
        case Layout::prisma:
            return fmt::format("SELECT migration_name, checksum, finished_at IS NOT NULL, '' FROM {} WHERE rolled_back_at IS NULL", table);
        case Layout::dbmate: return fmt::format("SELECT version, '', true, '' FROM {}", table);
        case Layout::goose:
            // goose appends, and 0 is its own mark of the beginning.
            return fmt::format(
                "SELECT version_id, '', true, CASE WHEN is_applied THEN '' ELSE 'UNDO' END FROM {} WHERE version_id <> 0 ORDER BY id",
                table);
        case Layout::flyway:
            return fmt::format(
                "SELECT version, COALESCE(checksum::text, ''), success, type FROM {} WHERE version IS NOT NULL "
                "ORDER BY installed_rank",
                table);
    }
    return "";
}

// Leading zeros of the parts and parts of 0 at the end say nothing.
std::string normal_flyway_version(std::string_view version) {
    std::string normal;
    std::string zeros;
    while (!version.empty()) {
        std::string_view part = version.substr(0, version.find('.'));
        version.remove_prefix(std::min(part.size() + 1, version.size()));
        part.remove_prefix(std::min(part.find_first_not_of('0'), part.size()));
        if (part.empty()) {
            zeros += normal.empty() && zeros.empty() ? "0" : ".0";
            continue;
        }
        normal += zeros + (normal.empty() && zeros.empty() ? "" : ".") + std::string(part);
        zeros.clear();
    }
    return normal.empty() ? "0" : normal;
}

bool older(const std::string& a, const std::string& b) {
    return runbook::compare_flyway_versions(a, b) < 0;
}

// The location's own name is no part of what Flyway calls a script.
std::string flyway_script(const plan::PlannedFile& file) {
    const std::size_t slash = file.key.find('/');
    return slash == std::string::npos ? file.key : file.key.substr(slash + 1);
}

}  // namespace

std::optional<ToolLedger> ToolLedger::find(pg::Connection& connection, Layout layout, const std::vector<std::string>& schemas) {
    if (layout == Layout::plain) {
        return std::nullopt;
    }
    const std::string table(table_name(layout));
    const pg::Result r = connection.query(queries::kFindTable, {table, pg::to_array(schemas)});
    if (r.rows() == 0) {
        return std::nullopt;
    }
    return ToolLedger{.layout = layout, .table = {r.text(0, 0), table}, .readable = r.boolean(0, 1), .writable = r.boolean(0, 2)};
}

std::string ToolLedger::normal(const std::string& version) const {
    if (layout == Layout::flyway) {
        return normal_flyway_version(version);
    }
    if (layout != Layout::goose) {
        return version;
    }
    const std::size_t digit = version.find_first_not_of('0');
    return digit == std::string::npos ? "0" : version.substr(digit);
}

ToolHistory ToolLedger::history(pg::Connection& connection) const {
    if (!readable) {
        throw no_right("read");
    }
    const std::string text = history_query(*this);
    const pg::Result r = connection.query(pg::Query{"tool_ledger", text});
    ToolHistory history;
    for (int row = 0; row < r.rows(); ++row) {
        const std::string version = normal(r.text(row, 0));
        const std::string what = r.text(row, 3);
        if (!r.boolean(row, 2)) {
            throw Error(ErrorCode::refused, fmt::format("{} holds a migration that failed: {}", sql::display(table), r.text(row, 0)))
                .hint(fmt::format("settle it with {} first", runbook::to_string(layout)));
        }
        if (what == "BASELINE") {
            history.baseline = version;
        } else if (what == "DELETE" || what.starts_with("UNDO")) {
            history.applied.erase(version);
        } else {
            history.applied[version] = r.text(row, 1);
        }
    }
    return history;
}

Error ToolLedger::no_right(std::string_view what) const {
    return Error(ErrorCode::refused,
                 fmt::format("this role may not {} {}, the ledger of {}", what, sql::display(table), runbook::to_string(layout)))
        .hint(fmt::format("let the owner GRANT SELECT, INSERT, UPDATE, DELETE ON {} to it", sql::quote_name(table)));
}

bool ToolLedger::has(const ToolHistory& history, const std::string& version) const {
    const std::string wanted = normal(version);
    return history.applied.contains(wanted) || (!history.baseline.empty() && !older(history.baseline, wanted));
}

bool ToolLedger::unchanged(const ToolHistory& history, const runbook::File& file) const {
    const auto row = history.applied.find(normal(file.version));
    if (row == history.applied.end()) {
        return true;
    }
    switch (layout) {
        case Layout::prisma: return runbook::prisma_checksum_matches(file.raw_checksum_source, row->second);
        case Layout::flyway:
            // Flyway does not look at what its baseline covers, nor at rows without a checksum.
            return row->second.empty() || (!history.baseline.empty() && !older(history.baseline, row->first)) ||
                   row->second == std::to_string(runbook::flyway_checksum(file.raw_checksum_source));
        case Layout::plain:
        case Layout::dbmate:
        case Layout::goose: break;
    }
    return true;
}

void ToolLedger::refuse_gaps(const ToolHistory& history, const std::vector<const runbook::File*>& files) const {
    if ((layout != Layout::goose && layout != Layout::flyway) || files.empty() || history.applied.empty()) {
        return;
    }
    const auto newest =
        std::ranges::max_element(history.applied, [](const auto& a, const auto& b) { return older(a.first, b.first); })->first;
    std::string newest_file;
    std::set<std::string> here;
    for (const auto* file : files) {
        const std::string version = normal(file->version);
        here.insert(version);
        newest_file = newest_file.empty() || older(newest_file, version) ? version : newest_file;
        if (!has(history, version) && older(version, newest)) {
            throw Error(ErrorCode::refused, fmt::format("{} is pending, but {} already has version {}: {} would not run it", file->path,
                                                        sql::display(table), newest, runbook::to_string(layout)))
                .at({file->path, 0, 0})
                .hint(fmt::format("give it a version above {}, or deploy this file alone to have it out of order", newest));
        }
    }
    for (const auto& [version, checksum] : history.applied) {
        if (layout == Layout::flyway && !here.contains(version) && older(version, newest_file)) {
            throw Error(ErrorCode::refused,
                        fmt::format("{} has version {}, which no file of this directory is: Flyway would stop here, too",
                                    sql::display(table), version))
                .hint("bring the file back, or take the version out with `flyway repair`");
        }
    }
}

Piece ToolLedger::insert(const plan::PlannedFile& file) const {
    const std::string name = sql::quote_name(table);
    switch (layout) {
        case Layout::plain: break;
        case Layout::prisma:
            return {fmt::format("INSERT INTO {} (id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, "
                                "applied_steps_count) VALUES (gen_random_uuid()::text, $1, clock_timestamp(), $2, NULL, NULL, now(), 1)",
                                name),
                    {file.checksum, file.version}};
        case Layout::dbmate: return {fmt::format("INSERT INTO {} (version) VALUES ($1)", name), {file.version}};
        case Layout::goose:
            return {fmt::format("INSERT INTO {} (version_id, is_applied) VALUES ($1::bigint, true)", name), {normal(file.version)}};
        case Layout::flyway:
            return {
                fmt::format("INSERT INTO {0} (installed_rank, version, description, type, script, checksum, installed_by, installed_on, "
                            "execution_time, success) SELECT COALESCE(max(installed_rank), 0) + 1, $1, $2, 'SQL', $3, $4::integer, "
                            "current_user, now(), 0, true FROM {0}",
                            name),
                {file.version, file.description, flyway_script(file), file.checksum}};
    }
    throw Error(ErrorCode::internal, "plain files have no ledger of a tool");
}

Piece ToolLedger::remove(const plan::PlannedFile& file) const {
    const std::string name = sql::quote_name(table);
    switch (layout) {
        case Layout::plain: break;
        case Layout::prisma:
            return {fmt::format("UPDATE {} SET rolled_back_at = now() WHERE migration_name = $1 AND rolled_back_at IS NULL", name),
                    {file.version}};
        case Layout::dbmate: return {fmt::format("DELETE FROM {} WHERE version = $1", name), {file.version}};
        case Layout::goose: return {fmt::format("DELETE FROM {} WHERE version_id = $1::bigint", name), {normal(file.version)}};
        case Layout::flyway: return {fmt::format("DELETE FROM {} WHERE version = $1", name), {file.version}};
    }
    throw Error(ErrorCode::internal, "plain files have no ledger of a tool");
}

}  // namespace pgbelay::engine
