#include "analysis/create_index.h"

#include "analysis/names.h"
#include "analysis/partitioned_index.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "catalog/names.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

// What of the statement and the catalog every part below needs.
struct Wanted {
    const PgQuery__IndexStmt& node;
    const sql::Statement& statement;
    const Context& ctx;
    QualifiedName table;
    QualifiedName index;  // as it is called in the end
    bool unnamed = false;
    std::vector<std::string> columns;  // every column that it reads
    std::string canonical;             // "" when the server was not asked
};

std::vector<std::string> columns_of(const PgQuery__IndexStmt& node) {
    std::vector<std::string> columns;
    const auto add = [&](const std::string& column) {
        if (!column.empty() && std::find(columns.begin(), columns.end(), column) == columns.end()) {
            columns.push_back(column);
        }
    };
    const auto add_element = [&](const PgQuery__Node& element) {
        add(text(element.index_elem->name));
        for (const std::string& column : catalog::columns_in(element.index_elem->expr)) {
            add(column);
        }
    };
    for (std::size_t i = 0; i < node.n_index_params; ++i) {
        add_element(*node.index_params[i]);
    }
    for (std::size_t i = 0; i < node.n_index_including_params; ++i) {
        add_element(*node.index_including_params[i]);
    }
    for (const std::string& column : catalog::columns_in(node.where_clause)) {
        add(column);
    }
    return columns;
}

// Whether the index is of the definition that the statement asks for, on whatever table: in the server's own form, else part by part
// where that can be told.
bool is_alike(const Wanted& wanted, const catalog::Index& index) {
    if (index.definition == wanted.statement.sql) {
        return true;  // an inverse, which is the server's own form already
    }
    if (!wanted.canonical.empty()) {
        return index.canonical == wanted.canonical;
    }
    const PgQuery__IndexStmt& node = wanted.node;
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < node.n_index_params; ++i) {
        const PgQuery__IndexElem& element = *node.index_params[i]->index_elem;
        const bool plain = element.expr == nullptr && element.n_collation == 0 && element.n_opclass == 0 &&
                           element.ordering <= PG_QUERY__SORT_BY_DIR__SORTBY_ASC &&
                           element.nulls_ordering <= PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT;
        if (!plain) {
            return false;
        }
        keys.push_back(text(element.name));
    }
    std::vector<std::string> included;
    for (std::size_t i = 0; i < node.n_index_including_params; ++i) {
        included.push_back(text(node.index_including_params[i]->index_elem->name));
    }
    return node.where_clause == nullptr && node.n_options == 0 && !index.predicate && index.has_default_options && !index.has_expressions &&
           index.unique == (node.unique != 0) && index.nulls_not_distinct == (node.nulls_not_distinct != 0) &&
           index.method == text(node.access_method) && index.keys == keys && index.included == included;
}

bool is_same(const Wanted& wanted, const catalog::Index& index) {
    return index.table == wanted.table && is_alike(wanted, index);
}

// The name that the server chooses; its first choice where an index of the same definition already has that.
std::string choose_name(const Wanted& wanted) {
    const std::vector<std::string> names = catalog::index_column_names(wanted.node);
    const std::string first = catalog::make_object_name(wanted.table.name, catalog::name_addition(names), "idx");
    const catalog::Index* there = wanted.ctx.now.find_index({wanted.table.schema, first});
    if (there != nullptr && is_same(wanted, *there)) {
        return first;
    }
    return catalog::choose_index_name(wanted.ctx.now, wanted.table, names, catalog::IndexNameKind::plain);
}

Wanted read(const sql::Statement& statement, const Context& ctx) {
    const PgQuery__IndexStmt& node = *statement.node().index_stmt;
    Wanted wanted{node, statement, ctx};
    wanted.table = found_name(ctx.now, name_of(node.relation));
    wanted.columns = columns_of(node);
    if (const auto* form = ctx.now.canonical_forms.find(statement.sql)) {
        wanted.canonical = *form;
    }
    const std::string written = text(node.idxname);
    wanted.unnamed = written.empty();
    wanted.index = {wanted.table.schema, wanted.unnamed ? choose_name(wanted) : written};
    return wanted;
}

