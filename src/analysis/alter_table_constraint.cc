#include "analysis/alter_table_parts.h"

#include "analysis/names.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "catalog/names.h"
#include "catalog/walk.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::analysis {

using sql::quote_identifier;

namespace {

bool name_in_use(const AlterTable& work, const std::string& name, char type) {
    if (work.chosen_names.contains(name)) {
        return true;
    }
    if (work.dropped_constraints.contains(name)) {
        return false;
    }
    const QualifiedName qualified{work.table.schema, name};
    if (work.ctx.now.taken_constraint_names.contains(qualified) || work.constraint(name) != nullptr) {
        return true;
    }
    return (type == 'p' || type == 'u' || type == 'x') && relation_name_taken(work.ctx.now, qualified);
}

struct NameParts {
    std::string addition;
    std::string label;
};

// ChooseIndexName() for keys, ChooseConstraintName() for the others.
NameParts name_parts(const PgQuery__Constraint& constraint) {
    const std::vector<std::string> columns = constraint_columns(constraint);
    switch (contype(constraint)) {
        case 'p': return {"", "pkey"};
        case 'u': {
            std::vector<std::string> all = columns;
            for (const std::string& column : strings_of(constraint.n_including, constraint.including)) {
                all.push_back(column);
            }
            return {catalog::name_addition(all), "key"};
        }
        case 'x': return {catalog::name_addition(columns), "excl"};
        case 'f': return {catalog::name_addition(columns), "fkey"};
        default: return {columns.size() == 1 ? columns.front() : std::string(), "check"};
    }
}

// Text without what the server's own form adds or drops: letter case of words, blanks, parentheses, casts.
std::string normalized(const std::string& sql) {
    std::string result;
    const auto tokens = significant_tokens(sql);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i].text == "(" || tokens[i].text == ")") {
            continue;
        }
        if (tokens[i].text == "::") {
            ++i;
            continue;
        }
        result += tokens[i].text + " ";
    }
    return result;
}

// `CHECK (…)` as it stands in the subcommand.
std::string check_text(const std::string& sql) {
    const auto tokens = significant_tokens(sql);
    const std::size_t check = find_keyword(tokens, "check");
    if (check + 1 >= tokens.size()) {
        return sql;
    }
    const std::size_t past = past_parenthesis(tokens, check + 1);
    return sql.substr(tokens[check].begin, tokens[past - 1].end - tokens[check].begin);
}

// The server's form of a check, where it was asked for; "" otherwise.
std::string canonical_check(const AlterTable& work, const std::string& sql) {
    for (const std::string& key : {sql, check_text(sql), work.statement.sql}) {
        if (const auto* form = work.ctx.now.canonical_forms.find(key)) {
            return *form;
        }
    }
    return {};
}

std::string without_not_valid(std::string definition) {
    constexpr std::string_view kSuffix = " NOT VALID";
    if (definition.ends_with(kSuffix)) {
        definition.resize(definition.size() - kSuffix.size());
    }
    return definition;
}

char action(const char* written) {
    const std::string value = text(written);
    return value.empty() ? 'a' : value.front();
}

bool same_foreign_key(const AlterTable& work, const PgQuery__Constraint& wanted, const catalog::Constraint& there) {
    if (!there.references || *there.references != referenced_table(work, wanted)) {
        return false;
    }
    if (there.columns != constraint_columns(wanted)) {
        return false;
    }
    const auto referenced = strings_of(wanted.n_pk_attrs, wanted.pk_attrs);
    if (!referenced.empty() && there.referenced_columns != referenced) {
        return false;
    }
    const char match = text(wanted.fk_matchtype).empty() ? 's' : text(wanted.fk_matchtype).front();
    return there.on_update == action(wanted.fk_upd_action) && there.on_delete == action(wanted.fk_del_action) && there.match == match;
}

bool same_key(const AlterTable& work, const PgQuery__Constraint& wanted, const catalog::Constraint& there) {
    const catalog::Index* index = work.now->index(there.index.empty() ? there.name : there.index);
    const std::string using_index = text(wanted.indexname);
    if (!using_index.empty()) {
        return there.name == using_index || there.name == text(wanted.conname);
    }
    if (index != nullptr && index->included != strings_of(wanted.n_including, wanted.including)) {
        return false;
    }
    if (index != nullptr && index->nulls_not_distinct != (wanted.nulls_not_distinct != 0)) {
        return false;
    }
    return there.columns == constraint_columns(wanted);
}

