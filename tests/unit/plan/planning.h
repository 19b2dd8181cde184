// Plans for tests: from SQL text and a catalog made by hand, without files and without a server.
#pragma once

#include "plan/plan.h"
#include "sql/script.h"
#include "unit/analysis/catalog_builder.h"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::plan {

inline std::vector<sql::Statement> statements(std::string_view sql, const std::string& file = "m.sql") {
    return sql::read_script(sql, file, {}).statements;
}

// A runbook under construction: what the readers make of files.
struct Book {
    runbook::Runbook runbook;
    std::string setup;
    PlanOptions options;
    int major = 15;

    explicit Book(std::string tables = "") : setup(std::move(tables)) {
        runbook.name = "test";
        runbook.digest = std::string(64, 'd');
    }

    Book& file(const std::string& path, std::string_view sql, runbook::TransactionRule rule = runbook::TransactionRule::each_statement,
               runbook::Layout layout = runbook::Layout::plain, std::string_view rollback = "",
               runbook::TransactionRule rollback_rule = runbook::TransactionRule::each_statement) {
        sql::Script script = sql::read_script(sql, path, {});
        runbook::SqlItem what;
        what.statements = std::move(script.statements);
        what.trailing_echoes = std::move(script.trailing_echoes);
        what.rule = rule;
        if (!rollback.empty()) {
            what.rollback = statements(rollback, path + ".down");
            what.rollback_rule = rollback_rule;
            what.rollback_from = path + ".down";
        }
        const int index = static_cast<int>(runbook.files.size());
        runbook.files.push_back({.path = path, .key = path, .digest = path + "-digest", .text = std::string(sql), .layout = layout});
        runbook.items.push_back({.name = path, .place = {path, 1, 1}, .file = index, .what = std::move(what)});
        return *this;
    }

    Book& check(const std::string& name, const std::string& sql) {
        runbook::CheckItem what{.statement = sql::read_statement(sql), .expects = {.expect = runbook::Expect::count, .count = 3}};
        runbook.items.push_back({.name = name, .place = {"book.md", 7, 1}, .file = -1, .what = std::move(what)});
        return *this;
    }

    template <typename What>
    Book& item(const std::string& name, What what) {
        runbook.items.push_back({.name = name, .place = {"book.md", 9, 1}, .file = -1, .what = std::move(what)});
        return *this;
    }

    catalog::Catalog catalog() const { return analysis::catalog_of(setup, major); }
    Plan plan() const { return make_plan(runbook, catalog(), options); }
};

// The plan of one plain file on a database with the tables of `setup`.
inline Plan plan_of(std::string_view sql, const std::string& setup = "") {
    return Book(setup).file("m.sql", sql).plan();
}

// One line a step: "transaction: a; b".
inline std::vector<std::string> lines(const Plan& plan) {
    std::vector<std::string> all;
    for (const Step& step : plan.steps) {
        std::vector<std::string> sends;
        for (const Send& send : step.sends) {
            sends.push_back(send.sql);
        }
        all.push_back(fmt::format("{}{}: {}", to_string(step.kind), step.skip ? " (skipped)" : "", fmt::join(sends, "; ")));
    }
    return all;
}

inline std::vector<std::string> names(const Plan& plan) {
    std::vector<std::string> all;
    for (const Step& step : plan.steps) {
        all.push_back(step.name);
    }
    return all;
}

// "m.sql:2:1: message", and the hint after " | ".
inline std::vector<std::string> lines(const std::vector<Refusal>& refusals) {
    std::vector<std::string> all;
    for (const Refusal& refusal : refusals) {
        all.push_back(fmt::format("{}: {} | {}", base::to_string(refusal.place), refusal.message, refusal.hint));
    }
    return all;
}

inline std::vector<std::string> local_settings(const SessionContext& context) {
    std::vector<std::string> all;
    for (const Setting& setting : context.settings) {
        all.push_back(setting.local);
    }
    return all;
}

}  // namespace pgbelay::plan
