#include "plan/group.h"

#include <fmt/core.h>
#include <pg_query/pg_query.pb-c.h>

#include <string_view>

namespace pgbelay::plan {

namespace {

const PgQuery__TransactionStmt* transaction_control(const sql::Statement& statement) {
    if (statement.opaque() || statement.node().node_case != PG_QUERY__NODE__NODE_TRANSACTION_STMT) {
        return nullptr;
    }
    return statement.node().transaction_stmt;
}

bool is_concurrent(const sql::Statement& statement) {
    if (statement.opaque()) {
        return false;
    }
    const PgQuery__Node& node = statement.node();
    switch (node.node_case) {
        case PG_QUERY__NODE__NODE_INDEX_STMT: return node.index_stmt->concurrent;
        case PG_QUERY__NODE__NODE_DROP_STMT: return node.drop_stmt->concurrent;
        case PG_QUERY__NODE__NODE_REINDEX_STMT:
            for (std::size_t i = 0; i < node.reindex_stmt->n_params; ++i) {
                if (std::string_view(node.reindex_stmt->params[i]->def_elem->defname) == "concurrently") {
                    return true;
                }
            }
            return false;
        default: return false;
    }
}

// Only READ COMMITTED, READ WRITE and NOT DEFERRABLE are what a step's transaction is anyway.
bool plain_begin(const PgQuery__TransactionStmt& begin) {
    for (std::size_t i = 0; i < begin.n_options; ++i) {
        const PgQuery__DefElem& option = *begin.options[i]->def_elem;
        const PgQuery__Node* value = option.arg;
        const bool text = value != nullptr && value->node_case == PG_QUERY__NODE__NODE_A_CONST;
        if (std::string_view(option.defname) == "transaction_isolation" && text &&
            value->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL && std::string_view(value->a_const->sval->sval) == "read committed") {
            continue;
        }
        return false;
    }
    return true;
}

class Grouper {
public:
    Grouper(runbook::TransactionRule rule, runbook::Layout layout) : rule_(rule), layout_(layout) {}

    Grouping run(const std::vector<sql::Statement>& statements) {
        if (rule_ == runbook::TransactionRule::whole_file && !has_transaction_control(statements)) {
            whole_file(statements);
        } else {
            for (const auto& statement : statements) {
                take(statement);
            }
            if (open_) {
                refuse(*group_.begin, "this transaction is never committed", "write COMMIT at its end");
            }
        }
        for (const auto& g : result_.groups) {
            refuse_concurrently(g);
        }
        return std::move(result_);
    }

private:
    static bool has_transaction_control(const std::vector<sql::Statement>& statements) {
        for (const auto& statement : statements) {
            if (transaction_control(statement) != nullptr) {
                return true;
            }
        }
        return false;
    }

    void whole_file(const std::vector<sql::Statement>& statements) {
        Group g;
        for (const auto& statement : statements) {
            g.statements.push_back(&statement);
        }
        g.one_transaction = g.statements.size() > 1;
        g.tool = runbook::to_string(layout_);
        if (!g.statements.empty()) {
            result_.groups.push_back(std::move(g));
        }
    }

    void take(const sql::Statement& statement) {
        if (const auto* control = transaction_control(statement); control != nullptr) {
            take_control(statement, *control);
        } else if (open_) {
            group_.statements.push_back(&statement);
        } else {
            Group single;
            single.statements.push_back(&statement);
            result_.groups.push_back(std::move(single));
        }
    }

    void take_control(const sql::Statement& statement, const PgQuery__TransactionStmt& control) {
        switch (control.kind) {
            case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
            case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START: begin(statement, control); return;
            case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT: commit(statement, control); return;
            case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
                refuse(statement, "ROLLBACK in a migration takes back what stands before it",
                       "remove it together with what it would undo, or write COMMIT");
                open_ = false;
                return;
            case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
            case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE:
            case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
                refuse(statement, "savepoints are not carried out: a group stands or falls as a whole", "remove the savepoint");
                return;
            default:
                refuse(statement, "two-phase commit is not carried out by a deployment", "run it outside, or use BEGIN and COMMIT");
                return;
        }
    }

    void begin(const sql::Statement& statement, const PgQuery__TransactionStmt& control) {
        if (open_) {
            refuse(statement, fmt::format("BEGIN inside of the transaction that begins at line {}", group_.begin->place.line),
                   "remove one of the two");
            return;
        }
        if (!plain_begin(control)) {
            refuse(statement, "a step's transaction is READ COMMITTED and READ WRITE; these transaction modes cannot be kept",
                   "write BEGIN without modes");
        }
        open_ = true;
        group_ = Group{};
        group_.begin = &statement;
    }

    void commit(const sql::Statement& statement, const PgQuery__TransactionStmt& control) {
        if (!open_) {
            refuse(statement, "COMMIT without a BEGIN before it", "remove it, or write BEGIN where the transaction should start");
            return;
        }
        open_ = false;
        if (control.chain) {
            refuse(statement, "COMMIT AND CHAIN is not carried out", "write COMMIT; BEGIN");
        }
        group_.end = &statement;
        group_.one_transaction = group_.statements.size() > 1;
        if (!group_.statements.empty()) {
            result_.groups.push_back(std::move(group_));
        }
    }

    void refuse_concurrently(const Group& g) {
        // One statement in a tool's transaction is refused as well: the tool's own run would fail.
        if (g.begin == nullptr && g.tool.empty()) {
            return;
        }
        for (const auto* statement : g.statements) {
            if (!is_concurrent(*statement)) {
                continue;
            }
            if (g.begin != nullptr) {
                refuse(*statement,
                       fmt::format("CONCURRENTLY cannot run inside of the transaction that begins at line {}", g.begin->place.line),
                       fmt::format("move line {} out of BEGIN … COMMIT, or leave CONCURRENTLY away: pgbelay builds it concurrently "
                                   "before the transaction",
                                   statement->place.line));
            } else if (g.one_transaction || g.tool != "prisma") {
                refuse(*statement,
                       fmt::format("CONCURRENTLY at line {} cannot run inside of the one transaction that {} makes of the file (from "
                                   "line {})",
                                   statement->place.line, g.tool == "plain" ? "a rollback" : g.tool, g.statements.front()->place.line),
                       opt_out(g.tool));
            }
        }
    }

    static std::string opt_out(std::string_view tool) {
        if (tool == "dbmate") {
            return "write `-- migrate:up transaction:false`, or leave CONCURRENTLY away";
        }
        if (tool == "goose") {
            return "write `-- +goose NO TRANSACTION` at the top, or leave CONCURRENTLY away";
        }
        if (tool == "flyway") {
            return "set executeInTransaction=false in the file's .conf, or leave CONCURRENTLY away";
        }
        return "put it into a migration of its own, or leave CONCURRENTLY away";
    }

    void refuse(const sql::Statement& statement, std::string message, std::string hint) {
        result_.refusals.push_back({statement.place, std::move(message), std::move(hint)});
    }

    runbook::TransactionRule rule_;
    runbook::Layout layout_;
    bool open_ = false;
    Group group_;
    Grouping result_;
};

}  // namespace

Grouping group(const std::vector<sql::Statement>& statements, runbook::TransactionRule rule, runbook::Layout layout) {
    return Grouper(rule, layout).run(statements);
}

}  // namespace pgbelay::plan
