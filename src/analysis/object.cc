#include "analysis/object.h"

#include "analysis/common.h"
#include "sql/quote.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

void touch_published(Facts& facts, const Context& ctx, std::size_t count, PgQuery__Node* const* objects) {
    for (std::size_t i = 0; i < count; ++i) {
        if (objects[i]->node_case != PG_QUERY__NODE__NODE_PUBLICATION_OBJ_SPEC) {
            continue;
        }
        const auto* table = objects[i]->publication_obj_spec->pubtable;
        if (table != nullptr && table->relation != nullptr) {
            touch_all(facts, ctx, name_of(table->relation), LockMode::share_update_exclusive, Reason::publishes);
        }
    }
}

// ADD TABLE is undone by DROP TABLE, when tables are all that was added.
Inverse former_publication(const PgQuery__AlterPublicationStmt& alter, const Context& ctx) {
    std::string tables;
    for (std::size_t i = 0; i < alter.n_pubobjects; ++i) {
        const auto& object = *alter.pubobjects[i];
        const auto* table = object.node_case == PG_QUERY__NODE__NODE_PUBLICATION_OBJ_SPEC ? object.publication_obj_spec->pubtable : nullptr;
        if (table == nullptr || table->relation == nullptr) {
            return no_inverse("the former contents of the publication are not known");
        }
        tables += (tables.empty() ? "" : ", ") + sql::quote_name(found_name(ctx.now, name_of(table->relation)));
    }
    if (alter.action != PG_QUERY__ALTER_PUBLICATION_ACTION__AP_AddObjects || tables.empty()) {
        return no_inverse("the former contents of the publication are not known");
    }
    return undo({fmt::format("ALTER PUBLICATION {} DROP TABLE {}", sql::quote_identifier(text(alter.pubname)), tables)});
}

// "CreateOpClassStmt" as people read it: "create op class".
std::string words_of(const std::string& kind) {
    std::string words;
    for (const char c : kind.ends_with("Stmt") ? kind.substr(0, kind.size() - 4) : kind) {
        const bool upper = c >= 'A' && c <= 'Z';
        words += upper && !words.empty() ? " " : "";
        words += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return words;
}

}  // namespace

Analysis analyze_create_schema(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_schema_stmt;
    auto name = text(create.schemaname);
    if (name.empty() && create.authrole != nullptr) {
        name = text(create.authrole->rolename);
    }
    Analysis analysis;
    analysis.name = "create schema " + name;
    if (ctx.now.schemas.contains(name)) {
        const auto what = "schema " + name;
        if (create.if_not_exists) {
            analysis.skip = what + " is already there";
        } else {
            analysis.refusal = already_there(what);
        }
        return analysis;
    }
    const auto drop = "DROP SCHEMA " + sql::quote_identifier(name);
    if (create.n_schema_elts > 0) {
        auto inverse = undo({drop + " CASCADE"});
        inverse.loses_data = true;
        inverse.why = fmt::format("all that schema {} holds by then", name);
        return run_as_written(analysis, statement, std::move(inverse));
    }
    const bool may_exist = create.if_not_exists && !ctx.now.loaded;
    return run_as_written(
        analysis, statement,
        may_exist ? no_inverse(fmt::format("whether schema {} was there before is not known without a database", name)) : undo({drop}));
}

Analysis analyze_create_extension(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_extension_stmt;
    const auto name = text(create.extname);
    Analysis analysis;
    analysis.name = "create extension " + name;
    if (ctx.now.extensions.contains(name)) {
        if (create.if_not_exists) {
            analysis.skip = fmt::format("extension {} is already there", name);
        } else {
            analysis.refusal = already_there("extension " + name);
        }
        return analysis;
    }
    const bool may_exist = create.if_not_exists && !ctx.now.loaded;
    return run_as_written(analysis, statement,
                          may_exist ? no_inverse(fmt::format("whether extension {} was there before is not known without a database", name))
                                    : undo({"DROP EXTENSION " + sql::quote_identifier(name)}));
}