// The statement with CONCURRENTLY (when asked for) and under that name, in the author's bytes otherwise.
std::string spliced(const Wanted& wanted, bool concurrently, const std::string& name) {
    const auto tokens = significant_tokens(wanted.statement.sql);
    std::size_t at = find_keyword(tokens, "index");
    const std::size_t on = find_keyword(tokens, "on", at);
    if (on == tokens.size()) {
        return wanted.statement.sql;
    }
    std::vector<sql::Splice> edits;
    if (concurrently && !wanted.node.concurrent) {
        edits.push_back({tokens[at].end, tokens[at].end, " CONCURRENTLY"});
    }
    if (wanted.node.concurrent) {
        ++at;
    }
    if (wanted.unnamed) {
        const std::string text = " " + sql::quote_identifier(name);
        if (edits.empty()) {
            edits.push_back({tokens[at].end, tokens[at].end, text});
        } else {
            edits.front().text += text;
        }
    } else if (name != std::string(wanted.node.idxname)) {
        if (wanted.node.if_not_exists) {
            at += 3;
        }
        edits.push_back({tokens[at + 1].begin, tokens[on - 1].end, sql::quote_identifier(name)});
    }
    return sql::splice(wanted.statement.sql, std::move(edits));
}

bool recurses(const Wanted& wanted) {
    return wanted.node.relation->inh && is_partitioned(wanted.ctx, wanted.table);
}

LockFacts table_locks(const Wanted& wanted, LockMode mode, Reason reason) {
    LockFacts locks;
    locks.add(lock_on(wanted.ctx, wanted.table, mode), reason);
    if (!recurses(wanted)) {
        return locks;
    }
    for (const QualifiedName& child : descendants(wanted.ctx, wanted.table)) {
        locks.add(lock_on(wanted.ctx, child, mode), Reason::index_on_every_partition);
    }
    return locks;
}

Facts facts_of(const Wanted& wanted) {
    Facts facts;
    const bool concurrent = wanted.node.concurrent != 0;
    facts.transactional = !concurrent;
    facts.locks = concurrent ? table_locks(wanted, LockMode::share_update_exclusive, Reason::builds_index_concurrently)
                             : table_locks(wanted, LockMode::share, Reason::builds_index);
    for (const QualifiedName& table : storages(wanted.ctx, wanted.table, recurses(wanted))) {
        facts.scans.add(table, concurrent ? Reason::reads_for_index_twice : Reason::reads_for_index);
    }
    return facts;
}

catalog::Condition index_stands(const Wanted& wanted, const QualifiedName& index) {
    // CREATE INDEX ON ONLY a partitioned table makes an index that stays INVALID until the partitions' are attached.
    if (is_partitioned(wanted.ctx, wanted.table) && !wanted.node.relation->inh) {
        return {.facts = {catalog::RelationIs{index, 'I'}}};
    }
    return {.facts = {catalog::IndexIs{index, wanted.table, wanted.canonical}}};
}

Inverse drop_it(const QualifiedName& index) {
    return {.sql = {"DROP INDEX " + sql::quote_name(index)}};
}

Run build(const Wanted& wanted, Phase phase, const std::string& name) {
    const QualifiedName index{wanted.index.schema, name};
    return {.sql = spliced(wanted, true, name),
            .name = "build index " + name,
            .phase = phase,
            .method = Method::build,
            .locks = table_locks(wanted, LockMode::share_update_exclusive, Reason::builds_index_concurrently),
            .scans = storages(wanted.ctx, wanted.table, false),
            .condition = index_stands(wanted, index),
            .inverse = drop_it(index),
            .index = index,
            .table = wanted.table};
}

Run plain(const Wanted& wanted, std::string sql) {
    const bool concurrent = wanted.node.concurrent != 0;
    Run run{.sql = std::move(sql),
            .phase = Phase::inside,
            .method = concurrent ? Method::build : Method::transaction,
            .locks = facts_of(wanted).locks,
            .scans = facts_of(wanted).scans,
            .condition = index_stands(wanted, wanted.index),
            .inverse = drop_it(wanted.index)};
    if (concurrent) {
        run.index = wanted.index;
        run.table = wanted.table;
    }
    return run;
}

