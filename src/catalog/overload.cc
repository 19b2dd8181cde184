#include "catalog/overload.h"

#include "catalog/tree_util.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <cstddef>

namespace pgbelay::catalog {

namespace {

bool is_output_only(PgQuery__FunctionParameterMode mode) {
    return mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT || mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE;
}

// A length or precision is not part of an argument's type.
std::string without_modifiers(std::string type) {
    const std::size_t open = type.find('(');
    const std::size_t close = type.find(')', open);
    return open == std::string::npos || close == std::string::npos ? type : type.erase(open, close - open + 1);
}

std::vector<std::string> argument_types(const PgQuery__ObjectWithArgs& written, const Catalog& catalog) {
    std::vector<std::string> types;
    for (std::size_t i = 0; i < written.n_objargs; ++i) {
        if (written.objargs[i]->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) {
            types.push_back(without_modifiers(type_name(*written.objargs[i]->type_name, &catalog)));
        }
    }
    return types;
}

// A type that was not loaded is compared without the schema that only one of the two sides knows.
bool same_type(const std::string& there, const std::string& written) {
    return there == written || (written.find('.') == std::string::npos && there.ends_with("." + written));
}

const Function* with_arguments(const std::vector<Function>* overloads, const std::vector<std::string>& types) {
    if (overloads == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find_if(
        *overloads, [&](const Function& function) { return std::ranges::equal(function.argument_types, types, same_type); });
    return found == overloads->end() ? nullptr : &*found;
}

}  // namespace

std::vector<std::string> argument_types(const PgQuery__CreateFunctionStmt& create, const Catalog& catalog) {
    const bool with_output = create.is_procedure && (catalog.server_major == 0 || catalog.server_major >= 14);
    std::vector<std::string> types;
    for (std::size_t i = 0; i < create.n_parameters; ++i) {
        const PgQuery__FunctionParameter& parameter = *create.parameters[i]->function_parameter;
        if (parameter.arg_type != nullptr && (with_output || !is_output_only(parameter.mode))) {
            types.push_back(without_modifiers(type_name(*parameter.arg_type, &catalog)));
        }
    }
    return types;
}

const Function* find_function(const Catalog& catalog, const PgQuery__ObjectWithArgs& written) {
    const auto* overloads = catalog.find_functions(name_of(written.n_objname, written.objname));
    if (!written.args_unspecified) {
        return with_arguments(overloads, argument_types(written, catalog));
    }
    return overloads != nullptr && overloads->size() == 1 ? &overloads->front() : nullptr;
}

const Function* find_function(const Catalog& catalog, const PgQuery__CreateFunctionStmt& create) {
    return with_arguments(catalog.find_functions(catalog.resolve_new(name_of(create.n_funcname, create.funcname))),
                          argument_types(create, catalog));
}

}  // namespace pgbelay::catalog
