#include "engine/tool_ledger.h"

#include "sql/quote.h"

#include <fmt/core.h>
#include <queries/journal.h>

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

// One row a migration: version, checksum, whether it is finished. The table's schema is the target's, so the text is made here.
std::string applied_query(const ToolLedger& ledger) {
    const std::string table = sql::quote_name(ledger.table);
    switch (ledger.layout) {
        case Layout::plain: return "";
        case Layout::prisma:
            return fmt::format("SELECT migration_name, checksum, finished_at IS NOT NULL FROM {} WHERE rolled_back_at IS NULL", table);
        case Layout::dbmate: return fmt::format("SELECT version, '', true FROM {}", table);
        case Layout::goose:
            // goose appends; the latest row of a version is the one that counts, and 0 is its own mark of the beginning.
            return fmt::format(
                "SELECT version_id, '', true FROM (SELECT DISTINCT ON (version_id) version_id, is_applied FROM {} "
                "ORDER BY version_id, id DESC) latest WHERE is_applied AND version_id <> 0",
                table);
        case Layout::flyway:
            return fmt::format("SELECT version, COALESCE(checksum::text, ''), success FROM {} WHERE version IS NOT NULL AND type <> 'BASELINE'",
                               table);
    }
    return "";
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
    return ToolLedger{.layout = layout, .table = {r.text(0, 0), table}};
}

std::string ToolLedger::normal(const std::string& version) const {
    if (layout != Layout::goose) {
        return version;
    }
    const std::size_t digit = version.find_first_not_of('0');
    return digit == std::string::npos ? "0" : version.substr(digit);
}

std::map<std::string, std::string> ToolLedger::applied(pg::Connection& connection) const {
    const std::string text = applied_query(*this);
    const pg::Result r = connection.query(pg::Query{"tool_ledger", text});
    std::map<std::string, std::string> versions;
    for (int row = 0; row < r.rows(); ++row) {
        if (!r.boolean(row, 2)) {
            throw Error(ErrorCode::refused, fmt::format("{} holds a migration that failed: {}", sql::display(table), r.text(row, 0)))
                .hint(fmt::format("settle it with {} first", runbook::to_string(layout)));
        }
        versions[normal(r.text(row, 0))] = r.text(row, 1);
    }
    return versions;
}

Piece ToolLedger::insert(const plan::PlannedFile& file) const {
    const std::string name = sql::quote_name(table);
    switch (layout) {
        case Layout::plain: break;
        case Layout::prisma:
            return {fmt::format("INSERT INTO {} (id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, "
                                "applied_steps_count) VALUES (gen_random_uuid()::text, $1, now(), $2, NULL, NULL, now(), 1)",
                                name),
                    {file.checksum, file.version}};
        case Layout::dbmate: return {fmt::format("INSERT INTO {} (version) VALUES ($1)", name), {file.version}};
        case Layout::goose:
            return {fmt::format("INSERT INTO {} (version_id, is_applied) VALUES ($1::bigint, true)", name), {normal(file.version)}};
        case Layout::flyway: {
            const std::size_t slash = file.path.rfind('/');
            const std::string script = slash == std::string::npos ? file.path : file.path.substr(slash + 1);
            return {fmt::format("INSERT INTO {0} (installed_rank, version, description, type, script, checksum, installed_by, installed_on, "
                                "execution_time, success) SELECT COALESCE(max(installed_rank), 0) + 1, $1, $2, 'SQL', $3, $4::integer, "
                                "current_user, now(), 0, true FROM {0}",
                                name),
                    {file.version, file.description, script, file.checksum}};
        }
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
