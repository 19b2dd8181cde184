// How a tool's rule for transactions applies to one file, given what its author wrote.
#pragma once

#include "runbook/runbook.h"

#include <vector>

namespace pgbelay::runbook {

// The rule for the statements of one file (or one of its sections). `transaction` is false where the author opted out in the tool's own
// way. A file that is one `BEGIN … COMMIT` as a whole keeps that group instead of getting a second one around it.
// Throws Error{input} at transaction control that the tool's own transaction would cut in two.
TransactionRule transaction_rule(Layout layout, bool transaction, const std::vector<sql::Statement>& statements);

// Whether the statement begins a transaction: BEGIN or START TRANSACTION.
bool begins_transaction(const sql::Statement& statement);
// Whether it ends one: COMMIT, END, ROLLBACK, ABORT, PREPARE TRANSACTION; not ROLLBACK TO a savepoint.
bool ends_transaction(const sql::Statement& statement);

}  // namespace pgbelay::runbook
