#include "engine/rows.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pgbelay::engine {

namespace {

// By what the plan knew of it; one that is not in the plan may still be spoken of.
bool has_business(const plan::Plan& plan, catalog::Oid oid, const sql::QualifiedName& name) {
    const bool planned = std::ranges::any_of(plan.tables, [&](const plan::PlannedTable& table) {
        return table.use != plan::RowUse::none && (table.oid == oid || (table.oid == catalog::Oid{} && table.name == name));
    });
    return planned || plan.mentioned.contains(name.name);
}

std::string at_step(const plan::Plan& plan, int n) {
    const auto* step = plan::find_step(plan, n);
    return step == nullptr ? fmt::format("step {}", n) : fmt::format("step {} ({})", n, base::to_string(step->place));
}

std::string rows_of(std::int64_t n) {
    return fmt::format("{} row{}", n, n == 1 ? "" : "s");
}

std::int64_t lost_in(const TableRows& table) {
    std::int64_t lost = 0;
    for (const auto& deletion : table.deletions) {
        lost += deletion.lost();
    }
    return lost;
}

// Counting is exact where the application has not been at the table; where nothing is missing, nothing was lost.
bool is_lost(const TableRows& table) {
    const bool all_there = table.before && table.after && *table.after >= *table.before;
    return lost_in(table) > 0 && !all_there;
}

std::string what_was_deleted(const RowDeletion& deletion) {
    std::string words =
        deletion.emptied > 0 ? fmt::format("about {} taken by TRUNCATE", deletion.emptied) : fmt::format("{} deleted", deletion.deleted);
    return deletion.inserted > 0 ? fmt::format("{} and {} inserted", words, deletion.inserted) : words;
}

std::string by_the_run(const TableRows& table, const RowsReport& rows, const plan::Plan& plan) {
    if (!table.deletions.empty()) {
        std::vector<std::string> words;
        for (const auto& deletion : table.deletions) {
            words.push_back(fmt::format("{} in {}", what_was_deleted(deletion), at_step(plan, deletion.n)));
        }
        return fmt::format("{}", fmt::join(words, ", "));
    }
    if (!rows.statistics) {
        return "not known: track_counts is off";
    }
    if (!rows.unwatched.empty()) {
        return fmt::format("none deleted, but for what step {} may have done (it commits by itself)", fmt::join(rows.unwatched, ", "));
    }
    return rows.ddl_alone ? "none deleted (the run is DDL alone)" : "none deleted (statistics of this run's sessions)";
}

std::string describe(const TableRows& table, const RowsReport& rows, const plan::Plan& plan) {
    if (table.before && table.after && *table.before == *table.after && table.deletions.empty()) {
        return fmt::format("{} before and after (counted)", *table.before);
    }
    const std::string run = by_the_run(table, rows, plan);
    if (table.before && table.after) {
        return fmt::format("{} before, {} after (counted); by this run: {}", *table.before, *table.after, run);
    }
    return table.note.empty() ? run : fmt::format("{}; not counted: {}", run, table.note);
}

}  // namespace

RowsReport judge_rows(const plan::Plan& plan, const std::vector<RowCount>& counts, const std::vector<RowDeletion>& deletions) {
    RowsReport report{.statistics = plan.row_statistics};
    for (const auto& step : plan.steps) {
        report.ddl_alone = report.ddl_alone && !step.may_change_rows;
        if (step.may_change_rows && step.kind == plan::StepKind::once && !step.skip) {
            report.unwatched.push_back(step.n);
        }
    }
    std::map<catalog::Oid, TableRows> tables;
    for (const auto& table : plan.tables) {
        if (!has_business(plan, table.oid, table.name)) {
            tables[table.oid] = {.oid = table.oid, .name = table.name};
        }
    }
    for (const auto& count : counts) {
        if (const auto table = tables.find(count.relation); table != tables.end()) {
            table->second.name = count.name;
            table->second.before = count.before;
            table->second.after = count.after;
            table->second.note = count.note;
        }
    }
    for (const auto& deletion : deletions) {
        if (!has_business(plan, deletion.relation, deletion.name)) {
            auto& table = tables.try_emplace(deletion.relation, TableRows{.oid = deletion.relation, .name = deletion.name}).first->second;
            table.deletions.push_back(deletion);
        }
    }
    for (auto& [oid, table] : tables) {
        table.lost = is_lost(table);
        table.words = describe(table, report, plan);
        report.tables.push_back(std::move(table));
    }
    std::ranges::sort(report.tables, {}, &TableRows::name);
    return report;
}

std::string describe_loss(const TableRows& table, const plan::Plan& plan, const std::vector<std::string>& suspects) {
    std::vector<std::string> steps;
    bool about = false;
    for (const auto& deletion : table.deletions) {
        steps.push_back(at_step(plan, deletion.n));
        about = about || deletion.emptied > 0;
    }
    std::string words = fmt::format("{} lost {}{} in {}, and this plan has no business with its rows", sql::display(table.name),
                                    about ? "about " : "", rows_of(lost_in(table)), fmt::join(steps, ", "));
    if (!suspects.empty()) {
        words += fmt::format("; probably {}", fmt::join(suspects, " or "));
    }
    return words;
}

}  // namespace pgbelay::engine
