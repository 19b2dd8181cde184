#include "catalog/names.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace pgbelay::catalog {

namespace {

constexpr std::size_t kNameBytes = 63;

void clip(std::string& text, std::size_t bytes) {
    if (text.size() <= bytes) {
        return;
    }
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) {
        --bytes;
    }
    text.resize(bytes);
}

// A name and how sure it is: 2 beats 1, as in FigureColnameInternal() of parse_target.c.
struct Figured {
    std::string name;
    int strength = 0;
};

std::string last_string(PgQuery__Node* const* items, std::size_t count) {
    for (std::size_t i = count; i > 0; --i) {
        if (items[i - 1]->node_case == PG_QUERY__NODE__NODE_STRING) {
            return items[i - 1]->string->sval;
        }
    }
    return {};
}

Figured figure(const PgQuery__Node* node);

Figured figure_cast(const PgQuery__TypeCast& cast) {
    auto found = figure(cast.arg);
    if (found.strength <= 1 && cast.type_name != nullptr) {
        return {last_string(cast.type_name->names, cast.type_name->n_names), 1};
    }
    return found;
}

Figured figure_case(const PgQuery__CaseExpr& expression) {
    auto found = figure(expression.defresult);
    return found.strength <= 1 ? Figured{"case", 1} : found;
}

Figured named_if(std::string name) {
    const int strength = name.empty() ? 0 : 2;
    return {std::move(name), strength};
}

Figured figure(const PgQuery__Node* node) {
    if (node == nullptr) {
        return {};
    }
    switch (node->node_case) {
        case PG_QUERY__NODE__NODE_COLUMN_REF: return named_if(last_string(node->column_ref->fields, node->column_ref->n_fields));
        case PG_QUERY__NODE__NODE_A_INDIRECTION: {
            auto name = last_string(node->a_indirection->indirection, node->a_indirection->n_indirection);
            return name.empty() ? figure(node->a_indirection->arg) : Figured{std::move(name), 2};
        }
        case PG_QUERY__NODE__NODE_FUNC_CALL: return named_if(last_string(node->func_call->funcname, node->func_call->n_funcname));
        case PG_QUERY__NODE__NODE_A_EXPR:
            return node->a_expr->kind == PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF ? Figured{"nullif", 2} : Figured{};
        case PG_QUERY__NODE__NODE_TYPE_CAST: return figure_cast(*node->type_cast);
        case PG_QUERY__NODE__NODE_COLLATE_CLAUSE: return figure(node->collate_clause->arg);
        case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
            return {node->min_max_expr->op == PG_QUERY__MIN_MAX_OP__IS_GREATEST ? "greatest" : "least", 2};
        case PG_QUERY__NODE__NODE_CASE_EXPR: return figure_case(*node->case_expr);
        case PG_QUERY__NODE__NODE_A_ARRAY_EXPR: return {"array", 2};
        case PG_QUERY__NODE__NODE_ROW_EXPR: return {"row", 2};
        case PG_QUERY__NODE__NODE_COALESCE_EXPR: return {"coalesce", 2};
        default: return {};
    }
}

std::string element_name(const PgQuery__IndexElem& element) {
    if (element.indexcolname != nullptr && *element.indexcolname != '\0') {
        return element.indexcolname;
    }
    if (element.name != nullptr && *element.name != '\0') {
        return element.name;
    }
    return expression_name(element.expr);
}

std::string unique_among(const std::vector<std::string>& names, const std::string& wanted) {
    std::string candidate = wanted;
    for (int i = 1; std::find(names.begin(), names.end(), candidate) != names.end(); ++i) {
        const auto number = std::to_string(i);
        candidate = wanted;
        clip(candidate, kNameBytes - number.size());
        candidate += number;
    }
    return candidate;
}

}  // namespace

std::string make_object_name(std::string name1, std::string name2, const std::string& label) {
    const std::size_t overhead = (name2.empty() ? 0 : 1) + (label.empty() ? 0 : label.size() + 1);
    const std::size_t available = kNameBytes - std::min(kNameBytes, overhead);
    std::size_t length1 = name1.size();
    std::size_t length2 = name2.size();
    while (length1 + length2 > available) {
        (length1 > length2 ? length1 : length2) -= 1;
    }
    clip(name1, length1);
    clip(name2, length2);
    if (!name2.empty()) {
        name1 += "_" + name2;
    }
    if (!label.empty()) {
        name1 += "_" + label;
    }
    return name1;
}

std::string choose_relation_name(const Catalog& catalog, const std::string& schema, const std::string& name1, const std::string& name2,
                                 const std::string& label, bool is_constraint) {
    std::string with_number = label;
    for (int pass = 1;; ++pass) {
        auto name = make_object_name(name1, name2, with_number);
        const QualifiedName qualified{schema, name};
        if (!catalog.taken_relation_names.contains(qualified) && !catalog.relations.contains(qualified) &&
            !(is_constraint && catalog.taken_constraint_names.contains(qualified))) {
            return name;
        }
        with_number = label + std::to_string(pass);
    }
}

std::string choose_index_name(const Catalog& catalog, const QualifiedName& table, const std::vector<std::string>& columns,
                              IndexNameKind kind) {
    const auto addition = name_addition(columns);
    switch (kind) {
        case IndexNameKind::primary_key: return choose_relation_name(catalog, table.schema, table.name, "", "pkey", true);
        case IndexNameKind::exclusion: return choose_relation_name(catalog, table.schema, table.name, addition, "excl", true);
        case IndexNameKind::unique_constraint: return choose_relation_name(catalog, table.schema, table.name, addition, "key", true);
        case IndexNameKind::plain: break;
    }
    return choose_relation_name(catalog, table.schema, table.name, addition, "idx", false);
}

std::string choose_constraint_name(const Catalog& catalog, const QualifiedName& table, const std::string& name2, const std::string& label,
                                   const std::set<std::string>& others) {
    std::string with_number = label;
    for (int pass = 1;; ++pass) {
        auto name = make_object_name(table.name, name2, with_number);
        if (!others.contains(name) && !catalog.taken_constraint_names.contains({table.schema, name})) {
            return name;
        }
        with_number = label + std::to_string(pass);
    }
}

std::string name_addition(const std::vector<std::string>& columns) {
    std::string joined;
    for (const auto& column : columns) {
        if (!joined.empty()) {
            joined += '_';
        }
        joined += column;
        if (joined.size() > kNameBytes) {
            break;
        }
    }
    return joined;
}

std::string expression_name(const PgQuery__Node* expression) {
    auto found = figure(expression);
    return found.name.empty() ? "expr" : found.name;
}

std::vector<std::string> index_column_names(const PgQuery__IndexStmt& statement) {
    std::vector<std::string> names;
    const auto add_all = [&names](PgQuery__Node* const* items, std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            names.push_back(unique_among(names, element_name(*items[i]->index_elem)));
        }
    };
    add_all(statement.index_params, statement.n_index_params);
    add_all(statement.index_including_params, statement.n_index_including_params);
    return names;
}

}  // namespace pgbelay::catalog
