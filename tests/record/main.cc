// Runs folders of migrations against a server and compares what it did, statement by statement, with what the plan of each file says.
#include "base/error.h"
#include "base/file.h"
#include "case_runner/case.h"
#include "case_runner/server.h"
#include "cluster/cluster.h"
#include "record/comparison.h"
#include "support/session.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <sstream>

namespace {

namespace fs = std::filesystem;
using namespace pgbelay;

constexpr int kSkipped = 77;
constexpr const char* kUsage =
    "usage: record (--version MAJOR | --db URL) [--one-by-one] [--at-least PERCENT] [--before FILE] FOLDER...\n"
    "       record --version MAJOR --cases FOLDER [--at-least PERCENT]\n"
    "       record --version MAJOR --before FILE --table FILE [--at-least PERCENT]\n"
    "\n"
    "Runs the .sql files of each folder in the order of their names, each planned right before, every statement in a transaction of\n"
    "its own, and lists where the plan's locks above ACCESS SHARE and rewritten relations are not those of the server.\n"
    "With --version each folder gets a new database on a private server; with --db all run on that one, for good: give it a copy.\n"
    "--table takes a file of tab-separated columns, of which the second holds statements: each row begins anew after the SQL of --before;\n"
    "rows with transactions of their own are left out.\n"
    "--cases takes a folder of cases: what each deploys, after its before.sql, planned as a whole.\n"
    "--one-by-one plans before each statement, for files that are to fail in places. Exits with 1 below PERCENT of right statements,\n"
    "with 77 when a folder is not there.\n";

struct Options {
    std::string version;
    std::string url;
    bool one_by_one = false;
    bool cases = false;
    bool table = false;
    double at_least = 0;
    fs::path before;
    std::vector<fs::path> folders;
};

std::optional<Options> read_options(const std::vector<std::string>& words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool has_value = i + 1 < words.size();
        if (words[i] == "--one-by-one") {
            options.one_by_one = true;
        } else if (words[i] == "--table") {
            options.table = true;
        } else if (words[i] == "--cases") {
            options.cases = true;
        } else if (words[i] == "--version" && has_value) {
            options.version = words[++i];
        } else if (words[i] == "--db" && has_value) {
            options.url = words[++i];
        } else if (words[i] == "--at-least" && has_value) {
            options.at_least = std::strtod(words[++i].c_str(), nullptr);
        } else if (words[i] == "--before" && has_value) {
            options.before = words[++i];
        } else if (words[i].starts_with("--")) {
            return std::nullopt;
        } else {
            options.folders.emplace_back(words[i]);
        }
    }
    return options.folders.empty() || options.version.empty() == options.url.empty() ? std::nullopt : std::optional(options);
}

