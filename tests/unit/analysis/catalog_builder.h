// Catalogs for tests, made by hand from SQL and without a server, and analyses in words that a test can compare.
#pragma once

#include "analysis/analysis.h"
#include "catalog/apply.h"
#include "sql/script.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::analysis {

inline constexpr std::int64_t kLarge = std::int64_t{1} << 30;

// What a server would hold after `sql`: tables of 1 GB with rows in them, owned by us.
inline catalog::Catalog catalog_of(std::string_view sql, int major = 15) {
    catalog::Catalog catalog;
    catalog.server_major = major;
    catalog.loaded = true;
    catalog.search_path = {"public"};
    catalog.role = "app";
    catalog.schemas = {"public"};
    for (const sql::Statement& statement : sql::read_script(sql, "setup.sql", {}).statements) {
        catalog::apply(statement, catalog);
    }
    catalog.schemas_of_plan.clear();
    change_each(catalog.types, [](catalog::Type& type) { type.created_by_plan = false; });
    change_each(catalog.relations, [](catalog::Relation& relation) {
        relation.created_by_plan = false;
        relation.owner = "app";
        relation.bytes = kLarge;
        for (catalog::Column& column : relation.columns) {
            column.all_null = false;
        }
        for (catalog::Index& index : relation.indexes) {
            if (!index.definition.empty()) {
                continue;
            }
            index.definition = fmt::format("CREATE {}INDEX {} ON {} USING {} ({})", index.unique ? "UNIQUE " : "", index.name.name,
                                           sql::display(index.table), index.method, fmt::join(index.keys, ", "));
        }
    });
    return catalog;
}

inline const char* word(Phase phase) {
    switch (phase) {
        case Phase::before: return "before";
        case Phase::inside: return "inside";
        case Phase::after: return "after";
    }
    return "";
}

inline const char* word(Method method) {
    switch (method) {
        case Method::transaction: return "transaction";
        case Method::validate: return "validate";
        case Method::build: return "build";
        case Method::attach: return "attach";
        case Method::drop_concurrently: return "drop_concurrently";
        case Method::repeatable: return "repeatable";
        case Method::once: return "once";
    }
    return "";
}

// One line a run: `before build: CREATE INDEX CONCURRENTLY …`.
inline std::vector<std::string> lines(const Analysis& analysis) {
    std::vector<std::string> all;
    for (const Run& run : analysis.runs) {
        all.push_back(fmt::format("{} {}: {}", word(run.phase), word(run.method), run.sql));
    }
    return all;
}

inline std::vector<std::string> lines(const std::vector<RelationLock>& locks) {
    std::vector<std::string> all;
    for (const RelationLock& lock : locks) {
        all.push_back(fmt::format("{}:{}", lock.relation.name, catalog::pg_name(lock.mode)));
    }
    return all;
}

inline std::vector<std::string> names(const std::vector<QualifiedName>& relations) {
    std::vector<std::string> all;
    for (const QualifiedName& name : relations) {
        all.push_back(name.name);
    }
    return all;
}

// A plan in small: what stands in the database, and the statements of the group that came earlier.
struct Situation {
    catalog::Catalog base;
    catalog::Catalog now;
    bool in_group = false;
    bool rewrite = true;
    std::set<QualifiedName> written;

    explicit Situation(std::string_view setup, int major = 15) : base(catalog_of(setup, major)), now(base) {}

    Situation& after(std::string_view sql) {
        in_group = true;
        for (const sql::Statement& statement : sql::read_script(sql, "group.sql", {}).statements) {
            catalog::apply(statement, now);
        }
        return *this;
    }
    Situation& wrote(const std::string& table) {
        in_group = true;
        written.insert({"public", table});
        return *this;
    }
    Situation& grouped() {
        in_group = true;
        return *this;
    }
    Situation& as_written() {
        rewrite = false;
        return *this;
    }
    Situation& tiny(const std::string& table) {
        for (catalog::Catalog* catalog : {&base, &now}) {
            catalog->relations.at({"public", table}).bytes = 8192;
        }
        return *this;
    }
    Analysis operator()(const std::string& sql) const {
        const Context context{.base = base, .now = now, .in_group = in_group, .rewrite = rewrite, .written = written};
        return analyze(sql::read_statement(sql), context);
    }
};

}  // namespace pgbelay::analysis
