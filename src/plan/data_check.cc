#include "plan/data_check.h"

#include "analysis/tree_util.h"
#include "plan/row_use.h"
#include "plan/session.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace pgbelay::plan {
namespace {

using catalog::QualifiedName;
using Kind = DataCheck::Kind;

std::vector<std::string> quoted(const std::vector<std::string>& columns) {
    std::vector<std::string> sql;
    for (const std::string& column : columns) {
        sql.push_back(sql::quote_identifier(column));
    }
    return sql;
}

std::string list(const std::vector<std::string>& items) {
    return fmt::format("{}", fmt::join(items, ", "));
}

// What stands in the parentheses after the first `keyword` from token `from` on; "" when there are none.
std::string in_parentheses(const std::string& sql, const std::vector<sql::Token>& tokens, std::size_t keyword) {
    std::size_t open = keyword;
    while (open < tokens.size() && tokens[open].text != "(") {
        ++open;
    }
    const std::size_t past = analysis::past_parenthesis(tokens, open);
    if (open >= tokens.size() || past > tokens.size() || past < open + 2) {
        return "";
    }
    return sql.substr(tokens[open].end, tokens[past - 1].begin - tokens[open].end);
}

// The author's bytes of each key of a CREATE INDEX, at the commas outside of parentheses.
std::vector<std::string> key_texts(const std::string& sql) {
    const auto tokens = analysis::significant_tokens(sql);
    const std::size_t on = analysis::find_keyword(tokens, "on");
    std::size_t open = on;
    while (open < tokens.size() && tokens[open].text != "(") {
        ++open;
    }
    std::vector<std::string> keys;
    int depth = 0;
    std::size_t begin = 0;
    for (std::size_t i = open; i < tokens.size(); ++i) {
        const std::string& text = tokens[i].text;
        const bool ends = depth == 1 && (text == "," || text == ")");
        if (ends) {
            keys.push_back(sql.substr(begin, tokens[i].begin - begin));
        }
        depth += text == "(" || text == "[" ? 1 : text == ")" || text == "]" ? -1 : 0;
        if (depth == 0) {
            return keys;
        }
        begin = (depth == 1 && text == "(" && i == open) || ends ? tokens[i].end : begin;
    }
    return {};
}

// An expression key without what may follow it: a collation, an operator class, an order.
std::string expression_of(const std::string& key) {
    const auto tokens = analysis::significant_tokens(key);
    std::size_t open = 0;
    while (open < tokens.size() && tokens[open].text != "(") {
        ++open;
    }
    const std::size_t past = analysis::past_parenthesis(tokens, open);
    return open < tokens.size() && past <= tokens.size() && past > 0 ? key.substr(0, tokens[past - 1].end) : "";
}

// The checks of one plan, statement by statement.
class Collector {
public:
    Collector(const catalog::Catalog& catalog, const Plan& plan) : catalog_(catalog), plan_(plan) {
        for (const StatementPlan& statement : plan.statements) {
            planned_[base::to_string(statement.place)] = &statement;
        }
    }

    void take(const sql::Statement& statement, const std::vector<std::string>& schemas, const std::string& search_path) {
        const auto planned = planned_.find(base::to_string(statement.place));
        if (planned == planned_.end() || planned->second->skip) {
            return;
        }
        facts_ = &planned->second->facts;
        schemas_ = &schemas;
        search_path_ = search_path;
        place_ = statement.place;
        if (statement.opaque()) {
            changes_anything_ = true;
            return;
        }
        const PgQuery__Node& node = statement.node();
        if (node.node_case == PG_QUERY__NODE__NODE_INDEX_STMT) {
            take_index(statement, *node.index_stmt);
        } else if (node.node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_STMT) {
            take_alter(statement, *node.alter_table_stmt);
        }
        remember(statement);
    }

    std::vector<DataCheck> checks() { return std::move(checks_); }

private:
    const catalog::Relation* find(const QualifiedName& name) const {
        if (!name.schema.empty()) {
            return catalog_.find(name);
        }
        for (const std::string& schema : *schemas_) {
            if (const auto* found = catalog_.find({schema, name.name})) {
                return found;
            }
        }
        return nullptr;
    }