// ALTER INDEX … RENAME: the swap inside the group that dropped the index of that name.
Run rename(const Wanted& wanted, const std::string& temporary) {
    const QualifiedName from{wanted.index.schema, temporary};
    Run run{.sql = fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote_name(from), sql::quote_identifier(wanted.index.name)),
            .name = fmt::format("rename index {} to {}", temporary, wanted.index.name),
            .condition = index_stands(wanted, wanted.index)};
    run.condition.facts.push_back(catalog::Absent{catalog::Absent::What::index, from, {}});
    run.inverse.sql = {fmt::format("ALTER INDEX {} RENAME TO {}", sql::quote_name(wanted.index), sql::quote_identifier(temporary))};
    add_lock(run.locks, lock_on(wanted.ctx, from, LockMode::share_update_exclusive));
    return run;
}

// What an interrupted build of this index left behind: the engine drops it and builds anew.
bool is_leftover(const Wanted& wanted) {
    const catalog::Index* there = wanted.ctx.now.find_index(wanted.index);
    return there != nullptr && !there->valid && is_same(wanted, *there);
}

// What stands under the name now decides: skip, refuse, or go on. True when the analysis is complete.
bool settled_by_what_is_there(const Wanted& wanted, Analysis& analysis) {
    const catalog::Index* there = wanted.ctx.now.find_index(wanted.index);
    if (there == nullptr) {
        if (!relation_name_taken(wanted.ctx.now, wanted.index)) {
            return false;
        }
        analysis.refusal = Refusal{fmt::format("{} is the name of something that is not an index", sql::quote_name(wanted.index)),
                                   "give the index another name"};
        return true;
    }
    const std::string name = sql::quote_name(wanted.index);
    if (is_same(wanted, *there)) {
        if (!there->valid && there->partitioned) {
            analysis.notes.push_back(fmt::format("{} is there and waits for indexes of its partitions: what is missing is done", name));
        } else if (!there->valid && (wanted.ctx.rewrite || wanted.node.concurrent)) {
            analysis.notes.push_back(fmt::format("an INVALID index {} is there: it is dropped and built anew", name));
        }
        if (!there->valid) {
            return false;
        }
        analysis.skip = fmt::format("index {} is already there with the same definition", name);
        return true;
    }
    const std::string found = fmt::format("index {} is there with another definition: {}", name, there->definition);
    if (wanted.node.if_not_exists) {
        analysis.notes.push_back("warning: " + found + "; IF NOT EXISTS leaves it as it is");
        analysis.skip = found;
    } else {
        analysis.refusal = Refusal{found, "drop that index first, or give the new one another name"};
    }
    return true;
}

// What even its parts cannot do on a partitioned table.
bool refused_as_partitioned(const Wanted& wanted, Analysis& analysis) {
    if (!is_partitioned(wanted.ctx, wanted.table) || !wanted.node.relation->inh) {
        return false;
    }
    const std::string table = sql::quote_name(wanted.table);
    if (wanted.node.concurrent && !wanted.ctx.rewrite) {
        analysis.refusal = Refusal{fmt::format("CREATE INDEX CONCURRENTLY does not exist on partitioned tables, and {} is one", table),
                                   "leave out what makes it run as written: the index is then built part by part, concurrently"};
        return true;
    }
    const QualifiedName foreign = foreign_partition(wanted.ctx.now, wanted.table);
    if (foreign.empty() || !wanted.ctx.rewrite || (is_tiny(wanted.ctx, wanted.table) && !wanted.node.concurrent)) {
        return false;
    }
    analysis.refusal =
        Refusal{fmt::format("{} has a foreign table among its partitions, {}, which can have no index: built part by part, {} "
                            "would never become valid",
                            table, sql::quote_name(foreign), sql::quote_name(wanted.index)),
                fmt::format("create the index on the other partitions, one statement each; or {}, which leaves the foreign "
                            "table out and blocks writes to all others until they are done",
                            kAsWrittenWayOut)};
    return true;
}

