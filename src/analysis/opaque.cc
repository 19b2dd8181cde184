#include "analysis/opaque.h"

#include "analysis/common.h"
#include "sql/quote.h"

#include <fmt/format.h>

#include <algorithm>

namespace pgbelay::analysis {

namespace {

std::string identifier(const std::string& token) {
    if (!token.starts_with('"') || token.size() < 2) {
        return lower(token);
    }
    std::string name;
    for (std::size_t i = 1; i + 1 < token.size(); ++i) {
        name += token[i];
        i += token[i] == '"' ? 1 : 0;
    }
    return name;
}

// `ALTER TABLE [IF EXISTS] [ONLY] name …`: the name, and where it ends. Empty when it is another statement.
QualifiedName altered_table(const std::vector<sql::Token>& tokens, std::size_t& at) {
    if (tokens.size() < 3 || lower(tokens[0].text) != "alter" || lower(tokens[1].text) != "table") {
        return {};
    }
    at = 2;
    while (at < tokens.size() &&
           (lower(tokens[at].text) == "if" || lower(tokens[at].text) == "exists" || lower(tokens[at].text) == "only")) {
        ++at;
    }
    if (at >= tokens.size()) {
        return {};
    }
    QualifiedName name{"", identifier(tokens[at++].text)};
    if (at + 1 < tokens.size() && tokens[at].text == ".") {
        name = {name.name, identifier(tokens[at + 1].text)};
        at += 2;
    }
    return name;
}

bool follows(const std::vector<sql::Token>& tokens, std::size_t at, std::initializer_list<std::string_view> words) {
    for (const auto word : words) {
        if (at >= tokens.size() || lower(tokens[at++].text) != word) {
            return false;
        }
    }
    return true;
}

// The forms of version 18 that migrations use and a grammar of 17 refuses; empty for everything else.
std::string newer_form(const std::vector<sql::Token>& tokens) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (follows(tokens, i, {"not", "enforced"})) {
            return "NOT ENFORCED";
        }
        if (follows(tokens, i, {"without", "overlaps"})) {
            return "WITHOUT OVERLAPS";
        }
        if (lower(tokens[i].text) == "virtual" && i > 0 && tokens[i - 1].text == ")") {
            return "VIRTUAL";
        }
        if (follows(tokens, i, {"not", "null"}) && i > 1 && lower(tokens[i - 2].text) == "constraint") {
            return "NOT NULL as a constraint";
        }
    }
    return {};
}

// `ADD [CONSTRAINT name] FOREIGN KEY … REFERENCES table`: its other end is locked too.
void touch_references(Facts& facts, const Context& ctx, const std::vector<sql::Token>& tokens) {
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (lower(tokens[i].text) != "references") {
            continue;
        }
        QualifiedName name{"", identifier(tokens[i + 1].text)};
        if (i + 3 < tokens.size() && tokens[i + 2].text == ".") {
            name = {name.name, identifier(tokens[i + 3].text)};
        }
        touch(facts, ctx, name, LockMode::share_row_exclusive, Reason::referenced_by_new_key);
    }
}

// The constraint of `ADD CONSTRAINT name …`, which its inverse drops; empty when there is none or more is added.
std::string only_constraint(const std::vector<sql::Token>& tokens, std::size_t at) {
    const auto comma = std::count_if(tokens.begin(), tokens.end(), [](const sql::Token& token) { return token.text == ","; });
    return comma == 0 && follows(tokens, at, {"add", "constraint"}) && at + 2 < tokens.size() ? identifier(tokens[at + 2].text) : "";
}

bool adds_only_foreign_key(const std::vector<sql::Token>& tokens, std::size_t at) {
    const std::size_t kind = follows(tokens, at, {"add", "constraint"}) ? at + 3 : at + 1;
    return !only_constraint(tokens, at).empty() && follows(tokens, kind, {"foreign", "key"});
}

std::string first_words(const std::vector<sql::Token>& tokens) {
    std::string words;
    for (std::size_t i = 0; i < std::min<std::size_t>(tokens.size(), 3); ++i) {
        words += (i == 0 ? "" : " ") + tokens[i].text;
    }
    return words;
}

}  // namespace

Analysis analyze_opaque(const sql::Statement& statement, const Context& ctx) {
    const auto tokens = significant_tokens(statement.sql);
    Analysis analysis;
    analysis.facts.opaque = true;
    analysis.name = first_words(tokens);
    std::size_t at = 0;
    const auto table = altered_table(tokens, at);
    const auto form = newer_form(tokens);
    if (table.empty()) {
        for (const auto& name : sql::relations_named(statement)) {
            if (ctx.now.find(name) != nullptr) {
                touch(analysis.facts, ctx, name, LockMode::access_exclusive, Reason::not_understood);
            }
        }
        analysis.notes.emplace_back(
            "the grammar does not know this statement: it runs as written, with every protection, but could not be analysed");
        return run_as_written(analysis, statement, no_inverse("what a statement that was not understood changes is not known"));
    }
    // A foreign key in a newer form is still a foreign key.
    const bool key = adds_only_foreign_key(tokens, at);
    touch_all(analysis.facts, ctx, table, key ? LockMode::share_row_exclusive : LockMode::access_exclusive,
              key ? Reason::adds_foreign_key : Reason::not_understood);
    touch_references(analysis.facts, ctx, tokens);
    const auto name = found_name(ctx.now, table);
    analysis.name = named("alter table", name);
    analysis.notes.push_back(form.empty() ? "the grammar does not know this form of ALTER TABLE: it is taken to need ACCESS EXCLUSIVE"
                                          : fmt::format("{} is newer than the grammar: it is taken to need ACCESS EXCLUSIVE", form));
    const auto constraint = only_constraint(tokens, at);
    if (constraint.empty()) {
        return run_as_written(analysis, statement, no_inverse("what a statement that was not understood changes is not known"));
    }
    return run_as_written(
        analysis, statement,
        undo({fmt::format("ALTER TABLE {} DROP CONSTRAINT {}", sql::quote_name(name), sql::quote_identifier(constraint))}),
        {.facts = {catalog::ConstraintIs{name, constraint, 0, "", false}}});
}

}  // namespace pgbelay::analysis