    // A check of the relation that can be asked now, or that says why not; null for a table that the plan makes, which it also fills.
    DataCheck* begin(Kind kind, const catalog::Relation* relation, std::string wants, const std::vector<std::string>& columns) {
        if (relation == nullptr || (relation->kind != 'r' && relation->kind != 'p')) {
            return nullptr;
        }
        DataCheck& check = checks_.emplace_back();
        check.kind = kind;
        check.place = place_;
        check.wants = std::move(wants);
        check.table = relation->name;
        check.only = relation->kind == 'r';
        check.keys = quoted(columns);
        check.search_path = search_path_;
        for (const auto& constraint : relation->constraints) {
            check.identifies = constraint.type == 'p' ? quoted(constraint.columns) : check.identifies;
        }
        for (const std::string& column : columns) {
            if (relation->column(column) == nullptr) {
                check.not_before = fmt::format("{} is not there yet", sql::quote_identifier(column));
            }
        }
        note_earlier(check, relation->name);
        return &check;
    }

    void note_earlier(DataCheck& check, const QualifiedName& table) const {
        if (changed_.contains(table) || changes_anything_) {
            check.not_before = fmt::format("an earlier step of the plan {} {}", changed_.contains(table) ? "changes" : "may change",
                                           sql::quote_name(table));
        }
    }

    void take_index(const sql::Statement& statement, const PgQuery__IndexStmt& create) {
        if (!create.unique) {
            return;
        }
        const auto texts = key_texts(statement.sql);
        std::vector<std::string> columns;
        std::vector<std::string> keys;
        for (std::size_t i = 0; i < create.n_index_params; ++i) {
            const PgQuery__IndexElem& key = *create.index_params[i]->index_elem;
            const std::string name = analysis::text(key.name);
            if (!name.empty()) {
                columns.push_back(name);
            }
            keys.push_back(!name.empty() ? sql::quote_identifier(name) : i < texts.size() ? expression_of(texts[i]) : "");
        }
        DataCheck* check =
            begin(Kind::duplicates, find(catalog::name_of(create.relation)), fmt::format("UNIQUE ({})", list(keys)), columns);
        if (check == nullptr) {
            return;
        }
        check->keys = std::move(keys);
        check->nulls_not_distinct = create.nulls_not_distinct;
        if (create.where_clause != nullptr) {
            const auto tokens = analysis::significant_tokens(statement.sql);
            const std::size_t where = analysis::find_keyword(tokens, "where");
            check->predicate = where < tokens.size() ? statement.sql.substr(tokens[where].end) : "";
        }
        const bool unreadable =
            std::ranges::find(check->keys, "") != check->keys.end() || (create.where_clause != nullptr && check->predicate.empty());
        if (unreadable) {
            check->not_before = "its keys cannot be told from its text";
        }
    }

    void take_alter(const sql::Statement& statement, const PgQuery__AlterTableStmt& alter) {
        const catalog::Relation* relation = find(catalog::name_of(alter.relation));
        const auto pieces = sql::cut_alter_table(statement.sql).pieces;
        for (std::size_t i = 0; i < alter.n_cmds; ++i) {
            const PgQuery__AlterTableCmd& command = *alter.cmds[i]->alter_table_cmd;
            switch (command.subtype) {
                case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
                    if (DataCheck* check =
                            begin(Kind::nulls, relation, "NOT NULL " + sql::quote_identifier(command.name), {command.name})) {
                        check->only = check->only && !alter.relation->inh;
                    }
                    break;
                case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
                    if (command.def != nullptr && command.def->node_case == PG_QUERY__NODE__NODE_CONSTRAINT) {
                        take_constraint(relation, *command.def->constraint, i < pieces.size() ? pieces[i] : "", alter.relation->inh);
                    }
                    break;
                case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: take_validate(relation, command.name); break;
                default: break;
            }
        }
    }

    void take_constraint(const catalog::Relation* relation, const PgQuery__Constraint& constraint, const std::string& piece,
                         bool inherits) {
        const auto columns = catalog::strings_of(constraint.n_keys, constraint.keys);
        switch (constraint.contype) {
            case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: take_key(relation, constraint, columns, "UNIQUE"); break;
            case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
                take_key(relation, constraint, columns, "PRIMARY KEY");
                if (constraint.indexname == nullptr || *constraint.indexname == '\0') {
                    begin(Kind::nulls, relation, fmt::format("PRIMARY KEY ({})", list(quoted(columns))), columns);
                }
                break;
            case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN: take_foreign_key(relation, constraint); break;
            case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: take_check(relation, constraint, piece, inherits); break;
            default: break;
        }
    }

    void take_key(const catalog::Relation* relation, const PgQuery__Constraint& constraint, const std::vector<std::string>& columns,
                  std::string_view what) {
        // The rows of USING INDEX have passed that index already.
        if (constraint.indexname != nullptr && *constraint.indexname != '\0') {
            return;
        }
        if (DataCheck* check = begin(Kind::duplicates, relation, fmt::format("{} ({})", what, list(quoted(columns))), columns)) {
            check->nulls_not_distinct = constraint.nulls_not_distinct;
        }
    }