Analysis analyze_alter_extension(const sql::Statement& statement, const Context& /*ctx*/) {
    const auto& node = statement.node();
    const bool contents = node.node_case == PG_QUERY__NODE__NODE_ALTER_EXTENSION_CONTENTS_STMT;
    const auto name = text(contents ? node.alter_extension_contents_stmt->extname : node.alter_extension_stmt->extname);
    Analysis analysis;
    analysis.name = "alter extension " + name;
    // What an extension's update script does stands in a file of the server.
    analysis.facts.opaque = !contents;
    return run_as_written(analysis, statement, no_inverse(fmt::format("extension {} cannot be taken back to its former version", name)));
}

Analysis analyze_publication(const sql::Statement& statement, const Context& ctx) {
    const auto& node = statement.node();
    Analysis analysis;
    if (node.node_case == PG_QUERY__NODE__NODE_CREATE_PUBLICATION_STMT) {
        const auto& create = *node.create_publication_stmt;
        analysis.name = "create publication " + text(create.pubname);
        touch_published(analysis.facts, ctx, create.n_pubobjects, create.pubobjects);
        return run_as_written(analysis, statement, undo({"DROP PUBLICATION " + sql::quote_identifier(text(create.pubname))}));
    }
    const auto& alter = *node.alter_publication_stmt;
    analysis.name = "alter publication " + text(alter.pubname);
    touch_published(analysis.facts, ctx, alter.n_pubobjects, alter.pubobjects);
    for (const auto& [name, relation] : ctx.now.relations) {
        const auto& in = relation.publications;
        if (alter.action == PG_QUERY__ALTER_PUBLICATION_ACTION__AP_SetObjects && std::ranges::find(in, text(alter.pubname)) != in.end()) {
            touch(analysis.facts, ctx, name, LockMode::share_update_exclusive, Reason::publishes);
        }
    }
    return run_as_written(analysis, statement, former_publication(alter, ctx));
}

Analysis analyze_statistics(const sql::Statement& statement, const Context& ctx) {
    const auto& create = *statement.node().create_stats_stmt;
    Analysis analysis;
    for (std::size_t i = 0; i < create.n_relations; ++i) {
        if (create.relations[i]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
            touch(analysis.facts, ctx, name_of(create.relations[i]->range_var), LockMode::share_update_exclusive,
                  Reason::changes_statistics);
        }
    }
    const auto written = name_of(create.n_defnames, create.defnames);
    if (written.empty()) {
        analysis.name = "create statistics";
        return run_as_written(analysis, statement, no_inverse("the server chooses the name of the statistics object"));
    }
    const auto name = ctx.now.resolve_new(written);
    analysis.name = named("create statistics", name);
    auto inverse = create.if_not_exists
                       ? no_inverse(fmt::format("whether statistics {} were there before is not known", sql::quote_name(name)))
                       : undo({"DROP STATISTICS " + sql::quote_name(name)});
    return run_as_written(analysis, statement, std::move(inverse));
}

Analysis analyze_explain(const sql::Statement& statement, const Context& ctx) {
    const auto& explain = *statement.node().explain_stmt;
    Analysis analysis;
    analysis.name = "explain";
    bool runs = false;
    for (std::size_t i = 0; i < explain.n_options; ++i) {
        const auto& option = *explain.options[i]->def_elem;
        runs = runs || (text(option.defname) == "analyze" && (option.arg == nullptr || string_of(option.arg) != "false"));
    }
    touch_query(analysis.facts, ctx, explain.query, runs ? Extent::executed : Extent::planned);
    if (!runs) {
        analysis.facts.writes.clear();
    }
    return run_as_written(analysis, statement,
                          analysis.facts.writes.empty() ? nothing_to_undo() : no_inverse("the former rows are not kept"));
}

Analysis analyze_other_object(const sql::Statement& statement, const Context& /*ctx*/) {
    Analysis analysis;
    analysis.name = words_of(statement.kind);
    analysis.notes.emplace_back("what this kind of statement locks is not known here: it runs as written under every timeout");
    analysis.facts.opaque = true;
    return run_as_written(analysis, statement, no_inverse("no way back is known for this kind of statement"));
}

}  // namespace pgbelay::analysis
