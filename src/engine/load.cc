#include "engine/load.h"

#include "analysis/body.h"
#include "catalog/tree_util.h"
#include "engine/ask.h"
#include "pg/catalog_loader.h"
#include "pg/server.h"
#include "plan/session.h"

#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace pgbelay::engine {

namespace {

using sql::QualifiedName;

// Functions that call functions, triggers that fire triggers: further than so many levels nobody looks.
constexpr int kRounds = 4;

template <class Name>
void make_unique(std::vector<Name>& names) {
    std::ranges::sort(names);
    const auto rest = std::ranges::unique(names);
    names.erase(rest.begin(), rest.end());
}

// Unqualified names are asked for in every schema of the path: which of them is meant is then the catalog's to say.
void add_names(const std::vector<QualifiedName>& names, const std::vector<std::string>& schemas, std::vector<QualifiedName>& into) {
    for (const auto& name : names) {
        if (!name.schema.empty()) {
            into.push_back(name);
            continue;
        }
        for (const auto& schema : schemas) {
            into.push_back({schema, name.name});
        }
    }
}

bool changes_rows(const sql::Statement& statement) {
    static const std::set<std::string_view> kKinds{"InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt",   "CopyStmt",
                                                   "SelectStmt", "DoStmt",     "CallStmt",   "ExplainStmt", "TruncateStmt"};
    return kKinds.contains(statement.kind);
}

class Needs {
public:
    explicit Needs(pg::LoadRequest& request) : request_(request) {}

    void take(const sql::Statement& statement, const std::vector<std::string>& schemas) {
        take_names(statement, schemas);
        take_reached(statement, schemas);
        const auto path = analysis::own_search_path(statement).value_or(schemas);
        for (const auto& inner : analysis::statements_inside(statement)) {
            take(inner, path);
        }
        changes_rows_ = changes_rows_ || changes_rows(statement);
        take_rename(statement, schemas);
        take_deletion(statement, schemas);
    }

    // What the functions that are loaded by now, and the triggers on the tables, lead to. False when that is nothing new.
    bool take_code(const catalog::Catalog& catalog) {
        if (!changes_rows_) {
            return false;
        }
        const std::size_t before = size();
        for (const auto& [name, relation] : catalog.relations) {
            for (const auto& trigger : relation.triggers) {
                add_names(sql::functions_named(sql::read_statement(trigger.definition)), catalog.search_path, request_.functions);
            }
            for (const auto& column : relation.columns) {
                take_default(column, catalog.search_path);
            }
            for (const auto& rule : relation.rules) {
                take_names(sql::read_statement(rule.definition), catalog.search_path);
            }
        }
        for (const auto& [name, overloads] : catalog.functions) {
            for (const auto& function : overloads) {
                take_function(function, catalog.search_path);
            }
        }
        take_referring(catalog);
        finish();
        return size() > before;
    }

    void finish() {
        make_unique(request_.relations);
        make_unique(request_.functions);
        make_unique(request_.types);
        make_unique(request_.null_checks);
    }

private:
    void take_rename(const sql::Statement& statement, const std::vector<std::string>& schemas) {
        const auto* rename = statement.kind == "RenameStmt" ? statement.node().rename_stmt : nullptr;
        if (rename == nullptr || rename->rename_type != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE || rename->relation == nullptr) {
            return;
        }
        const auto before = catalog::name_of(rename->relation);
        auto former = former_[before.name];
        add_names({before}, schemas, former);
        former_[rename->newname] = std::move(former);
    }

    // What they change may still have the name that it had before the plan.
    void take_deletion(const sql::Statement& statement, const std::vector<std::string>& schemas) {
        if (statement.kind != "DeleteStmt" && statement.kind != "UpdateStmt" && statement.kind != "MergeStmt") {
            return;
        }
        const auto names = sql::relations_named(statement);
        add_names(names, schemas, deletes_from_);
        for (const auto& name : names) {
            if (const auto former = former_.find(name.name); former != former_.end()) {
                deletes_from_.insert(deletes_from_.end(), former->second.begin(), former->second.end());
            }
        }
    }

    // Rows that are deleted, or change what others refer to, take the referring ones along, level after level.
    void take_referring(const catalog::Catalog& catalog) {
        std::vector<QualifiedName> next;
        for (const auto& name : deletes_from_) {
            const auto* relation = catalog.find(name);
            for (const auto& key : relation == nullptr ? std::vector<catalog::ForeignKeyIn>{} : *relation->referenced_by) {
                next.push_back(key.table);
            }
        }
        request_.relations.insert(request_.relations.end(), next.begin(), next.end());
        deletes_from_.insert(deletes_from_.end(), next.begin(), next.end());
        make_unique(deletes_from_);
    }

    std::size_t size() const { return request_.relations.size() + request_.functions.size(); }

    void take_names(const sql::Statement& statement, const std::vector<std::string>& schemas) {
        add_names(sql::relations_named(statement), schemas, request_.relations);
        add_names(sql::functions_named(statement), schemas, request_.functions);
        add_names(sql::types_named(statement), schemas, request_.types);
        add_names(sql::sequences_called(statement), schemas, request_.relations);
        take_dropped_columns(statement, schemas);
    }

    void take_default(const catalog::Column& column, const std::vector<std::string>& schemas) {
        const bool calls = column.default_expression && column.default_expression->find('(') != std::string::npos &&
                           !column.default_expression->starts_with("nextval(");
        if (calls && read_.insert(*column.default_expression).second) {
            add_names(sql::functions_named(sql::read_statement("SELECT " + *column.default_expression)), schemas, request_.functions);
        }
    }