std::vector<fs::path> files_of(const fs::path& folder) {
    if (fs::is_regular_file(folder)) {
        return {folder};
    }
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".sql") {
            files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

test::Tally take_file(engine::Target& target, test::Recorder& recorder, const fs::path& file, bool one_by_one) {
    runbook::Runbook runbook = runbook::read({file.string()}, {});
    if (!one_by_one) {
        return test::compare(target, recorder, runbook);
    }
    test::Tally tally;
    std::vector<sql::Statement> settings;  // in effect for all that follows
    for (const auto& item : runbook.items) {
        for (const auto& statement : std::get<runbook::SqlItem>(item.what).statements) {
            if (statement.kind == "VariableSetStmt") {
                settings.push_back(statement);
                continue;
            }
            runbook::Runbook one = runbook;
            one.items = {item};
            auto& statements = std::get<runbook::SqlItem>(one.items.front().what).statements;
            statements = settings;
            statements.push_back(statement);
            tally.add(test::compare(target, recorder, one));
        }
    }
    return tally;
}

test::Tally take_folder(const std::string& url, const fs::path& folder, const Options& options) {
    if (!options.before.empty()) {
        test::Session(url).run(base::read_file(options.before));
    }
    base::StopSignal stop;
    engine::Target target = engine::Target::open(pg::Conninfo(url, "--db"), &stop);
    test::Recorder recorder(url);
    test::Tally tally;
    for (const fs::path& file : files_of(folder)) {
        try {
            tally.add(take_file(target, recorder, file, options.one_by_one));
        } catch (const base::Error& error) {
            fmt::print(stderr, "{}: {}\n", file.string(), error.what());
        }
    }
    return tally;
}

// What is written in --before, for every row anew.
test::Tally take_rows(const cluster::Cluster& server, const fs::path& table, const fs::path& before) {
    test::Session(server.url()).run("CREATE DATABASE record_before TEMPLATE template0");
    test::Session(server.url("record_before")).run(base::read_file(before));
    test::Tally all;
    std::stringstream rows(base::read_file(table));
    for (std::string row; std::getline(rows, row);) {
        const auto begin = row.find('\t') + 1;
        const std::string sql = row.substr(begin, row.find('\t', begin) - begin);
        if (sql == "sql" || sql.find("BEGIN;") != std::string::npos) {
            continue;
        }
        test::Session(server.url()).run("CREATE DATABASE record_row TEMPLATE record_before");
        {
            const fs::path file = server.directory() / "row.sql";
            base::write_file(file, sql);
            const std::string url = server.url("record_row");
            base::StopSignal stop;
            engine::Target target = engine::Target::open(pg::Conninfo(url, "--db"), &stop);
            test::Recorder recorder(url);
            all.add(take_file(target, recorder, file, true));
        }
        test::Session(server.url()).run("DROP DATABASE record_row WITH (FORCE)");
    }
    return all;
}

test::Tally take_case(const std::string& url, const test::Case& one) {
    if (one.has("before.sql")) {
        test::Session(url).run(base::read_file(one.directory / "before.sql"));
    }
    std::vector<std::string> paths;
    for (const std::string& path : one.paths) {
        paths.push_back((one.directory / path).string());
    }
    base::StopSignal stop;
    engine::Target target = engine::Target::open(pg::Conninfo(url, "--db"), &stop);
    test::Recorder recorder(url);
    return test::compare(target, recorder, runbook::read(paths, {}));
}

// Those that cannot be read or planned are there to be refused.
test::Tally take_cases(const cluster::Cluster& server, const fs::path& root, const std::string& major) {
    test::Tally all;
    for (const test::Case& one : test::read_cases(root)) {
        if (std::find(one.versions.begin(), one.versions.end(), major) == one.versions.end()) {
            continue;
        }
        test::Session(server.url()).run(fmt::format("CREATE DATABASE record_case TEMPLATE fixture_{}", one.fixture));
        try {
            all.add(take_case(server.url("record_case"), one));
        } catch (const std::exception& error) {
            fmt::print("{}: not compared: {}\n", one.name, error.what());
        }
        test::Session(server.url()).run("DROP DATABASE record_case WITH (FORCE)");
    }
    return all;
}

void print(const test::Tally& tally, const fs::path& folder) {
    for (const auto& difference : tally.differences) {
        fmt::print("{}:{}{}\n  {}\n  said     {}\n  recorded {}\n", difference.place.file, difference.place.line,
                   difference.tables ? "" : ": indexes and sequences only", difference.sql.substr(0, 400), difference.said,
                   difference.recorded);
        if (!difference.evidence.empty()) {
            fmt::print("  besides  {}\n", difference.evidence);
        }
    }
    const auto right = [&](std::size_t wrong) {
        return tally.statements == 0 ? 100.0 : 100.0 * (1.0 - static_cast<double>(wrong) / tally.statements);
    };
    fmt::print(
        "{}: {} statements, {:.2f} % right of tables, {:.2f} % of all relations; besides, {} failed, {} of them as foretold, and {} cannot "
        "be recorded\n",
        folder.string(), tally.statements, right(static_cast<std::size_t>(tally.wrong_in_tables())), right(tally.differences.size()),
        tally.failed, tally.foretold, tally.elsewhere);
}

int verdict(const test::Tally& all, double at_least) {
    return all.statements > 0 && 100.0 * (all.statements - all.wrong_in_tables()) >= at_least * all.statements ? 0 : 1;
}

int record_cases(const Options& options) {
    const auto server = test::start_server(options.version);
    test::Tally all;
    for (const fs::path& folder : options.folders) {
        test::Tally tally = take_cases(*server, folder, options.version);
        print(tally, folder);
        all.add(std::move(tally));
    }
    return verdict(all, options.at_least);
}

int record_table(const Options& options) {
    const cluster::Cluster server({.major = options.version, .settings = {{"fsync", "off"}, {"timezone", "UTC"}}});
    const test::Tally tally = take_rows(server, options.folders.front(), options.before);
    print(tally, options.folders.front());
    return verdict(tally, options.at_least);
}

int record(const Options& options) {
    std::optional<cluster::Cluster> server;
    if (options.url.empty()) {
        server.emplace(cluster::ClusterOptions{.major = options.version, .settings = {{"fsync", "off"}, {"timezone", "UTC"}}});
    }
    test::Tally all;
    int n = 0;
    for (const fs::path& folder : options.folders) {
        std::string url = options.url;
        if (server) {
            const std::string database = fmt::format("record_{}", ++n);
            test::Session(server->url()).run(fmt::format("CREATE DATABASE {} TEMPLATE template0", database));
            url = server->url(database);
        }
        test::Tally tally = take_folder(url, folder, options);
        print(tally, folder);
        all.add(std::move(tally));
    }
    if (options.folders.size() > 1) {
        all.differences.erase(std::remove_if(all.differences.begin(), all.differences.end(), [](const auto& one) { return !one.tables; }),
                              all.differences.end());
        fmt::print("all: {} statements, {} wrong of tables\n", all.statements, all.differences.size());
    }
    return verdict(all, options.at_least);
}

}  // namespace

int main(int argc, char** argv) {
    const auto options = read_options({argv + 1, argv + argc});
    if (!options) {
        fmt::print(stderr, "{}", kUsage);
        return 2;
    }
    for (const fs::path& folder : options->folders) {
        if (!fs::exists(folder)) {
            fmt::print("SKIPPED: {} is not there\n", folder.string());
            return kSkipped;
        }
    }
    try {
        return options->cases ? record_cases(*options) : options->table ? record_table(*options) : record(*options);
    } catch (const std::exception& error) {
        fmt::print(stderr, "record: {}\n", error.what());
        return 2;
    }
}