    void take_foreign_key(const catalog::Relation* relation, const PgQuery__Constraint& constraint) {
        if (constraint.skip_validation) {
            return;
        }
        const auto columns = catalog::strings_of(constraint.n_fk_attrs, constraint.fk_attrs);
        const QualifiedName name = catalog::name_of(constraint.pktable);
        const catalog::Relation* referenced = find(name);
        auto there = catalog::strings_of(constraint.n_pk_attrs, constraint.pk_attrs);
        if (referenced != nullptr && there.empty()) {
            for (const auto& key : referenced->constraints) {
                there = key.type == 'p' ? key.columns : there;
            }
        }
        const std::string full = analysis::text(constraint.fk_matchtype);
        take_reference(relation, columns, referenced, name, there, full == "f");
    }

    void take_reference(const catalog::Relation* relation, const std::vector<std::string>& columns, const catalog::Relation* referenced,
                        const QualifiedName& name, const std::vector<std::string>& there, bool match_full) {
        const std::string wants = fmt::format("FOREIGN KEY ({}) REFERENCES {}", list(quoted(columns)), sql::quote_name(name));
        DataCheck* check = begin(Kind::orphans, relation, wants, columns);
        if (check == nullptr) {
            return;
        }
        check->match_full = match_full;
        check->referenced = quoted(there);
        if (referenced == nullptr || there.size() != columns.size()) {
            check->not_before = fmt::format("{} is not there yet, or without its key", sql::quote_name(name));
            return;
        }
        check->references = referenced->name;
        check->references_only = referenced->kind != 'p';
        note_earlier(*check, referenced->name);
    }

    void take_check(const catalog::Relation* relation, const PgQuery__Constraint& constraint, const std::string& piece, bool inherits) {
        if (constraint.skip_validation) {
            return;
        }
        const auto tokens = analysis::significant_tokens(piece);
        add_check(relation, in_parentheses(piece, tokens, analysis::find_keyword(tokens, "check")), inherits && !constraint.is_no_inherit);
    }

    void add_check(const catalog::Relation* relation, const std::string& expression, bool inherits) {
        if (DataCheck* check = begin(Kind::violations, relation, fmt::format("CHECK ({})", expression), {})) {
            check->expression = expression;
            check->only = check->only && !inherits;
            if (expression.empty()) {
                check->not_before = "its expression cannot be told from its text";
            }
        }
    }

    // Of a constraint that stands NOT VALID already; one that the plan adds so is not in the catalog.
    void take_validate(const catalog::Relation* relation, const std::string& name) {
        const catalog::Constraint* constraint = relation == nullptr ? nullptr : relation->constraint(name);
        if (constraint == nullptr || constraint->validated) {
            return;
        }
        if (constraint->type == 'c') {
            add_check(relation, constraint->expression, !constraint->no_inherit);
        } else if (constraint->type == 'f' && constraint->references) {
            take_reference(relation, constraint->columns, catalog_.find(*constraint->references), *constraint->references,
                           constraint->referenced_columns, constraint->match == 'f');
        }
    }

    // What later statements find is no longer what is there now.
    void remember(const sql::Statement& statement) {
        const bool makes_new_shapes =
            statement.kind == "RenameStmt" || statement.kind == "AlterObjectSchemaStmt" || statement.kind == "DropStmt";
        if (makes_new_shapes || !facts_->rewrites.empty() || changes_type(statement)) {
            for (const auto& lock : facts_->locks) {
                changed_.insert(lock.relation);
            }
        }
        if (!may_change_rows(statement, *facts_)) {
            return;
        }
        changed_.insert(facts_->writes.begin(), facts_->writes.end());
        changes_anything_ = changes_anything_ || facts_->opaque || facts_->writes.empty();
        // What a write reaches, through foreign keys, views and rules, the plan knows as a whole only.
        for (const PlannedTable& table : plan_.tables) {
            if (table.use != RowUse::none) {
                changed_.insert(table.name);
            }
        }
    }

    static bool changes_type(const sql::Statement& statement) {
        const PgQuery__Node& node = statement.node();
        if (node.node_case != PG_QUERY__NODE__NODE_ALTER_TABLE_STMT) {
            return false;
        }
        const PgQuery__AlterTableStmt& alter = *node.alter_table_stmt;
        return std::any_of(alter.cmds, alter.cmds + alter.n_cmds, [](const PgQuery__Node* command) {
            const auto subtype = command->alter_table_cmd->subtype;
            return subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType || subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn ||
                   subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition || subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition;
        });
    }

