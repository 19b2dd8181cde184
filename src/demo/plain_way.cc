#include "demo/plain_way.h"

#include "base/error.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "cluster/cluster.h"
#include "demo/load.h"
#include "demo/trial.h"
#include "report/text.h"
#include "sql/quote.h"
#include "sql/script.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>
#include <future>
#include <sstream>

namespace pgbelay::demo {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::minutes kAtMost{2};
constexpr base::Millis kRedraw{200};

// As psql does it: one statement after the other, each in a transaction of its own. What went wrong, or "".
std::string send_statements(const std::string& url, const fs::path& file, const base::StopSignal& stop) {
    std::vector<std::string> statements{"SET search_path TO public", "SET application_name TO " + sql::quote_literal(kMigration)};
    for (const sql::Statement& statement : sql::read_script(base::read_file(file), file.filename().string(), {}).statements) {
        statements.push_back(statement.sql);
    }
    try {
        run_statements(pg::Conninfo(url, "the demo"), statements, &stop);
    } catch (const base::Error& error) {
        if (error.code() == base::ErrorCode::interrupted) {
            throw;
        }
        return error.message();
    }
    return "";
}

std::string run_psql(const fs::path& psql, const std::string& url, const fs::path& file, const base::StopSignal& stop) {
    base::Command command;
    command.argv = {psql.string(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file.string()};
    command.env = {{"PGAPPNAME", kMigration}};
    const base::CommandResult result = base::run_command(command, base::in(kAtMost), &stop);
    return result.status == 0 ? "" : report::one_line(result.err);
}

}  // namespace

fs::path find_psql() {
    std::string folders = cluster::server_binaries("").string();
    if (const char* path = std::getenv("PATH")) {
        folders += std::string(":") + path;
    }
    std::istringstream list(folders);
    for (std::string folder; std::getline(list, folder, ':');) {
        const fs::path psql = fs::path(folder) / "psql";
        std::error_code failure;
        if (!folder.empty() && fs::is_regular_file(psql, failure) && access(psql.c_str(), X_OK) == 0) {
            return psql;
        }
    }
    return {};
}

std::string change_plainly(const fs::path& psql, const std::string& url, const fs::path& file, Screen& screen,
                           const base::StopSignal& stop) {
    const base::Deadline began = base::Clock::now();
    Onlooker onlooker(pg::Conninfo(url, "the demo"), stop);
    std::future<std::string> failure =
        std::async(std::launch::async, [&] { return psql.empty() ? send_statements(url, file, stop) : run_psql(psql, url, file, stop); });
    while (failure.wait_for(kRedraw) != std::future_status::ready) {
        screen.status(fmt::format("  {:>7}   {}", base::format_duration(base::Clock::now() - began), onlooker.look()));
    }
    const std::string what = failure.get();
    const std::string took = base::format_duration(base::Clock::now() - began);
    return what.empty() ? "done in " + took : fmt::format("failed after {}: {}", took, what);
}

}  // namespace pgbelay::demo
