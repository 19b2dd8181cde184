#include "analysis/code_block.h"

#include "analysis/common.h"
#include "sql/quote.h"
#include "sql/tree.h"

#include <fmt/format.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <set>

namespace pgbelay::analysis {

namespace {

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return text;
}

struct Block {
    std::string body;
    std::string language = "plpgsql";
};

Block block_of(const PgQuery__DoStmt& statement) {
    Block block;
    for (std::size_t i = 0; i < statement.n_args; ++i) {
        if (statement.args[i]->node_case != PG_QUERY__NODE__NODE_DEF_ELEM) {
            continue;
        }
        const auto& option = *statement.args[i]->def_elem;
        if (text(option.defname) == "as") {
            block.body = string_of(option.arg);
        } else if (text(option.defname) == "language") {
            block.language = string_of(option.arg);
        }
    }
    return block;
}

// Verbs with which an SQL statement may begin inside a block, and those that end a PL/pgSQL clause in front of one.
bool begins_statement(const std::string& word) {
    static const std::set<std::string> kVerbs{"create", "alter",  "drop", "insert", "update",  "delete",  "merge",   "truncate", "comment",
                                              "grant",  "revoke", "copy", "lock",   "refresh", "reindex", "cluster", "vacuum",   "analyze"};
    return kVerbs.contains(word);
}

bool ends_clause(const std::string& word) {
    static const std::set<std::string> kEnds{";", "begin", "then", "else", "loop"};
    return kEnds.contains(word);
}

// The SQL statements that stand in the block as they are: from a verb behind the end of a clause to the next semicolon.
std::vector<std::string> static_statements(const std::string& body) {
    std::vector<std::string> found;
    const auto tokens = significant_tokens(body);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        const bool at_start = i == 0 || ends_clause(lower(tokens[i - 1].text));
        if (!at_start || !begins_statement(lower(tokens[i].text))) {
            continue;
        }
        std::size_t end = i;
        while (end < tokens.size() && tokens[end].text != ";") {
            ++end;
        }
        found.push_back(body.substr(tokens[i].begin, tokens[end - 1].end - tokens[i].begin));
        i = end;
    }
    return found;
}

bool has_word(const std::string& body, std::initializer_list<std::string_view> words) {
    const auto tokens = significant_tokens(body);
    return std::any_of(tokens.begin(), tokens.end(),
                       [&](const sql::Token& token) { return std::find(words.begin(), words.end(), lower(token.text)) != words.end(); });
}

// COMMIT and ROLLBACK as statements of the block, not as words inside of others.
bool commits(const std::string& body) {
    const auto tokens = significant_tokens(body);
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        const auto word = lower(tokens[i].text);
        const bool at_start = i == 0 || ends_clause(lower(tokens[i - 1].text));
        if (at_start && (word == "commit" || word == "rollback") && tokens[i + 1].text == ";") {
            return true;
        }
    }
    return false;
}

// What stands between the first dollar quotes of a definition, as pg_get_functiondef() prints it.
std::string body_of(const std::string& definition) {
    const auto open = definition.find('$');
    const auto open_end = open == std::string::npos ? open : definition.find('$', open + 1);
    if (open_end == std::string::npos) {
        return definition;
    }
    const auto tag = definition.substr(open, open_end - open + 1);
    const auto close = definition.find(tag, open_end + 1);
    return definition.substr(open_end + 1, close == std::string::npos ? close : close - open_end - 1);
}

// "create index", "alter table": the first two words of a statement, or what stands for it.
std::string kind_words(const std::string& statement) {
    const auto tokens = significant_tokens(statement);
    const auto first = tokens.empty() ? std::string() : lower(tokens[0].text);
    const bool one_word = first == "insert" || first == "update" || first == "delete" || first == "merge" || first == "copy" ||
                          first == "grant" || first == "revoke" || first == "truncate" || first == "lock";
    if (one_word || tokens.size() < 2) {
        return first;
    }
    const auto second = lower(tokens[1].text);
    return second == "unique" || second == "or" ? first + (second == "unique" ? " index" : "") : first + " " + second;
}