// The statement for one part, in the author's bytes from USING (or the list of columns) on.
std::string on_part(const Wanted& wanted, const IndexPart& part) {
    const auto tokens = significant_tokens(wanted.statement.sql);
    const std::size_t index = find_keyword(tokens, "index");
    const std::size_t on = find_keyword(tokens, "on", index);
    std::size_t body = on;
    while (body < tokens.size() && tokens[body].text != "(" && !(tokens[body].keyword && tokens[body].text == "using")) {
        ++body;
    }
    if (body == tokens.size()) {
        return wanted.statement.sql;
    }
    return sql::splice(wanted.statement.sql,
                       {{tokens[index].end, tokens[body].begin,
                         fmt::format("{} {} ON {}{} ", part.partitioned ? "" : " CONCURRENTLY", sql::quote_identifier(part.index.name),
                                     part.partitioned ? "ONLY " : "", sql::quote_name(part.table))}});
}

// All runs that make the index, under that name.
std::vector<Run> builds(const Wanted& wanted, Phase phase, const std::string& name) {
    if (!recurses(wanted)) {
        return {build(wanted, phase, name)};
    }
    PartedIndex whole{.table = wanted.table,
                      .index = {wanted.index.schema, name},
                      .columns = catalog::index_column_names(wanted.node),
                      .canonical = wanted.canonical};
    whole.fits = [&](const catalog::Index& other) { return is_alike(wanted, other); };
    return runs_in_parts(wanted.ctx, whole, phase, [&](const IndexPart& part) { return on_part(wanted, part); });
}

void add_builds(const Wanted& wanted, Phase phase, const std::string& name, Analysis& analysis) {
    for (Run& run : builds(wanted, phase, name)) {
        analysis.runs.push_back(std::move(run));
    }
    if (recurses(wanted)) {
        analysis.why += fmt::format(
            "{}{} is partitioned: its index is made ON ONLY it, one is built concurrently on each partition, and "
            "these are attached to it",
            analysis.why.empty() ? "" : "; ", sql::quote_name(wanted.table));
    }
}

std::string split_or(const std::string& what) {
    return fmt::format("end the group before it ({}), or {}", what, kAsWrittenWayOut);
}

// A group that gives the index what it needs: the build comes after its commit, if the index need not hold at the commit.
void build_after(const Wanted& wanted, const std::string& obstacle, Analysis& analysis) {
    const bool empty = !wanted.node.nulls_not_distinct && !wanted.ctx.written.contains(wanted.table) &&
                       only_new_empty_columns(wanted.ctx, wanted.table, wanted.columns);
    if (wanted.node.unique && !empty) {
        analysis.refusal = Refusal{fmt::format("unique index {} cannot be built before its group ({}), and must hold when that commits",
                                               sql::quote_name(wanted.index), obstacle),
                                   split_or("COMMIT before this statement")};
        return;
    }
    analysis.why = fmt::format("{}; it is built concurrently after the group, since {}", size_reason(wanted.ctx, wanted.table), obstacle);
    add_builds(wanted, Phase::after, wanted.index.name, analysis);
    if (wanted.node.unique) {
        analysis.notes.push_back(fmt::format("{} begins to hold a moment after the group commits: until then its new column is empty",
                                             sql::quote_name(wanted.index)));
    }
}

void build_before(const Wanted& wanted, Analysis& analysis) {
    if (wanted.node.unique && wanted.ctx.written.contains(wanted.table)) {
        analysis.refusal = Refusal{fmt::format("unique index {} would be built before the group's own changes to {}",
                                               sql::quote_name(wanted.index), sql::quote_name(wanted.table)),
                                   split_or("so that those changes are committed first")};
        return;
    }
    analysis.why =
        fmt::format("{}; CREATE INDEX would make its writers wait until the index is built", size_reason(wanted.ctx, wanted.table));
    if (wanted.ctx.in_group) {
        analysis.why += "; it is built before the group, of whose transaction it cannot be part";
    }
    const bool replaces = wanted.ctx.in_group && relation_name_taken(wanted.ctx.base, wanted.index) && !is_leftover(wanted);
    if (!replaces) {
        add_builds(wanted, Phase::before, wanted.index.name, analysis);
        return;
    }
    const std::string temporary = temporary_name(wanted.ctx, wanted.index.name);
    add_builds(wanted, Phase::before, temporary, analysis);
    analysis.runs.push_back(rename(wanted, temporary));
    analysis.why += "; the group drops the index that has its name, so the two are swapped in one transaction";
}

}  // namespace

