#include "engine/prepare.h"

#include "catalog/catalog.h"
#include "engine/ledger.h"
#include "engine/load.h"
#include "engine/requirements.h"
#include "pg/activity.h"
#include "pg/canonical.h"
#include "pg/catalog_loader.h"
#include "pg/relations.h"
#include "pg/rows.h"
#include "plan/planner.h"
#include "plan/session.h"
#include "runbook/blockers.h"
#include "sql/quote.h"
#include "sql/tokens.h"

#include <fmt/core.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

namespace pgbelay::engine {

namespace {

constexpr const char* kCopyName = "pgbelay_copy";

// The statement with the table replaced by `copy`, without CONCURRENTLY, IF NOT EXISTS and the index's name.
std::optional<std::string> on_copy(const sql::Statement& statement) {
    std::vector<sql::Splice> edits;
    const auto tokens = sql::scan(statement.sql);
    std::vector<sql::Token> words;
    std::ranges::copy_if(tokens, std::back_inserter(words), [](const sql::Token& t) { return !t.comment; });
    const auto at = [&](const char* text, std::size_t from) {
        while (from < words.size() && words[from].text != text) {
            ++from;
        }
        return from;
    };
    const std::size_t index = at("index", 0);
    const std::size_t on = at("on", index);
    const std::size_t end = std::min(at("using", on), at("(", on));
    if (end >= words.size()) {
        return std::nullopt;
    }
    edits.push_back({words[index].end, words[on].begin, " "});
    edits.push_back({words[on].end, words[end].begin, fmt::format(" {} ", kCopyName)});
    return sql::splice(statement.sql, std::move(edits));
}

// `CHECK (…)` as it stands in a subcommand; "" when there is none.
std::string check_text(const std::string& piece) {
    std::size_t begin = std::string::npos;
    int depth = 0;
    for (const auto& token : sql::scan(piece)) {
        if (begin == std::string::npos) {
            begin = token.text == "check" && token.keyword ? token.begin : begin;
            continue;
        }
        depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
        if (depth == 0 && token.text == ")") {
            return piece.substr(begin, token.end - begin);
        }
    }
    return "";
}

// What is already there under the name of an index or a check is compared in the server's own form; nothing else needs one.
class CanonicalForms {
public:
    CanonicalForms(pg::Connection& connection, catalog::Catalog& catalog)
        : connection_(connection), catalog_(catalog), default_path_(catalog.search_path) {}
    ~CanonicalForms() { catalog_.search_path = default_path_; }
    CanonicalForms(const CanonicalForms&) = delete;
    CanonicalForms& operator=(const CanonicalForms&) = delete;

    void ask(const sql::Statement& statement, const std::string& path) {
        if (statement.opaque()) {
            return;
        }
        path_ = path.empty() ? connection_.default_search_path() : path;
        catalog_.search_path = plan::split_path(path, catalog_.role, default_path_);
        const PgQuery__Node& node = statement.node();
        if (node.node_case == PG_QUERY__NODE__NODE_INDEX_STMT) {
            ask_index(statement, *node.index_stmt);
        } else if (node.node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT) {
            ask_checks(statement, *node.alter_table_stmt);
            ask_partition(statement, *node.alter_table_stmt);
        }
    }

private:
    const catalog::Relation* table(const PgQuery__RangeVar& name) const { return catalog_.find({name.schemaname, name.relname}); }

    void ask_index(const sql::Statement& statement, const PgQuery__IndexStmt& create) {
        const auto* relation = table(*create.relation);
        if (relation == nullptr) {
            return;
        }
        const bool may_be_there = create.idxname != nullptr && relation->index(create.idxname) != nullptr;
        // Partitions may have the index already, under any name.
        if (!may_be_there && (relation->kind != 'p' || relation->children.empty())) {
            return;
        }
        if (const auto sql = on_copy(statement); sql) {
            keep(statement.sql, pg::canonical_index(connection_, relation->name, kCopyName, *sql, path_));
        }
    }

    void ask_checks(const sql::Statement& statement, const PgQuery__AlterTableStmt& alter) {
        const auto* relation = table(*alter.relation);
        const auto pieces = sql::cut_alter_table(statement.sql).pieces;
        for (std::size_t i = 0; relation != nullptr && i < alter.n_cmds && i < pieces.size(); ++i) {
            const PgQuery__AlterTableCmd& command = *alter.cmds[i]->alter_table_cmd;
            if (command.def == nullptr || command.def->node_case != PG_QUERY__NODE__NODE_CONSTRAINT) {
                continue;
            }
            const PgQuery__Constraint& constraint = *command.def->constraint;
            const bool there = constraint.conname != nullptr && relation->constraint(constraint.conname) != nullptr;
            if (there && constraint.contype == PG_QUERY__CONSTR_TYPE__CONSTR_CHECK) {
                const std::string check = check_text(pieces[i]);
                keep(check, pg::canonical_check(connection_, relation->name, check, path_));
            }
        }
    }