// Locks of the subcommand as if NOT VALID stood behind it.
std::vector<RelationLock> short_locks(const AlterTable& work, const PgQuery__Constraint& constraint) {
    const bool foreign = contype(constraint) == 'f';
    auto locks = table_locks(work, foreign ? LockMode::share_row_exclusive : LockMode::access_exclusive,
                             work.recurses && (!foreign || work.partitioned));
    if (foreign) {
        add_lock(locks, lock_on(work.ctx, referenced_table(work, constraint), LockMode::share_row_exclusive));
    }
    return locks;
}

Run add_not_valid(const AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name,
                  Phase phase) {
    const std::string add = without_tail(with_name(subcommand.sql, constraint, name));
    return {.sql = fmt::format("{} {} NOT VALID", work.head, add),
            .name = fmt::format("add {} not valid", name),
            .phase = phase,
            .locks = short_locks(work, constraint),
            .condition = {.facts = {catalog::ConstraintIs{work.table, name, contype(constraint), {}, false}}},
            .inverse = {.sql = {work.alter() + "DROP CONSTRAINT " + quote_identifier(name)}},
            .table = work.table};
}

Run rename_constraint(const AlterTable& work, const std::string& from, const std::string& to, char type) {
    const auto rename = [&](const std::string& a, const std::string& b) {
        return fmt::format("{}RENAME CONSTRAINT {} TO {}", work.alter(), quote_identifier(a), quote_identifier(b));
    };
    Run run{.sql = rename(from, to),
            .name = fmt::format("rename constraint {} to {}", from, to),
            .locks = table_locks(work, LockMode::access_exclusive, work.recurses)};
    run.condition.facts = {catalog::ConstraintIs{work.table, to, type, {}, true},
                           catalog::Absent{catalog::Absent::What::constraint, work.table, from}};
    run.inverse.sql = {rename(to, from)};
    run.table = work.table;
    return run;
}

bool references_something_new(const AlterTable& work, const PgQuery__Constraint& constraint) {
    const QualifiedName references = referenced_table(work, constraint);
    return !references.empty() && work.ctx.base.loaded && work.ctx.base.find(references) == nullptr;
}

// NOT VALID now, VALIDATE on its own afterwards; a replaced constraint's successor is proved before the old one goes.
void add_in_two_steps(AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name) {
    const char type = contype(constraint);
    const QualifiedName references = referenced_table(work, constraint);
    const std::vector<std::string> columns = constraint_columns(constraint);
    work.because(fmt::format("{}; NOT VALID needs its locks for a moment only, and VALIDATE reads the table while the application works",
                             size_reason(work.ctx, work.table)));
    const bool ahead = work.replaces(name) && !work.writes_before() && hoist_obstacle(work, columns).empty() &&
                       !references_something_new(work, constraint);
    if (!ahead) {
        work.inside.push_back(add_not_valid(work, subcommand, constraint, name, Phase::inside));
        work.after.push_back(validation(work, name, Phase::after, references));
    } else {
        const std::string temporary = temporary_name(work.ctx, name);
        work.before.push_back(add_not_valid(work, subcommand, constraint, temporary, Phase::before));
        work.before.push_back(validation(work, temporary, Phase::before, references));
        work.inside.push_back(rename_constraint(work, temporary, name, type));
        work.because(fmt::format("the successor of {} is proved under a temporary name and takes its place in one transaction", name));
    }
    work.edited = true;
}

// One leaf's own foreign key of the parent's name: the parent's takes it in without reading anything.
Run add_to_leaf(const AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name,
                const QualifiedName& leaf, Phase phase) {
    const std::string add = without_tail(with_name(subcommand.sql, constraint, name));
    const std::string alter = "ALTER TABLE " + sql::quote_name(leaf) + " ";
    return {.sql = fmt::format("{}{} NOT VALID", alter, add),
            .name = fmt::format("add {} to {} not valid", name, leaf.name),
            .phase = phase,
            .locks = {lock_on(work.ctx, leaf, LockMode::share_row_exclusive),
                      lock_on(work.ctx, referenced_table(work, constraint), LockMode::share_row_exclusive)},
            .condition = {.facts = {catalog::ConstraintIs{leaf, name, 'f', {}, false}}},
            .inverse = {.sql = {fmt::format("{}DROP CONSTRAINT IF EXISTS {}", alter, quote_identifier(name))}},
            .table = leaf};
}

