#include "analysis/alter_table_parts.h"

#include "analysis/names.h"
#include "analysis/relation_facts.h"
#include "analysis/tree_util.h"
#include "catalog/names.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::analysis {

using sql::quote_identifier;

namespace {

std::string alter_column(const AlterTable& work, const std::string& column) {
    return fmt::format("{}ALTER COLUMN {} ", work.alter(), quote_identifier(column));
}

// The NOT NULL constraint of PostgreSQL 18 that is there but NOT VALID; null when there is none.
const catalog::Constraint* unproved(const AlterTable& work, const std::string& column) {
    if (work.now == nullptr) {
        return nullptr;
    }
    for (const catalog::Constraint& constraint : work.now->constraints) {
        if (constraint.type == 'n' && !constraint.validated && constraint.columns == std::vector{column}) {
            return &constraint;
        }
    }
    return nullptr;
}

Run add_proof(const AlterTable& work, const std::string& name, const std::string& body, char type, Phase phase, std::string inverse) {
    return {.sql = fmt::format("{}ADD CONSTRAINT {} {} NOT VALID", work.alter(), quote_identifier(name), body),
            .name = fmt::format("add {} not valid", name),
            .phase = phase,
            .locks = table_locks(work, LockMode::access_exclusive, work.recurses),
            .condition = {.facts = {catalog::ConstraintIs{work.table, name, type, {}, false}}},
            .inverse = {.sql = {std::move(inverse)}},
            .table = work.table};
}

Run set_it(const AlterTable& work, const std::string& column, Phase phase) {
    return {.sql = alter_column(work, column) + "SET NOT NULL",
            .name = fmt::format("set not null {}.{}", work.table.name, column),
            .phase = phase,
            .locks = table_locks(work, LockMode::access_exclusive, work.recurses),
            .condition = {.facts = {catalog::ColumnIs{work.table, column, {}, true}}},
            .inverse = {.sql = {alter_column(work, column) + "DROP NOT NULL"}},
            .table = work.table};
}

// From 18 on a NOT NULL is a constraint, and can be NOT VALID itself.
NotNullSteps by_constraint(const AlterTable& work, const std::string& column, Phase add, Phase rest) {
    const std::string name = catalog::choose_constraint_name(work.ctx.now, work.table, column, "not_null");
    NotNullSteps steps;
    steps.add.push_back(
        add_proof(work, name, "NOT NULL " + quote_identifier(column), 'n', add, alter_column(work, column) + "DROP NOT NULL"));
    steps.rest.push_back(validation(work, name, rest, {}));
    steps.rest.back().condition.facts.push_back(catalog::ColumnIs{work.table, column, {}, true});
    return steps;
}

NotNullSteps by_check(const AlterTable& work, const std::string& column, Phase add, Phase rest) {
    const std::string name = temporary_name(work.ctx, catalog::make_object_name(work.table.name, column, "not_null"));
    const std::string drop = fmt::format("{}DROP CONSTRAINT IF EXISTS {}", work.alter(), quote_identifier(name));
    NotNullSteps steps;
    steps.add.push_back(add_proof(work, name, fmt::format("CHECK ({} IS NOT NULL)", quote_identifier(column)), 'c', add, drop));
    steps.rest.push_back(validation(work, name, rest, {}));
    steps.rest.push_back(set_it(work, column, rest));
    steps.rest.push_back({.sql = fmt::format("{}DROP CONSTRAINT {}", work.alter(), quote_identifier(name)),
                          .name = "drop helper check " + name,
                          .phase = rest,
                          .locks = table_locks(work, LockMode::access_exclusive, work.recurses),
                          .condition = {.facts = {catalog::Absent{catalog::Absent::What::constraint, work.table, name}}},
                          .inverse = {.why = "the check was there to prove the column free of NULLs"},
                          .table = work.table});
    return steps;
}

}  // namespace

NotNullSteps not_null_steps(const AlterTable& work, const std::string& column, Phase add, Phase rest) {
    return work.ctx.now.server_major >= 18 ? by_constraint(work, column, add, rest) : by_check(work, column, add, rest);
}

void set_not_null(AlterTable& work, const Subcommand& subcommand) {
    const std::string name = text(subcommand.node->name);
    const catalog::Column* column = work.column(name);
    const std::string people = sql::quote_name(work.table) + "." + name;
    if (const catalog::Constraint* constraint = unproved(work, name)) {
        work.after.push_back(validation(work, constraint->name, Phase::after, {}));
        work.because(people + " is NOT NULL already but NOT VALID: it is validated");
        work.edited = true;
        return;
    }
    if (column != nullptr && column->not_null) {
        work.skipped.push_back(people + " is already NOT NULL");
        work.edited = true;
        return;
    }
    if (work.tiny) {
        if (!is_fresh(work.ctx, work.table)) {
            work.because(size_reason(work.ctx, work.table) + ": reading it takes a moment");
        }
        return keep(work, subcommand);
    }
    if (const catalog::Constraint* proof = not_null_proof(work, name)) {
        work.because(fmt::format("check {} proves it: the server reads nothing", proof->name));
        if (!work.dropped_constraints.contains(proof->name)) {
            return keep(work, subcommand);
        }
        work.first.push_back(set_it(work, name, Phase::inside));  // before the same statement drops the proof
        work.edited = true;
        return;
    }
    NotNullSteps steps = not_null_steps(work, name, Phase::inside, Phase::after);
    for (Run& run : steps.add) {
        work.inside.push_back(std::move(run));
    }
    for (Run& run : steps.rest) {
        work.after.push_back(std::move(run));
    }
    work.because(
        fmt::format("{}; SET NOT NULL would read all of it under ACCESS EXCLUSIVE, where a NOT VALID constraint and VALIDATE "
                    "let the application work",
                    size_reason(work.ctx, work.table)));
    work.edited = true;
}

}  // namespace pgbelay::analysis