    // ATTACH PARTITION: what rows of the new partition must fulfil.
    void ask_partition(const sql::Statement& statement, const PgQuery__AlterTableStmt& alter) {
        const auto* relation = table(*alter.relation);
        const bool attaches =
            alter.n_cmds == 1 && alter.cmds[0]->alter_table_cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition;
        if (!attaches || relation == nullptr || relation->kind != 'p') {
            return;
        }
        std::size_t bound = std::string::npos;
        for (const auto& token : sql::scan(statement.sql)) {
            if (bound == std::string::npos && token.keyword && token.text == "for") {
                bound = token.begin;
            }
        }
        if (bound == std::string::npos) {
            return;
        }
        keep(statement.sql,
             pg::canonical_partition(connection_, relation->name, relation->partition_key, statement.sql.substr(bound), path_));
        if (relation->is_partition) {
            keep("partition " + sql::quote_name(relation->name), pg::partition_constraint(connection_, relation->name));
        }
    }

    void keep(const std::string& key, const std::optional<std::string>& form) {
        if (form) {
            catalog_.canonical_forms[key] = *form;
        }
    }

    pg::Connection& connection_;
    catalog::Catalog& catalog_;
    std::vector<std::string> default_path_;
    std::string path_;
};

void ask_canonical_forms(pg::Connection& connection, const runbook::Runbook& runbook, catalog::Catalog& catalog) {
    CanonicalForms forms(connection, catalog);
    plan::each_with_path(runbook,
                         [&](const sql::Statement& statement, const std::string& path, bool /*tried*/) { forms.ask(statement, path); });
}

}  // namespace

void note_not_whole(pg::Connection& connection, plan::Plan& plan, std::string_view run) {
    std::vector<catalog::Condition> conditions;
    for (const auto& step : plan.steps) {
        conditions.push_back(step.condition);
    }
    plan.not_whole = pg::not_whole(connection, plan::lasting(conditions).relations());
    for (const auto& words : plan.not_whole) {
        plan.notes.push_back(fmt::format("{} before this {}", words, run));
    }
}

void note_row_reach(pg::Connection& connection, plan::Plan& plan) {
    std::vector<pg::ReachedTable> changed;
    for (const auto& table : plan.tables) {
        if (table.use != plan::RowUse::none && table.oid != catalog::Oid{}) {
            changed.push_back({table.oid, table.name, static_cast<int>(table.use)});
        }
    }
    if (!changed.empty() || !plan.mentioned.empty()) {
        for (const auto& reached : pg::row_reach(connection, changed, plan.mentioned)) {
            const auto same = std::ranges::find(plan.tables, reached.oid, &plan::PlannedTable::oid);
            const auto use = static_cast<plan::RowUse>(reached.use);
            if (same == plan.tables.end()) {
                plan.tables.push_back({.name = reached.name, .oid = reached.oid, .use = use});
            } else {
                same->use = std::max(same->use, use);
            }
        }
    }
    if (std::ranges::any_of(plan.steps, &plan::Step::may_change_rows) && !pg::tracks_counts(connection)) {
        plan.row_statistics = false;
        plan.notes.push_back(
            "track_counts is off: whether rows are lost in tables with which this plan has no business can only be counted");
    }
}

namespace {

constexpr base::Millis kOld{100};

// What a step will have to lock. A concurrent build waits for whoever writes to the table, and queues behind other builds.
std::vector<analysis::RelationLock> locks_of(const plan::Step& step) {
    if (step.skip || (step.locks.empty() && step.table.empty())) {
        return {};
    }
    return step.locks.empty() ? std::vector{analysis::RelationLock{.relation = step.table, .mode = catalog::LockMode::share}} : step.locks;
}

using Wants = std::map<std::pair<catalog::LockMode, catalog::Oid>, std::vector<int>>;  // the steps that want it

Wants wants_of(Target& target, const plan::Plan& plan) {
    std::vector<analysis::RelationLock> locks;
    std::vector<int> steps;
    for (const auto& step : plan.steps) {
        for (auto& lock : locks_of(step)) {
            locks.push_back(std::move(lock));
            steps.push_back(step.n);
        }
    }
    std::vector<catalog::QualifiedName> names;
    for (const auto& lock : locks) {
        names.push_back(lock.relation);
    }
    Wants wants;
    if (names.empty()) {
        return wants;
    }
    const auto now = pg::relations_now(target.control(), names);
    for (std::size_t i = 0; i < locks.size(); ++i) {
        if (now[i].oid != catalog::Oid{}) {
            wants[{locks[i].mode, now[i].oid}].push_back(steps[i]);
        }
    }
    return wants;
}

// Who holds locks that the steps will have to wait for, as things stand. Asked once for each mode, as a holder's strongest lock alone
// does not tell with which modes the others conflict.
std::vector<std::pair<int, std::string>> in_the_way(Target& target, const plan::Plan& plan) {
    const Wants wants = wants_of(target, plan);
    std::vector<pg::Backend> old;
    std::vector<std::vector<int>> steps;
    for (auto mode = wants.begin(); mode != wants.end();) {
        std::vector<pg::WantedLock> wanted;
        const auto next = std::find_if(mode, wants.end(), [&](const auto& want) { return want.first.first != mode->first.first; });
        std::transform(mode, next, std::back_inserter(wanted),
                       [](const auto& want) { return pg::WantedLock{want.first.second, want.first.first}; });
        for (auto& holder : pg::holders(target.control(), wanted, {target.control().backend_pid()})) {
            // Younger ones are the application at work: gone before anybody reads of them.
            if (!holder.backend.transaction_age || *holder.backend.transaction_age >= kOld) {
                steps.push_back(wants.at({mode->first.first, holder.relation}));
                old.push_back(std::move(holder.backend));
            }
        }
        mode = next;
    }
    pg::recognise(target.control(), old);
    std::vector<std::pair<int, std::string>> found;
    std::set<std::tuple<int, int, std::string>> said;
    for (std::size_t i = 0; i < old.size(); ++i) {
        for (const int step : steps[i]) {
            if (said.emplace(step, old[i].pid, old[i].gid).second) {
                found.emplace_back(step, pg::describe(old[i]));
            }
        }
    }
    std::ranges::stable_sort(found, {}, &std::pair<int, std::string>::first);
    return found;
}

// Where ACCESS EXCLUSIVE will be replayed with nobody looking who reads there.
void note_unnamed_standbys(const Target& target, plan::Plan& plan) {
    const auto named = static_cast<int>(target.replicas().size());
    const bool exclusive = std::ranges::any_of(plan.steps, [](const plan::Step& step) {
        return !step.skip &&
               std::ranges::find(step.locks, catalog::LockMode::access_exclusive, &analysis::RelationLock::mode) != step.locks.end();
    });
    if (exclusive && target.facts().standbys > named) {
        const int unnamed = target.facts().standbys - named;
        plan.notes.push_back(
            fmt::format("{} standby server{} follow{} this one and {} not named with --replica: while somebody there reads a table that "
                        "is locked ACCESS EXCLUSIVE here, everybody who comes after him there waits",
                        unnamed, unnamed == 1 ? "" : "s", unnamed == 1 ? "s" : "", unnamed == 1 ? "is" : "are"));
    }
}

plan::PlanOptions plan_options(const runbook::Runbook& runbook, const PrepareOptions& options) {
    return {.as_written = options.as_written,
            .temporary_prefix = "pgbelay_" + runbook.digest.substr(0, 6),
            .stop = options.stop,
            .after = options.after};
}

}  // namespace

catalog::Catalog load_with_forms(pg::Connection& connection, const runbook::Runbook& runbook) {
    catalog::Catalog catalog = load_for(connection, runbook);
    ask_canonical_forms(connection, runbook, catalog);
    return catalog;
}

Prepared prepare(Target& target, const runbook::Runbook& runbook, const PrepareOptions& options) {
    const pg::Heeding heeding(target.control(), target.stop());
    std::set<runbook::Layout> layouts;
    for (const auto& file : runbook.files) {
        layouts.insert(file.layout);
    }
    Prepared prepared;
    auto pending = Ledger(target, layouts).pending(runbook);
    prepared.already_deployed = std::move(pending.deployed_paths);

    const catalog::Catalog catalog = load_with_forms(target.control(), runbook);
    plan::PlanOptions plan_options = engine::plan_options(runbook, options);
    plan_options.skip_files = std::move(pending.deployed);
    plan_options.stop = target.stop();
    prepared.plan = plan::make_plan(runbook, catalog, plan_options);
    note_not_whole(target.control(), prepared.plan, "deployment");
    note_row_reach(target.control(), prepared.plan);
    if (const std::string words = runbook::describe(runbook.blockers); !words.empty()) {
        prepared.plan.notes.push_back("--blockers: " + words);
    }
    note_unnamed_standbys(target, prepared.plan);
    prepared.data_checks = plan::data_checks(runbook, catalog, prepared.plan);
    prepared.new_storage = plan::new_storage(runbook, catalog, prepared.plan);
    prepared.plan.gates = requirements_to_come(runbook);
    for (const auto& window : runbook.windows) {
        prepared.plan.windows.push_back(window.text);
    }
    prepared.in_the_way = in_the_way(target, prepared.plan);
    return prepared;
}

plan::Plan prepare_from_nothing(Target& target, const runbook::Runbook& runbook) {
    const pg::Heeding heeding(target.control(), target.stop());
    catalog::Catalog there = load_with_forms(target.control(), runbook);
    catalog::Catalog nothing = catalog::Catalog::unknown(there.server_major);
    nothing.search_path = there.search_path;
    nothing.role = there.role;
    nothing.schemas = there.schemas;
    nothing.canonical_forms = std::move(there.canonical_forms);
    return plan::make_plan(runbook, nothing, plan_options(runbook, {}));
}

plan::Plan prepare_offline(const runbook::Runbook& runbook, const PrepareOptions& options) {
    plan::Plan plan = plan::make_plan(runbook, catalog::Catalog::unknown(0), plan_options(runbook, options));
    plan.gates = requirements_to_come(runbook);
    return plan;
}

}  // namespace pgbelay::engine
