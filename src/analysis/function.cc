#include "analysis/function.h"

#include "analysis/common.h"
#include "analysis/restore.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

bool is_output_only(const PgQuery__FunctionParameter& parameter) {
    return parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT ||
           parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE;
}

// The types by which a function is told from its overloads; a procedure's OUT parameters count from 14 on, so that they stay with their mode.
std::string identity_types(const PgQuery__CreateFunctionStmt& create, const Context& ctx, bool with_names) {
    std::string types;
    for (std::size_t i = 0; i < create.n_parameters; ++i) {
        const auto& parameter = *create.parameters[i]->function_parameter;
        if (parameter.arg_type == nullptr || (is_output_only(parameter) && !create.is_procedure)) {
            continue;
        }
        types += types.empty() ? "" : ", ";
        types += parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_INOUT      ? "INOUT "
                 : parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT      ? "OUT "
                 : parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC ? "VARIADIC "
                                                                                            : "";
        const auto name = text(parameter.name);
        types += with_names && !name.empty() ? sql::quote_identifier(name) + " " : "";
        types += type_name(*parameter.arg_type, &ctx.now);
    }
    return types;
}

std::size_t argument_count(const std::string& arguments) {
    return arguments.empty() ? 0 : static_cast<std::size_t>(std::count(arguments.begin(), arguments.end(), ',')) + 1;
}

// The function that would be replaced. Parameters may be named otherwise there: the number of arguments then has to do, when it
// points at one only.
const catalog::Function* existing(const PgQuery__CreateFunctionStmt& create, const Context& ctx, const QualifiedName& name) {
    const auto* overloads = ctx.now.find_functions(name);
    if (overloads == nullptr) {
        return nullptr;
    }
    const auto with_names = identity_types(create, ctx, true);
    const auto without = identity_types(create, ctx, false);
    const catalog::Function* same_count = nullptr;
    std::size_t matches = 0;
    for (const auto& function : *overloads) {
        if (function.identity_arguments == with_names || function.identity_arguments == without) {
            return &function;
        }
        if (argument_count(function.identity_arguments) == argument_count(without)) {
            same_count = &function;
            ++matches;
        }
    }
    const bool named_otherwise = matches == 1 && same_count->identity_arguments.ends_with(without.substr(without.rfind(' ') + 1));
    return named_otherwise ? same_count : nullptr;
}

}  // namespace

Analysis analyze_create_function(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_function_stmt;
    const auto name = ctx.now.resolve_new(name_of(create.n_funcname, create.funcname));
    const std::string_view word = create.is_procedure ? "PROCEDURE" : "FUNCTION";
    Analysis analysis;
    const auto* former = existing(create, ctx, name);
    analysis.name = fmt::format("{} {} {}", former != nullptr ? "replace" : "create", create.is_procedure ? "procedure" : "function",
                                sql::display(name));
    if (former != nullptr && !create.replace) {
        analysis.refusal = already_there(fmt::format("{}({})", sql::display(name), former->identity_arguments));
        return analysis;
    }
    if (former != nullptr) {
        // Owner, grants and comment survive a replacement.
        return run_as_written(analysis, statement,
                              former->definition.empty() ? no_inverse(fmt::format("the former body of {} is not known", sql::display(name)))
                                                         : undo({restore_function(*former).front()}));
    }
    const bool may_exist = create.replace && !ctx.now.loaded;
    auto inverse = may_exist ? no_inverse(fmt::format("whether {} was there before is not known without a database", sql::display(name)))
                             : undo({fmt::format("DROP {} {}({})", word, sql::quote_name(name), identity_types(create, ctx, false))});
    return run_as_written(analysis, statement, std::move(inverse));
}

Analysis analyze_alter_function(const sql::Statement& statement, const Context& ctx) {
    const auto& alter = *statement.node().alter_function_stmt;
    Analysis analysis;
    const auto written = alter.func == nullptr ? QualifiedName{} : name_of(alter.func->n_objname, alter.func->objname);
    analysis.name = named("alter function", ctx.now.resolve_new(written));
    const auto* overloads = ctx.now.find_functions(written);
    if (overloads != nullptr && overloads->size() == 1 && !overloads->front().definition.empty()) {
        return run_as_written(analysis, statement, undo({restore_function(overloads->front()).front()}));
    }
    return run_as_written(analysis, statement, no_inverse(fmt::format("the former properties of {} are not known", sql::display(written))));
}

}  // namespace pgbelay::analysis
