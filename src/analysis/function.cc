#include "analysis/function.h"

#include "analysis/code.h"
#include "analysis/common.h"
#include "analysis/restore.h"
#include "catalog/overload.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

namespace pgbelay::analysis {

Analysis analyze_create_function(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_function_stmt;
    const auto name = ctx.now.resolve_new(name_of(create.n_funcname, create.funcname));
    const std::string_view word = create.is_procedure ? "PROCEDURE" : "FUNCTION";
    Analysis analysis;
    touch_sql_body(analysis.facts, ctx, statement);
    const auto* former = catalog::find_function(ctx.now, create);
    analysis.name = fmt::format("{} {} {}", former != nullptr ? "replace" : "create", create.is_procedure ? "procedure" : "function",
                                sql::quote_name(name));
    if (former != nullptr && !create.replace) {
        analysis.refusal = already_there(fmt::format("{}({})", sql::quote_name(name), former->identity_arguments));
        return analysis;
    }
    if (former != nullptr) {
        // Owner, grants and comment survive a replacement.
        return run_as_written(analysis, statement,
                              former->definition.empty()
                                  ? no_inverse(fmt::format("the former body of {} is not known", sql::quote_name(name)))
                                  : undo({restore_function(*former).front()}));
    }
    const bool may_exist = create.replace && !ctx.now.loaded;
    auto inverse =
        may_exist
            ? no_inverse(fmt::format("whether {} was there before is not known without a database", sql::quote_name(name)))
            : undo({fmt::format("DROP {} {}({})", word, sql::quote_name(name), fmt::join(catalog::argument_types(create, ctx.now), ", "))});
    return run_as_written(analysis, statement, std::move(inverse));
}

Analysis analyze_alter_function(const sql::Statement& statement, const Context& ctx) {
    const auto& alter = *statement.node().alter_function_stmt;
    Analysis analysis;
    const auto written = alter.func == nullptr ? QualifiedName{} : name_of(alter.func->n_objname, alter.func->objname);
    analysis.name = named("alter function", ctx.now.resolve_new(written));
    const auto* function = alter.func == nullptr ? nullptr : catalog::find_function(ctx.now, *alter.func);
    if (function != nullptr && !function->definition.empty()) {
        return run_as_written(analysis, statement, undo({restore_function(*function).front()}));
    }
    return run_as_written(analysis, statement,
                          no_inverse(fmt::format("the former properties of {} are not known", sql::quote_name(written))));
}

}  // namespace pgbelay::analysis