Run validate_on_leaf(const AlterTable& work, const PgQuery__Constraint& constraint, const std::string& name, const QualifiedName& leaf,
                     Phase phase) {
    return {.sql = fmt::format("ALTER TABLE {} VALIDATE CONSTRAINT {}", sql::quote_name(leaf), quote_identifier(name)),
            .name = fmt::format("validate {} of {}", name, leaf.name),
            .phase = phase,
            .method = Method::validate,
            .locks = {lock_on(work.ctx, leaf, LockMode::share_update_exclusive),
                      lock_on(work.ctx, referenced_table(work, constraint), LockMode::row_share)},
            .scans = {leaf},
            .condition = {.facts = {catalog::ConstraintIs{leaf, name, 0, {}, true}}},
            .inverse = {.why = "a validated constraint is left validated"},
            .table = leaf};
}

// The triggers that the leaves' own keys have on the referenced table are replaced by the parent's: that takes its strongest lock.
Run add_to_parent(const AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint, const std::string& name,
                  Phase phase) {
    Run run{.sql = fmt::format("{} {}", work.head, without_tail(with_name(subcommand.sql, constraint, name))),
            .name = "add constraint " + name,
            .phase = phase,
            .locks = table_locks(work, LockMode::share_row_exclusive, true),
            .condition = {.facts = {catalog::ConstraintIs{work.table, name, 'f', {}, true}}},
            .inverse = {.sql = {work.alter() + "DROP CONSTRAINT " + quote_identifier(name)}},
            .table = work.table};
    add_lock(run.locks, lock_on(work.ctx, referenced_table(work, constraint), LockMode::access_exclusive));
    return run;
}

// Up to 17 a partitioned table takes no foreign key NOT VALID: each leaf gets it so, and has it validated, before the parent does.
void add_foreign_key_in_parts(AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint,
                              const std::string& name) {
    const std::vector<QualifiedName> leaves = storages(work.ctx, work.table, true);
    const QualifiedName references = referenced_table(work, constraint);
    for (const QualifiedName& leaf : leaves) {
        const catalog::Relation* found = work.ctx.now.find(leaf);
        const catalog::Constraint* there = found == nullptr ? nullptr : found->constraint(name);
        if (found == nullptr || found->kind == 'f' || there != nullptr) {
            return work.refuse(fmt::format("{} cannot be added to partition {} of its own first: {}", name, sql::quote_name(leaf),
                                           there == nullptr ? "it is a foreign table" : "there is a constraint of that name"),
                               fmt::format("give the constraint another name, or detach that partition; or {}", kAsWrittenWayOut));
        }
    }
    const bool ahead = hoist_obstacle(work, constraint_columns(constraint)).empty() && !references_something_new(work, constraint) &&
                       !work.writes_before() && !work.ctx.written.contains(references) && !work.replaces(name);
    if (!ahead && (work.ctx.in_group || work.replaces(name))) {
        return work.refuse(fmt::format("{} has to be checked on each partition before {} gets it, which its group does not allow", name,
                                       sql::quote_name(work.table)),
                           fmt::format("add it in a statement of its own, after a COMMIT; or {}", kAsWrittenWayOut));
    }
    const Phase parts = ahead ? Phase::before : Phase::after;
    for (const QualifiedName& leaf : leaves) {
        auto& runs = ahead ? work.before : work.after;
        runs.push_back(add_to_leaf(work, subcommand, constraint, name, leaf, parts));
        runs.push_back(validate_on_leaf(work, constraint, name, leaf, parts));
    }
    (ahead ? work.inside : work.after).push_back(add_to_parent(work, subcommand, constraint, name, ahead ? Phase::inside : parts));
    work.edited = true;
    work.because(
        fmt::format("{}; it is partitioned, and PostgreSQL {} takes no foreign key NOT VALID there: each partition gets it NOT VALID "
                    "and is validated while the application works, and the parent then takes these in without reading anything",
                    size_reason(work.ctx, work.table), work.ctx.now.server_major));
}

