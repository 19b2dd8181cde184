#include "peers.h"

#include "base/error.h"
#include "base/file.h"

#include <fmt/core.h>

namespace pgbelay::bench {

namespace fs = std::filesystem;

namespace {

bool starts(const std::vector<std::string>& argv) {
    try {
        return base::run_command({.argv = argv}, base::in(std::chrono::minutes(2)), nullptr).status == 0;
    } catch (const base::Error&) {
        return false;
    }
}

// From npm, by the script that the tests of its ledger use.
Peer dbmate(const fs::path& directory, const std::vector<std::string>& statements) {
    const fs::path migrations = directory / "dbmate";
    fs::create_directories(migrations);
    for (std::size_t i = 0; i < statements.size(); ++i) {
        base::write_file(migrations / fmt::format("{}_step.sql", 20240101000000 + static_cast<long long>(i)),
                         "-- migrate:up\n" + statements[i] + ";\n\n-- migrate:down\n");
    }
    const auto fetched = base::run_command({.argv = {PGBELAY_SOURCE_DIR "/tools/dbmate"}}, base::in(std::chrono::minutes(2)), nullptr);
    const std::string program = fetched.out.substr(0, fetched.out.find('\n'));
    return {"dbmate", fetched.status == 0 ? "" : "cannot be fetched", [=](const std::string& url) {
                return base::Command{.argv = {program, "--url", url + "?sslmode=disable", "--migrations-dir", migrations.string(),
                                              "--no-dump-schema", "migrate"}};
            }};
}

Peer sqitch(const fs::path& directory, const std::vector<std::string>& statements) {
    const fs::path project = directory / "sqitch";
    fs::create_directories(project / "deploy");
    std::string plan = "%syntax-version=1.0.0\n%project=bench\n\n";
    for (std::size_t i = 0; i < statements.size(); ++i) {
        plan += fmt::format("c{} 2024-01-01T00:00:00Z Bench <bench@localhost> # one statement\n", i);
        base::write_file(project / "deploy" / fmt::format("c{}.sql", i), "BEGIN;\n" + statements[i] + ";\nCOMMIT;\n");
    }
    base::write_file(project / "sqitch.plan", plan);
    base::write_file(project / "sqitch.conf", "[core]\n\tengine = pg\n");
    return {"sqitch", starts({"sqitch", "--version"}) ? "" : "not installed (packages sqitch and libdbd-pg-perl)",
            [=](const std::string& url) {
                return base::Command{.argv = {"sqitch", "deploy", "db:" + url},
                                     .env = {{"SQITCH_FULLNAME", "Bench"}, {"SQITCH_EMAIL", "bench@localhost"}},
                                     .working_directory = project.string()};
            }};
}

}  // namespace

std::vector<Peer> peers(const fs::path& directory, const std::vector<std::string>& statements) {
    return {dbmate(directory, statements), sqitch(directory, statements)};
}

}  // namespace pgbelay::bench
