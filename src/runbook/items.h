// Migration files as items and ledger entries of the model.
#pragma once

#include "runbook/layout.h"
#include "runbook/runbook.h"

#include <string>
#include <string_view>

namespace pgbelay::runbook {

// Splits the file into its sections and statements, forward and back. psql's variables are expanded in plain files only, as the other
// tools would not. Throws Error{input} with the place.
SqlItem sql_item(const MigrationFile& migration, const ReadOptions& options);

// The ledger's entry for the file; its digest and text are those of `item`.
File ledger_file(const MigrationFile& migration, const SqlItem& item, std::string key);

// The file's statements as one text, to show what a later edit changed.
std::string statement_text(const std::vector<sql::Statement>& statements);

// What the author gave in a file: its statements' bytes, their directives and inline data, and the rule for transactions.
// Rollbacks are not in it: correcting one does not make a deployed file another.
std::string digest_of(const SqlItem& item);
std::string digest_of(const CheckItem& item);
std::string digest_of(const TryItem& item);
std::string digest_of(const ConfirmItem& item);
std::string digest_of(const MeasureItem& item);
std::string digest_of(const Item& item);
std::string digest_of(const std::vector<sql::Statement>& statements);

// Over the files in order, the rollbacks, the limits and policies; not over names, places, prose or targets.
std::string digest_of(const Runbook& runbook);

}  // namespace pgbelay::runbook
