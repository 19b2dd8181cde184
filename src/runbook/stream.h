// Reads what can be deployed statement by statement, without keeping it: files of any length.
#pragma once

#include "runbook/runbook.h"

#include <string>
#include <vector>

namespace pgbelay::runbook {

// Who is told what is read, in order.
class StatementTaker {
public:
    virtual ~StatementTaker() = default;
    // A file, or a fence of a runbook: the first of its file begins a session, with no settings.
    virtual void begin(TransactionRule rule, Layout layout, bool session) = 0;
    virtual void take(sql::Statement&& statement) = 0;
    virtual void end() = 0;
};

// All that `read` would read at the paths, the same statements under the same rules; a plain SQL file is never held but as its bytes.
// Throws as `read` does, after what stands before the mistake was taken.
void read_statements(const std::vector<std::string>& paths, const ReadOptions& options, StatementTaker& taker);

// Throws Error{input} when one path is the rollback of another: `migrations/*.sql` gives rollback files, too.
void refuse_rollbacks(const std::vector<std::string>& paths);

}  // namespace pgbelay::runbook
