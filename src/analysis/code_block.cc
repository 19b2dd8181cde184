#include "analysis/code_block.h"

#include "analysis/code.h"
#include "analysis/common.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgbelay::analysis {

namespace {

std::string list_of(const std::vector<std::string>& words) {
    std::string joined;
    for (std::size_t i = 0; i < words.size(); ++i) {
        joined += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
    }
    return joined;
}

}  // namespace

Analysis analyze_do_block(const sql::Statement& statement, const Context& ctx) {
    Analysis analysis;
    analysis.name = "do block";
    auto code = touch_do_block(analysis.facts, ctx, statement);
    analysis.facts.opaque = !code.known;
    if (code.left_out) {
        analysis.notes.emplace_back("branches whose conditions do not hold, as the database is now, are left out of its locks");
    }
    if (code.asked) {
        analysis.notes.emplace_back("what it puts together for EXECUTE is taken from the system catalogs as they are now");
    }
    if (code.dynamic) {
        code.kinds.emplace_back("statements that it puts together itself");
    }
    if (!code.kinds.empty()) {
        analysis.notes.push_back(
            fmt::format("the block hides {}: they run as written, under one transaction's locks", list_of(code.kinds)));
        analysis.notes.emplace_back("for the safe form write the plain statement with `-- pgbelay: when SELECT …` above it");
        analysis.why = "what stands inside a DO block is not taken apart";
    }
    auto inverse = no_inverse("what a DO block did cannot be undone");
    if (code.ends_transactions) {
        if (refused_in_group(analysis, ctx, "a DO block that commits")) {
            return analysis;
        }
        return run_as_written(analysis, statement, std::move(inverse), {}, Method::once);
    }
    return run_as_written(analysis, statement, std::move(inverse));
}

Analysis analyze_call(const sql::Statement& statement, const Context& ctx) {
    const auto& call = *statement.node().call_stmt;
    const auto name = call.funccall == nullptr ? QualifiedName{} : name_of(call.funccall->n_funcname, call.funccall->funcname);
    Analysis analysis;
    analysis.name = named("call", name);
    const auto* overloads = ctx.now.find_functions(name);
    CodeEffects code{.known = overloads != nullptr && !overloads->empty()};
    for (const auto& procedure : overloads == nullptr ? std::vector<catalog::Function>{} : *overloads) {
        const auto one = touch_function(analysis.facts, ctx, procedure, {}, call.funccall);
        code.known = code.known && one.known;
        code.ends_transactions = code.ends_transactions || one.ends_transactions;
    }
    analysis.facts.opaque = !code.known;
    if (!code.known) {
        analysis.notes.push_back(fmt::format("what {} does is not known here", sql::quote_name(name)));
    }
    auto inverse = no_inverse(fmt::format("what {} did cannot be undone", sql::quote_name(name)));
    if (code.ends_transactions) {
        if (refused_in_group(analysis, ctx, "a procedure that commits")) {
            return analysis;
        }
        return run_as_written(analysis, statement, std::move(inverse), {}, Method::once);
    }
    return run_as_written(analysis, statement, std::move(inverse));
}

}  // namespace pgbelay::analysis