// True when what the catalog holds under that name decides.
bool settled_by_what_is_there(AlterTable& work, const Subcommand& subcommand, const PgQuery__Constraint& constraint,
                              const std::string& name) {
    const catalog::Constraint* there = work.dropped_constraints.contains(name) ? nullptr : work.constraint(name);
    if (there == nullptr) {
        return false;
    }
    const std::string people = fmt::format("constraint {} of {}", name, sql::quote_name(work.table));
    if (!same_constraint(work, constraint, subcommand.sql, *there)) {
        work.refuse(fmt::format("{} is there with another definition: {}", people, there->definition),
                    "drop it in the same statement or group to replace it, or give the new one another name");
        return true;
    }
    if (waits_for_partitions(work, *there)) {
        return false;
    }
    work.edited = true;
    if (there->validated || constraint.skip_validation) {
        work.skipped.push_back(people + " is already there with the same definition");
        return true;
    }
    work.after.push_back(validation(work, name, Phase::after, referenced_table(work, constraint)));
    work.because(people + " is already there but NOT VALID: it is validated");
    return true;
}

}  // namespace

char contype(const PgQuery__Constraint& constraint) {
    switch (constraint.contype) {
        case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: return 'c';
        case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: return 'p';
        case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: return 'u';
        case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: return 'x';
        case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: return 'f';
        default: return 'n';
    }
}

std::vector<std::string> constraint_columns(const PgQuery__Constraint& constraint) {
    if (contype(constraint) == 'f') {
        return strings_of(constraint.n_fk_attrs, constraint.fk_attrs);
    }
    if (contype(constraint) == 'c') {
        return catalog::columns_in(constraint.raw_expr);
    }
    if (contype(constraint) != 'x') {
        return strings_of(constraint.n_keys, constraint.keys);
    }
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < constraint.n_exclusions; ++i) {
        const PgQuery__Node& element = *constraint.exclusions[i]->list->items[0];
        const std::string name = text(element.index_elem->name);
        columns.push_back(name.empty() ? catalog::expression_name(element.index_elem->expr) : name);
    }
    return columns;
}

std::string constraint_name(AlterTable& work, const PgQuery__Constraint& constraint) {
    if (const std::string written = text(constraint.conname); !written.empty()) {
        return written;
    }
    if (const std::string index = text(constraint.indexname); !index.empty()) {
        return index;
    }
    const char type = contype(constraint);
    const NameParts parts = name_parts(constraint);
    for (int pass = 0;; ++pass) {
        const std::string label = pass == 0 ? parts.label : parts.label + std::to_string(pass);
        std::string name = catalog::make_object_name(work.table.name, parts.addition, label);
        const catalog::Constraint* there = work.dropped_constraints.contains(name) ? nullptr : work.constraint(name);
        const bool again = there != nullptr && !work.chosen_names.contains(name) && same_constraint(work, constraint, {}, *there);
        if (name_in_use(work, name, type) && !again) {
            continue;
        }
        work.chosen_names.insert(name);
        return name;
    }
}

std::string with_name(const std::string& sql, const PgQuery__Constraint& constraint, const std::string& name) {
    const auto tokens = significant_tokens(sql);
    const std::string written = text(constraint.conname);
    if (tokens.size() < 3 || written == name) {
        return sql;
    }
    if (written.empty()) {
        return sql::splice(sql, {{tokens[0].end, tokens[0].end, " CONSTRAINT " + quote_identifier(name)}});
    }
    return sql::splice(sql, {{tokens[2].begin, tokens[2].end, quote_identifier(name)}});
}