std::string not_hoistable(const Context& ctx, const QualifiedName& table, const std::vector<std::string>& columns) {
    if (!ctx.in_group) {
        return {};
    }
    const catalog::Relation* now = ctx.now.find(table);
    const catalog::Relation* base = ctx.base.find(table);
    if (now == nullptr) {
        return {};  // nothing is known: as if it had not changed
    }
    if (base == nullptr) {
        return fmt::format("{} has its name from the same group", sql::quote_name(table));
    }
    for (const std::string& name : columns) {
        const catalog::Column* after = now->column(name);
        const catalog::Column* before = base->column(name);
        if (after == nullptr) {
            continue;  // a system column, or one that the server will not find
        }
        if (before == nullptr) {
            return fmt::format("column {} comes from the same group", name);
        }
        if (before->type != after->type) {
            return fmt::format("the same group changes the type of column {}", name);
        }
    }
    return {};
}

bool only_new_empty_columns(const Context& ctx, const QualifiedName& table, const std::vector<std::string>& columns) {
    const catalog::Relation* now = ctx.now.find(table);
    const catalog::Relation* base = ctx.base.find(table);
    if (now == nullptr || base == nullptr) {
        return false;
    }
    bool any = false;
    for (const std::string& name : columns) {
        const catalog::Column* after = now->column(name);
        if (after == nullptr) {
            return false;
        }
        const catalog::Column* before = base->column(name);
        if (before != nullptr && before->type == after->type) {
            continue;
        }
        if (before != nullptr || !after->all_null) {
            return false;
        }
        any = true;
    }
    return any;
}

Analysis analyze_create_index(const sql::Statement& statement, const Context& ctx) {
    const Wanted wanted = read(statement, ctx);
    const bool concurrent = wanted.node.concurrent != 0;
    Analysis analysis;
    analysis.name = "create index " + wanted.index.name;
    analysis.facts = facts_of(wanted);
    if (concurrent && ctx.in_group) {
        analysis.refusal =
            Refusal{fmt::format("CREATE INDEX CONCURRENTLY {} cannot run inside a transaction", wanted.index.name),
                    "move it out of the BEGIN … COMMIT group, or leave CONCURRENTLY out: the build is then placed around the group"};
        return analysis;
    }
    if (settled_by_what_is_there(wanted, analysis) || refused_as_partitioned(wanted, analysis)) {
        return analysis;
    }
    if (concurrent) {
        add_builds(wanted, Phase::before, wanted.index.name, analysis);
        analysis.rewritten = wanted.unnamed || recurses(wanted);
        if (wanted.unnamed && !recurses(wanted)) {
            analysis.why = "the name that the server would choose is fixed, so that an interrupted build can be found again";
        }
        return analysis;
    }
    const bool only_the_parent = is_partitioned(ctx, wanted.table) && !wanted.node.relation->inh;
    const bool short_enough = is_tiny(ctx, wanted.table) && !is_leftover(wanted);
    if (!ctx.rewrite || short_enough || only_the_parent) {
        analysis.runs.push_back(plain(wanted, statement.sql));
        if (only_the_parent) {
            analysis.why = "an index ON ONLY a partitioned table is a catalog entry: nothing is read";
        } else if (ctx.rewrite) {
            analysis.why = is_fresh(ctx, wanted.table) ? "nobody else sees a table that this plan makes"
                                                       : size_reason(ctx, wanted.table) + ": the build takes a moment";
        } else {
            analysis.why = "as the author asked";
        }
        return analysis;
    }
    analysis.rewritten = true;
    if (const std::string obstacle = not_hoistable(ctx, wanted.table, wanted.columns); !obstacle.empty()) {
        build_after(wanted, obstacle, analysis);
    } else {
        build_before(wanted, analysis);
    }
    if (analysis.refusal) {
        analysis.rewritten = false;
    }
    return analysis;
}

}  // namespace pgbelay::analysis