    void take_function(const catalog::Function& function, const std::vector<std::string>& schemas) {
        if (function.volatility == 'v' && function.name.schema != "pg_catalog" && !function.definition.empty() &&
            read_.insert(function.definition).second) {
            const auto definition = sql::read_statement(function.definition);
            take_names(definition, schemas);
            const auto path = analysis::own_search_path(definition).value_or(schemas);
            for (const auto& inner : analysis::statements_inside(definition)) {
                take_names(inner, path);
                take_deletion(inner, path);
            }
        }
    }

    // A column that holds nothing can come back when it was dropped: the plan wants to know.
    void take_dropped_columns(const sql::Statement& statement, const std::vector<std::string>& schemas) {
        if (statement.kind != "AlterTableStmt") {
            return;
        }
        const PgQuery__AlterTableStmt& alter = *statement.node().alter_table_stmt;
        std::vector<QualifiedName> tables;
        add_names({{alter.relation->schemaname, alter.relation->relname}}, schemas, tables);
        for (std::size_t i = 0; i < alter.n_cmds; ++i) {
            const PgQuery__AlterTableCmd& command = *alter.cmds[i]->alter_table_cmd;
            for (const auto& table : tables) {
                if (command.subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn) {
                    request_.null_checks.push_back({table, command.name});
                }
            }
        }
    }

    void take_reached(const sql::Statement& statement, const std::vector<std::string>& schemas) {
        auto& reached = request_.reached;
        if (statement.kind == "DropStmt" && statement.node().drop_stmt->remove_type == PG_QUERY__OBJECT_TYPE__OBJECT_STATISTIC_EXT) {
            const auto& drop = *statement.node().drop_stmt;
            for (std::size_t i = 0; i < drop.n_objects; ++i) {
                add_names({catalog::name_of_list(drop.objects[i])}, schemas, reached.statistics);
            }
        } else if (statement.kind == "DropStmt" && statement.node().drop_stmt->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE) {
            take_dropped(*statement.node().drop_stmt, statement, schemas);
        } else if (statement.kind == "AlterDomainStmt" || statement.kind == "AlterTypeStmt" ||
                   (statement.kind == "AlterTableStmt" &&
                    statement.node().alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE)) {
            add_names(sql::types_named(statement), schemas, reached.types);
            add_names(sql::relations_named(statement), schemas, reached.types);
        } else if (statement.kind == "DropOwnedStmt") {
            const auto& drop = *statement.node().drop_owned_stmt;
            for (std::size_t i = 0; i < drop.n_roles; ++i) {
                reached.owners.emplace_back(drop.roles[i]->role_spec->rolename == nullptr ? "" : drop.roles[i]->role_spec->rolename);
            }
        } else if (statement.kind == "AlterPublicationStmt") {
            reached.publications.emplace_back(statement.node().alter_publication_stmt->pubname);
        }
    }

    void take_dropped(const PgQuery__DropStmt& drop, const sql::Statement& statement, const std::vector<std::string>& schemas) {
        auto& reached = request_.reached;
        switch (drop.remove_type) {
            case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
                for (std::size_t i = 0; i < drop.n_objects; ++i) {
                    reached.schemas.push_back(catalog::string_of(drop.objects[i]));
                }
                break;
            case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
            case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: add_names(sql::types_named(statement), schemas, reached.types); break;
            case PG_QUERY__OBJECT_TYPE__OBJECT_FUNCTION:
            case PG_QUERY__OBJECT_TYPE__OBJECT_PROCEDURE:
            case PG_QUERY__OBJECT_TYPE__OBJECT_ROUTINE: add_names(sql::functions_named(statement), schemas, reached.functions); break;
            default: break;
        }
    }

    pg::LoadRequest& request_;
    std::set<std::string> read_;  // definitions of functions, and defaults
    std::vector<QualifiedName> deletes_from_;
    std::map<std::string, std::vector<QualifiedName>> former_;  // by the name that a table gets
    bool changes_rows_ = false;
};

}  // namespace

catalog::Catalog load_for(pg::Connection& connection, const runbook::Runbook& runbook) {
    pg::LoadRequest request;
    request.search_path = connection.default_search_path();
    const auto role = pg::server_facts(connection).role;
    Needs needs(request);
    const auto defaults = plan::split_path(connection.default_search_path(), role);
    plan::each_with_path(runbook, [&](const sql::Statement& statement, const std::string& path, bool /*tried*/) {
        needs.take(statement, plan::split_path(path, role, defaults));
    });
    Questions questions;
    for (const auto& item : runbook.items) {
        if (const auto* sql = std::get_if<runbook::SqlItem>(&item.what)) {
            std::ranges::for_each(sql->statements, [&](const auto& statement) { questions.note(statement); });
        }
    }
    auto answers = questions.ask(connection);
    for (const auto& [question, executed] : answers.executed) {
        for (const auto& text : executed) {
            for (const auto& statement : analysis::statements_in(text).value_or(std::vector<sql::Statement>{})) {
                needs.take(statement, defaults);
            }
        }
    }
    needs.finish();
    catalog::Catalog catalog = pg::load_catalog(connection, request);
    for (int round = 0; round < kRounds && needs.take_code(catalog); ++round) {
        catalog = pg::load_catalog(connection, request);
    }
    catalog.answers = std::move(answers);
    return catalog;
}

}  // namespace pgbelay::engine