bool same_constraint(const AlterTable& work, const PgQuery__Constraint& wanted, const std::string& sql, const catalog::Constraint& there) {
    if (there.type != contype(wanted)) {
        return false;
    }
    if (there.type == 'x') {
        return false;
    }
    const bool same_timing = there.deferrable == (wanted.deferrable != 0) && there.deferred == (wanted.initdeferred != 0);
    if (there.type == 'f') {
        return same_timing && same_foreign_key(work, wanted, there);
    }
    if (there.type != 'c') {
        return same_timing && same_key(work, wanted, there);
    }
    if (there.no_inherit != (wanted.is_no_inherit != 0)) {
        return false;
    }
    if (sql.empty()) {
        return false;
    }
    const std::string definition = without_not_valid(there.definition);
    const std::string canonical = canonical_check(work, sql);
    if (!canonical.empty()) {
        return canonical == definition;
    }
    return normalized(check_text(sql)) == normalized(definition);
}

Run validation(const AlterTable& work, const std::string& name, Phase phase, const QualifiedName& references) {
    Run run{.sql = work.alter() + "VALIDATE CONSTRAINT " + quote_identifier(name),
            .name = "validate " + name,
            .phase = phase,
            .method = Method::validate,
            .locks = table_locks(work, LockMode::share_update_exclusive, work.recurses),
            .scans = storages(work.ctx, work.table, work.recurses),
            .condition = {.facts = {catalog::ConstraintIs{work.table, name, 0, {}, true}}},
            .inverse = {.why = "a validated constraint is left validated"},
            .table = work.table};
    if (!references.empty()) {
        add_lock(run.locks, lock_on(work.ctx, references, LockMode::row_share));
    }
    return run;
}

void add_constraint(AlterTable& work, const Subcommand& subcommand) {
    const PgQuery__Constraint& constraint = *subcommand.node->def->constraint;
    const char type = contype(constraint);
    if (type == 'n') {
        return keep(work, subcommand);
    }
    const std::size_t chosen = work.chosen_names.size();
    const std::string name = constraint_name(work, constraint);
    if (settled_by_what_is_there(work, subcommand, constraint, name)) {
        return;
    }
    const bool as_it_stands = work.tiny || (constraint.skip_validation && type != 'p' && type != 'u');
    if (as_it_stands) {
        if (work.chosen_names.size() != chosen) {
            work.chosen_names.erase(name);  // keep() chooses it again
        }
        if (work.tiny && !is_fresh(work.ctx, work.table)) {
            work.because(size_reason(work.ctx, work.table) + ": reading it takes a moment");
        }
        return keep(work, subcommand);
    }
    const std::string table = sql::quote_name(work.table);
    if (type == 'x') {
        return work.refuse(
            fmt::format("an EXCLUDE constraint has no concurrent form, and {}: building it would block everybody",
                        size_reason(work.ctx, work.table)),
            fmt::format("in a window in which {} may stand still, {} (or deploy with `--as-written`), and give it the time that "
                        "it needs with `--limit hold=…`",
                        table, kAsWrittenWayOut));
    }
    if (type == 'p' || type == 'u') {
        return add_key(work, subcommand, constraint, name);
    }
    // From 18 on a partitioned table takes a foreign key NOT VALID.
    if (work.partitioned && type == 'f' && work.ctx.now.server_major < 18) {
        return add_foreign_key_in_parts(work, subcommand, constraint, name);
    }
    add_in_two_steps(work, subcommand, constraint, name);
}

void validate_constraint(AlterTable& work, const Subcommand& subcommand) {
    const std::string name = text(subcommand.node->name);
    const catalog::Constraint* constraint = work.constraint(name);
    if (constraint != nullptr && constraint->validated && !work.dropped_constraints.contains(name)) {
        work.skipped.push_back(fmt::format("constraint {} of {} is already validated", name, sql::quote_name(work.table)));
        work.edited = true;
        return;
    }
    if (work.tiny && (work.ctx.in_group || work.subcommands.size() > 1)) {
        return keep(work, subcommand);
    }
    Run run =
        validation(work, name, Phase::after, constraint != nullptr && constraint->references ? *constraint->references : QualifiedName{});
    run.sql = work.subcommands.size() == 1 ? work.statement.sql : work.head + " " + without_tail(subcommand.sql);
    work.after.push_back(std::move(run));
    work.edited = true;
    if (work.ctx.in_group || work.subcommands.size() > 1) {
        work.because("VALIDATE reads the whole table: it gets a transaction of its own, after the strong locks are gone");
    }
}

}  // namespace pgbelay::analysis
