#include "runbook/stream.h"

#include "base/file.h"
#include "runbook/layout.h"

#include <filesystem>
#include <utility>

namespace pgbelay::runbook {

namespace {

void give(Runbook&& runbook, StatementTaker& taker) {
    int file = -1;
    for (Item& item : runbook.items) {
        if (auto* sql = std::get_if<SqlItem>(&item.what); sql != nullptr) {
            const Layout layout = item.file < 0 ? Layout::plain : runbook.files.at(static_cast<std::size_t>(item.file)).layout;
            taker.begin(sql->rule, layout, std::exchange(file, item.file) != item.file);
            for (sql::Statement& statement : sql->statements) {
                taker.take(std::move(statement));
            }
            taker.end();
        }
    }
}

void read_one(const std::string& path, const ReadOptions& options, StatementTaker& taker) {
    namespace fs = std::filesystem;
    if (fs::is_regular_file(path) && fs::path(path).extension() == ".sql") {
        const MigrationFile migration = read_migration(path, options.stop);
        if (migration.layout == Layout::plain) {
            taker.begin(TransactionRule::each_statement, Layout::plain, true);
            sql::read_statements(
                migration.bytes, migration.path, options.variables, [&](sql::Statement&& statement) { taker.take(std::move(statement)); },
                options.stop);
            taker.end();
            return;
        }
    }
    give(read({path}, options), taker);
}

}  // namespace

void read_statements(const std::vector<std::string>& paths, const ReadOptions& options, StatementTaker& taker) {
    refuse_rollbacks(paths);
    for (const std::string& path : paths) {
        read_one(path, options, taker);
    }
}

}  // namespace pgbelay::runbook
