#include "analysis/sequence.h"

#include "analysis/common.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgbelay::analysis {

namespace {

bool has_option(const PgQuery__AlterSeqStmt& alter, std::string_view name) {
    for (std::size_t i = 0; i < alter.n_options; ++i) {
        if (alter.options[i]->node_case == PG_QUERY__NODE__NODE_DEF_ELEM && text(alter.options[i]->def_elem->defname) == name) {
            return true;
        }
    }
    return false;
}

Inverse former_sequence(const PgQuery__AlterSeqStmt& alter, const catalog::Relation* sequence) {
    if (sequence == nullptr) {
        return no_inverse("the former options of the sequence are not known");
    }
    if (has_option(alter, "restart")) {
        return no_inverse(fmt::format("the former position of {} is not kept", sql::quote_name(sequence->name)));
    }
    const auto name = sql::quote_name(sequence->name);
    std::vector<std::string> sql;
    if (has_option(alter, "owned_by")) {
        sql.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}", name,
                                  sequence->sequence_owner_column.empty() ? "NONE" : *sequence->sequence_owner_column));
    }
    if (alter.n_options > sql.size()) {
        if (sequence->sequence_definition.empty()) {
            return no_inverse(fmt::format("the former options of {} are not known", sql::quote_name(sequence->name)));
        }
        sql.push_back(fmt::format("ALTER SEQUENCE {} {}", name, *sequence->sequence_definition));
    }
    return undo(std::move(sql));
}

}  // namespace

Analysis analyze_create_sequence(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_seq_stmt;
    const auto name = ctx.now.resolve_new(name_of(create.sequence));
    Analysis analysis;
    analysis.name = named("create sequence", name);
    if (text(create.sequence->relpersistence) == "t" && !ctx.in_group) {
        analysis.refusal = Refusal{"a temporary sequence cannot outlive its session here: later steps run on other connections",
                                   "make an ordinary sequence"};
        return analysis;
    }
    if (ctx.now.find(name) != nullptr) {
        const auto what = "sequence " + sql::quote_name(name);
        if (create.if_not_exists) {
            analysis.skip = what + " is already there; its options were not compared";
        } else {
            analysis.refusal = already_there(what);
        }
        return analysis;
    }
    return run_as_written(analysis, statement, undo({"DROP SEQUENCE " + sql::quote_name(name)}),
                          {.facts = {catalog::RelationIs{name, 'S'}}});
}

Analysis analyze_alter_sequence(const sql::Statement& statement, const Context& ctx) {
    const auto& alter = *statement.node().alter_seq_stmt;
    Analysis analysis;
    const auto* sequence = touch(analysis.facts, ctx, name_of(alter.sequence), LockMode::share_row_exclusive, Reason::alters_sequence);
    const auto name = found_name(ctx.now, name_of(alter.sequence));
    analysis.name = named("alter sequence", name);
    if (alter.missing_ok && ctx.now.loaded && sequence == nullptr) {
        analysis.skip = fmt::format("there is no sequence {}", sql::quote_name(name));
        return analysis;
    }
    // Its position is written anew for every option but whose it is.
    if (alter.n_options > (has_option(alter, "owned_by") ? 1U : 0U)) {
        analysis.facts.rewrites.add(name, Reason::writes_sequence_anew);
    }
    return run_as_written(analysis, statement, former_sequence(alter, sequence));
}

}  // namespace pgbelay::analysis