    const catalog::Catalog& catalog_;
    const Plan& plan_;
    std::map<std::string, const StatementPlan*> planned_;  // by place
    std::vector<DataCheck> checks_;
    std::set<QualifiedName> changed_;  // by earlier statements: their rows, or what their names mean
    bool changes_anything_ = false;    // an earlier statement does what cannot be seen
    const analysis::Facts* facts_ = nullptr;
    const std::vector<std::string>* schemas_ = nullptr;
    std::string search_path_;
    base::Place place_;
};

std::string from(const QualifiedName& table, bool only) {
    return (only ? "ONLY " : "") + sql::quote_name(table);
}

// As IS NOT NULL, which for a row type asks for all of its fields.
std::vector<std::string> each(const std::vector<std::string>& keys, std::string_view condition) {
    std::vector<std::string> conditions;
    for (const std::string& key : keys) {
        conditions.push_back(fmt::format("{} {}", key, condition));
    }
    return conditions;
}

std::string together(const std::vector<std::string>& conditions, std::string_view word) {
    return fmt::format("({})", fmt::join(conditions, fmt::format(" {} ", word)));
}

std::string shown(const std::vector<std::string>& keys) {
    return fmt::format("concat_ws(', ', {})", fmt::join(keys, ", "));
}

std::string duplicates_query(const DataCheck& check, int most) {
    std::vector<std::string> conditions;
    if (!check.nulls_not_distinct) {
        conditions = each(check.keys, "IS DISTINCT FROM NULL");
    }
    if (!check.predicate.empty()) {
        conditions.push_back("(" + check.predicate + "\n)");
    }
    std::vector<std::string> numbers;
    for (std::size_t i = 1; i <= check.keys.size(); ++i) {
        numbers.push_back(fmt::format("key{}", i));
    }
    std::vector<std::string> named;
    for (std::size_t i = 0; i < check.keys.size(); ++i) {
        named.push_back(fmt::format("{} AS {}", check.keys[i], numbers[i]));
    }
    return fmt::format("SELECT {}, count(*) FROM (SELECT {} FROM {}{}) AS looked GROUP BY {} HAVING count(*) > 1 LIMIT {}", shown(numbers),
                       list(named), from(check.table, check.only), conditions.empty() ? "" : " WHERE " + together(conditions, "AND"),
                       list(numbers), most);
}

std::string orphans_query(const DataCheck& check, int most) {
    std::vector<std::string> mine;
    std::vector<std::string> pairs;
    for (std::size_t i = 0; i < check.keys.size(); ++i) {
        mine.push_back("referencing." + check.keys[i]);
        pairs.push_back(fmt::format("referenced.{} = {}", check.referenced[i], mine.back()));
    }
    const std::string missing = fmt::format("NOT EXISTS (SELECT FROM {} AS referenced WHERE {})",
                                            from(check.references, check.references_only), fmt::join(pairs, " AND "));
    std::string condition = together(each(mine, "IS NOT NULL"), "AND") + " AND " + missing;
    if (check.match_full) {
        condition =
            fmt::format("({}) OR ({} AND {})", condition, together(each(mine, "IS NULL"), "OR"), together(each(mine, "IS NOT NULL"), "OR"));
    }
    // Many rows may lack the same one.
    return fmt::format(
        "SELECT DISTINCT found.key, NULL::bigint FROM (SELECT {} AS key FROM {} AS referencing WHERE {} LIMIT 1000) AS found LIMIT {}",
        shown(mine), from(check.table, check.only), condition, most);
}

}  // namespace

std::vector<DataCheck> data_checks(const runbook::Runbook& runbook, const catalog::Catalog& catalog, const Plan& plan) {
    Collector collector(catalog, plan);
    each_with_path(runbook, [&](const sql::Statement& statement, const std::string& search_path, bool tried) {
        if (!tried) {
            collector.take(statement, split_path(search_path, catalog.role, catalog.search_path), search_path);
        }
    });
    return collector.checks();
}

std::string offending_query(const DataCheck& check, int most) {
    const std::string row = check.identifies.empty() ? "'ctid ' || ctid::text" : shown(check.identifies);
    switch (check.kind) {
        case Kind::duplicates: return duplicates_query(check, most);
        case Kind::orphans: return orphans_query(check, most);
        // The author's text may end with a comment.
        case Kind::violations:
            return fmt::format("SELECT {}, NULL::bigint FROM {} WHERE ({}\n) IS FALSE LIMIT {}", row, from(check.table, check.only),
                               check.expression, most);
        case Kind::nulls:
            return fmt::format("SELECT {}, NULL::bigint FROM {} WHERE {} LIMIT {}", row, from(check.table, check.only),
                               together(each(check.keys, "IS NULL"), "OR"), most);
    }
    return "";
}

}  // namespace pgbelay::plan
