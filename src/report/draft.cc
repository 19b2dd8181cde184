#include "report/draft.h"

#include "plan/planner.h"
#include "report/fact_sql.h"
#include "report/json.h"
#include "report/markdown.h"
#include "report/plan_text.h"
#include "report/text.h"
#include "sql/quote.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace pgbelay::report {
namespace fs = std::filesystem;

namespace {

// What a person has to answer, or to delete.
std::string question(const std::string& text) {
    return "> **To answer:** " + text + "\n\n";
}

// As YAML reads it.
std::string quoted(const std::string& text) {
    return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// "20240131_add_order_status.sql": "Add order status".
std::string title_of(const runbook::File& file) {
    const fs::path path(file.path);
    std::string name = path.stem().string();
    if (file.layout == runbook::Layout::prisma) {
        name = path.parent_path().filename().string();
    }
    const std::size_t words = name.find_first_not_of("0123456789_-. V");
    std::string title = words == std::string::npos ? name : name.substr(words);
    std::ranges::replace_if(title, [](char c) { return c == '_' || c == '-'; }, ' ');
    if (!title.empty()) {
        title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    }
    return markdown_text(title);
}

std::vector<std::string> existing_tables(const plan::Plan& plan) {
    std::vector<std::string> names;
    for (const plan::PlannedTable& table : plan.tables) {
        if (table.oid != catalog::Oid{}) {
            names.push_back(quoted(sql::quote_name(table.name)));
        }
    }
    return names;
}

std::string front_matter(const DraftFor& draft) {
    std::string out =
        fmt::format("---\npgbelay: 1\nname: {}\ntargets:\n  production: ${{DATABASE_URL}}\nrequire:\n", quoted(draft.runbook.name));
    out += draft.plan.server_major > 0 ? fmt::format("  postgres: \">={}\"\n", draft.plan.server_major) : "  postgres: \">=13\"\n";
    if (!draft.database.empty()) {
        out += fmt::format("  database: {}\n", quoted(draft.database));
    }
    if (const auto tables = existing_tables(draft.plan); !tables.empty()) {
        out += fmt::format("  tables: [{}]\n", fmt::join(tables, ", "));
    }
    out +=
        "  no_invalid_indexes: true\n  oldest_idle_in_transaction: 5min\nlimits: { lock_timeout: 100ms, hold: 1s }\non_breach: "
        "pause\n---\n";
    return out;
}

std::string before() {
    return "## Before\n\n" + question("Is there a backup, and what is it called? When was one restored last?") +
           markdown_fence("confirm name=backup", "The last backup is complete, and its restore was tried.\n") +
           question(
               "When is it quiet enough? `window:` in the front matter holds the deployment to it. Who has to know, and who is on call?");
}

// The steps of one file, in order.
std::vector<const plan::Step*> steps_of_file(const plan::Plan& plan, int file) {
    std::vector<const plan::Step*> steps;
    for (const plan::Step& step : plan.steps) {
        if (step.file == file) {
            steps.push_back(&step);
        }
    }
    return steps;
}

// What is true of the catalog when the file is done: of each thing the last word.
std::string check_of(const std::vector<const plan::Step*>& steps) {
    std::vector<std::string> seen_facts;
    std::vector<catalog::Condition> conditions;
    for (const plan::Step* step : steps) {
        conditions.push_back(step->condition);
    }
    for (const catalog::Fact& fact : plan::lasting(conditions).facts) {
        std::string text = seen(fact);
        if (std::ranges::find(seen_facts, text) == seen_facts.end()) {
            seen_facts.push_back(std::move(text));
        }
    }
    return seen_facts.empty() ? ""
                              : markdown_fence("sql check expect=true", fmt::format("SELECT {};\n", fmt::join(seen_facts, "\n   AND ")));
}

const catalog::Index* index_of(const catalog::Catalog& after, const plan::Step& step) {
    const catalog::Relation* table = step.index.name.empty() ? nullptr : after.find(step.table);
    if (table == nullptr) {
        return nullptr;
    }
    const auto found = std::ranges::find(table->indexes, step.index, &catalog::Index::name);
    return found == table->indexes.end() ? nullptr : &*found;
}

// A query by the index's columns. Only of whole b-tree indexes: what others are for, their definition does not tell.
std::string explain_of(const plan::Step& step, const catalog::Index& index) {
    const std::string table = sql::quote_name(step.table);
    std::string parameters;
    std::string conditions;
    int n = 0;
    for (const std::string& key : index.keys) {
        const std::string column = sql::quote_identifier(key);
        parameters += fmt::format("-- with: ${} = (SELECT {} FROM {} WHERE {} IS NOT NULL LIMIT 1)\n", ++n, column, table, column);
        conditions += fmt::format("{} {} = ${}", n == 1 ? " WHERE" : "\n   AND", column, n);
    }
    return markdown_fence("sql explain uses=" + index.name.name,
                          fmt::format("{}SELECT *\n  FROM {}\n{};\n", parameters, table, conditions));
}

bool names_itself_in_an_attribute(const std::string& name) {
    return std::ranges::all_of(name,
                               [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.'; });
}

std::string explains_of(const DraftFor& draft, const std::vector<const plan::Step*>& steps) {
    std::string out;
    for (const plan::Step* step : steps) {
        const catalog::Index* index = step->rebuilds ? nullptr : index_of(draft.after, *step);
        if (index != nullptr && index->method == "btree" && !index->has_expressions && !index->predicate && !index->keys.empty() &&
            names_itself_in_an_attribute(index->name.name)) {
            out += question(fmt::format("Which query of the application is {} for? Put it here, with the values of a typical call.",
                                        markdown_text(index->name.name))) +
                   explain_of(*step, *index);
        } else if (index != nullptr) {
            out += question(
                fmt::format("Which query is {} for? A `sql explain` of it would show that it is used.", markdown_text(index->name.name)));
        }
    }
    return out;
}

// What a reader of the plan would stop at.
std::string doubts_of(const plan::Plan& plan, const std::string& path) {
    std::string out;
    for (const plan::Refusal& refusal : plan.refusals) {
        if (refusal.place.file == path) {
            out += question(fmt::format("pgbelay refuses line {}: {}. {}", refusal.place.line, markdown_text(refusal.message),
                                        refusal.hint.empty() ? "What is to be done?" : markdown_text(refusal.hint) + "."));
        }
    }
    for (const plan::StatementPlan& statement : plan.statements) {
        if (statement.place.file != path) {
            continue;
        }
        if (!statement.inverse && !statement.session && statement.undone_by.empty() && !statement.skip) {
            out += question(fmt::format("Line {} cannot be undone: {}. Has whoever owns the data agreed?", statement.place.line,
                                        markdown_text(statement.no_inverse_why)));
        } else if (statement.loses_data) {
            out += question(fmt::format("Undoing line {} would lose data. Is that acceptable, and for how long?", statement.place.line));
        }
        if (statement.facts.opaque) {
            out += question(
                fmt::format("What line {} locks and changes is not known to pgbelay. How long may it take, and what does it block?",
                            statement.place.line));
        }
    }
    return out;
}

// Longer than a reader wants to see twice: only what comes of the statements.
std::string section(const DraftFor& draft, std::size_t i) {
    const runbook::File& file = draft.runbook.files.at(i);
    const auto steps = steps_of_file(draft.plan, static_cast<int>(i));
    std::string out = fmt::format("## {}\n\n", title_of(file)) + question("What is this for?");
    for (const plan::Step* step : steps) {
        out += fmt::format("- {}{}\n", markdown_text(step->name), step->skip ? ": " + markdown_text(*step->skip) : "");
    }
    out += (steps.empty() ? "" : "\n") + doubts_of(draft.plan, file.path);
    const std::string path = fs::absolute(file.path).lexically_normal().lexically_relative(draft.folder).generic_string();
    const bool plain =
        std::ranges::none_of(path, [](unsigned char c) { return std::isspace(c) != 0 || c == '"' || c == '\'' || c == '`'; });
    if (!plain) {
        return out + question(fmt::format("The path {} has blanks or quotes, which an attribute cannot hold. What will the file be called?",
                                          markdown_text(path)));
    }
    out += markdown_fence(fmt::format("sql apply file={}", path), "");
    return out + check_of(steps) + explains_of(draft, steps);
}

std::string ending(const DraftFor& draft) {
    std::string out = "## After\n\n" + question("What should be watched, on which dashboard, and for how long?") +
                      markdown_fence("confirm name=watched", "The application's errors and latencies are what they were.\n");
    out += "## Rollback\n\n`pgbelay rollback` undoes it, last step first.\n\n";
    for (const std::string& loss : points_of_no_return(draft.plan)) {
        out += fmt::format("- cannot be undone without loss: {}\n", markdown_text(loss));
    }
    return out + (points_of_no_return(draft.plan).empty() ? "" : "\n") +
           question("At which sign is it rolled back, and who decides? How long may that take?");
}

std::string ledgers(const runbook::Runbook& runbook) {
    std::set<std::string> tools;
    for (const runbook::File& file : runbook.files) {
        if (file.layout != runbook::Layout::plain) {
            tools.insert(std::string(runbook::to_string(file.layout)));
        }
    }
    return tools.empty()
               ? ""
               : question(fmt::format("These are migrations of {}, whose ledger does not hear of what a runbook applies. Is it told "
                                      "afterwards, or is the directory deployed as it is (`pgbelay deploy DIR`)?",
                                      fmt::join(tools, " and ")));
}

}  // namespace

std::string draft_runbook(const DraftFor& draft) {
    std::string out = front_matter(draft) + fmt::format("# {}\n\n", markdown_text(draft.runbook.name));
    out += question("What changes for whom, why now, and where is it asked for? Who prepares, reviews and approves it (`approvals:`)?");
    out += ledgers(draft.runbook) + before();
    for (std::size_t i = 0; i < draft.runbook.files.size(); ++i) {
        out += section(draft, i);
    }
    out += ending(draft);
    out.pop_back();
    return out;
}

}  // namespace pgbelay::report