std::string list_of(const std::vector<std::string>& words) {
    std::string joined;
    for (std::size_t i = 0; i < words.size(); ++i) {
        joined += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
    }
    return joined;
}

void add_facts(Facts& facts, const Facts& inner) {
    for (const auto& lock : inner.locks) {
        add_lock(facts.locks, lock);
    }
    for (const auto& name : inner.rewrites) {
        add_name(facts.rewrites, name);
    }
    for (const auto& name : inner.scans) {
        add_name(facts.scans, name);
    }
    for (const auto& name : inner.writes) {
        add_name(facts.writes, name);
    }
}

void touch_queries(Facts& facts, const Context& ctx, const std::string& body) {
    // Conditions and assignments read tables too; only those behind FROM are looked for, and only ones that the catalog knows.
    const auto tokens = significant_tokens(body);
    for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (lower(tokens[i].text) != "from") {
            continue;
        }
        const auto unquoted = [](const sql::Token& token) {
            return token.text.starts_with('"') && token.text.size() > 1 ? token.text.substr(1, token.text.size() - 2) : lower(token.text);
        };
        QualifiedName name{"", unquoted(tokens[i + 1])};
        if (i + 3 < tokens.size() && tokens[i + 2].text == ".") {
            name = {name.name, unquoted(tokens[i + 3])};
        }
        if (ctx.now.find(name) != nullptr) {
            touch(facts, ctx, name, LockMode::access_share);
        }
    }
}

}  // namespace

Analysis analyze_do_block(const sql::Statement& statement, const Context& ctx) {
    const auto block = block_of(*statement.node().do_stmt);
    Analysis analysis;
    analysis.name = "do block";
    std::vector<std::string> kinds;
    for (const auto& inner : static_statements(block.body)) {
        const auto read = sql::read_statement(inner);
        if (auto words = kind_words(inner); std::find(kinds.begin(), kinds.end(), words) == kinds.end()) {
            kinds.push_back(std::move(words));
        }
        if (!read.opaque()) {
            add_facts(analysis.facts, analyze(read, ctx).facts);
        }
    }
    touch_queries(analysis.facts, ctx, block.body);
    const bool dynamic = has_word(block.body, {"execute", "call", "perform"});
    analysis.facts.opaque = dynamic || block.language != "plpgsql";
    if (dynamic) {
        kinds.emplace_back("statements that it puts together itself");
    }
    if (!kinds.empty()) {
        analysis.notes.push_back(fmt::format("the block hides {}: they run as written, under one transaction's locks", list_of(kinds)));
        analysis.notes.emplace_back("for the safe form write the plain statement with `-- pgbelay: when SELECT …` above it");
        analysis.why = "what stands inside a DO block is not taken apart";
    }
    auto inverse = no_inverse("what a DO block did cannot be undone");
    if (commits(block.body)) {
        if (refused_in_group(analysis, ctx, "a DO block that commits")) {
            return analysis;
        }
        return run_as_written(analysis, statement, std::move(inverse), {}, Method::once);
    }
    return run_as_written(analysis, statement, std::move(inverse));
}

Analysis analyze_call(const sql::Statement& statement, const Context& ctx) {
    const auto& call = *statement.node().call_stmt;
    const auto name = call.funccall == nullptr ? QualifiedName{} : name_of(call.funccall->n_funcname, call.funccall->funcname);
    Analysis analysis;
    analysis.name = named("call", name);
    analysis.facts.opaque = true;
    analysis.notes.push_back(fmt::format("what {} does is not known here", sql::quote_name(name)));
    auto inverse = no_inverse(fmt::format("what {} did cannot be undone", sql::quote_name(name)));
    const auto* overloads = ctx.now.find_functions(name);
    const bool ends_transactions = overloads != nullptr && std::any_of(overloads->begin(), overloads->end(), [](const auto& function) {
                                       return function.kind == 'p' && commits(body_of(function.definition));
                                   });
    if (ends_transactions) {
        if (refused_in_group(analysis, ctx, "a procedure that commits")) {
            return analysis;
        }
        return run_as_written(analysis, statement, std::move(inverse), {}, Method::once);
    }
    return run_as_written(analysis, statement, std::move(inverse));
}

}  // namespace pgbelay::analysis
