#include "runbook/transaction_rule.h"

#include "runbook/text.h"
#include "sql/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>

namespace pgbelay::runbook {
namespace {

// The statement's first words, lower-case, comments left out, one space between them.
std::string first_words(const sql::Statement& statement, std::size_t count) {
    std::string words;
    for (const sql::Token& token : sql::scan(statement.sql)) {
        if (token.comment) {
            continue;
        }
        if (count-- == 0) {
            break;
        }
        words += (words.empty() ? "" : " ") + to_lower(token.text);
    }
    return words;
}

bool begins_with(const std::string& words, std::initializer_list<std::string_view> openings) {
    return std::any_of(openings.begin(), openings.end(), [&](std::string_view opening) {
        return words == opening || (words.starts_with(opening) && words[opening.size()] == ' ');
    });
}

// Spares scanning what the grammar knows as something else.
bool may_control(const sql::Statement& statement) {
    return statement.opaque() || statement.kind == "TransactionStmt";
}

bool controls_transaction(const sql::Statement& statement) {
    return begins_transaction(statement) || ends_transaction(statement);
}

bool is_setting(const sql::Statement& statement) {
    return statement.kind == "VariableSetStmt";
}

// BEGIN first, COMMIT last, and no other end between them but for what begins again at once: nothing stands outside of a group,
// settings aside, which have no effect of their own.
bool all_in_own_groups(const std::vector<sql::Statement>& statements) {
    bool open = false;
    for (const sql::Statement& statement : statements) {
        if (begins_transaction(statement)) {
            open = true;
        } else if (ends_transaction(statement)) {
            open = false;
        } else if (!open && !is_setting(statement)) {
            return false;
        }
    }
    return !open;
}

// Flyway runs a file without a transaction when every statement in it can only run so. After its PostgreSQL parser, and with the
// concurrent forms of REINDEX, which it does not know.
bool flyway_runs_outside(const sql::Statement& statement) {
    const std::string words = first_words(statement, 4);
    return begins_with(words, {"create database",
                               "drop database",
                               "create tablespace",
                               "drop tablespace",
                               "create subscription",
                               "drop subscription",
                               "alter system",
                               "create index concurrently",
                               "create unique index concurrently",
                               "drop index concurrently",
                               "reindex schema",
                               "reindex database",
                               "reindex system",
                               "reindex verbose schema",
                               "reindex verbose database",
                               "reindex verbose system",
                               "reindex index concurrently",
                               "reindex table concurrently",
                               "vacuum",
                               "discard all"});
}

std::string_view tool_name(Layout layout) {
    switch (layout) {
        case Layout::prisma: return "Prisma";
        case Layout::dbmate: return "dbmate";
        case Layout::goose: return "goose";
        case Layout::flyway: return "Flyway";
        case Layout::plain: break;
    }
    return "psql";
}

std::string_view way_out(Layout layout) {
    switch (layout) {
        case Layout::dbmate: return "remove it, or opt out of the file's transaction: -- migrate:up transaction:false";
        case Layout::goose: return "remove it, or opt out of the file's transaction: -- +goose NO TRANSACTION";
        case Layout::flyway: return "remove it, or opt out of the file's transaction: executeInTransaction=false in the file's .sql.conf";
        default: return "put every statement of the file between BEGIN and COMMIT, or none";
    }
}

}  // namespace

bool begins_transaction(const sql::Statement& statement) {
    return may_control(statement) && begins_with(first_words(statement, 2), {"begin", "start transaction"});
}

bool ends_transaction(const sql::Statement& statement) {
    if (!may_control(statement)) {
        return false;
    }
    const std::string words = first_words(statement, 3);
    if (begins_with(words, {"rollback to", "rollback work to", "rollback transaction to", "commit prepared", "rollback prepared"})) {
        return false;
    }
    return begins_with(words, {"commit", "end", "rollback", "abort", "prepare transaction"});
}

TransactionRule transaction_rule(Layout layout, bool transaction, const std::vector<sql::Statement>& statements) {
    if (layout == Layout::plain || !transaction) {
        return TransactionRule::each_statement;
    }
    const auto control = std::find_if(statements.begin(), statements.end(), controls_transaction);
    if (control != statements.end()) {
        if (all_in_own_groups(statements)) {
            return TransactionRule::each_statement;
        }
        throw input_error(
            fmt::format("{} runs this file in one transaction, which \"{}\" would cut in two", tool_name(layout), control->sql),
            control->place)
            .hint(std::string(way_out(layout)));
    }
    // A single statement is a transaction by itself, and some can run in no other; dbmate and goose begin one all the same.
    if (layout == Layout::prisma && statements.size() <= 1) {
        return TransactionRule::each_statement;
    }
    const auto outside = [](const sql::Statement& statement) { return is_setting(statement) || flyway_runs_outside(statement); };
    if (layout == Layout::flyway && std::any_of(statements.begin(), statements.end(), flyway_runs_outside) &&
        std::all_of(statements.begin(), statements.end(), outside)) {
        return TransactionRule::each_statement;
    }
    return TransactionRule::whole_file;
}

}  // namespace pgbelay::runbook
