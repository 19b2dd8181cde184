// Measures how long deployments take: many indexes beside reports and alone, many small statements beside psql, dbmate and sqitch, plans
// against large databases. Prints a table and, with --json FILE, the figures; exit 1 when a promise is not kept. See docs/benchmarks.md.
#include "base/error.h"
#include "base/file.h"
#include "cluster/cluster.h"
#include "demo/load.h"
#include "demo/plain_way.h"
#include "peers.h"
#include "program.h"
#include "reports.h"
#include "run.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

namespace pgbelay::bench {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kTables = 20;
constexpr int kIndexes = 45;
constexpr int kFewestRows = 100'000;
constexpr int kRowsMore = 400'000 / (kTables - 1);
constexpr int kReports = 3;
constexpr int kSmall = 300;

double seconds(base::Clock::duration took) {
    return std::chrono::duration<double>(took).count();
}

std::vector<demo::Table> tables() {
    std::vector<demo::Table> made;
    for (int i = 0; i < kTables; ++i) {
        const int rows = kFewestRows + i * kRowsMore;
        made.push_back(
            {fmt::format("t{}", i),
             rows,
             {fmt::format("CREATE TABLE public.t{} (id bigint NOT NULL, a integer NOT NULL, b integer NOT NULL, c text NOT NULL)", i),
              fmt::format("INSERT INTO public.t{} SELECT n, n % 1000, n::bigint * 7919 % 100000, 'text of row ' || n FROM "
                          "generate_series(1, {}) AS n",
                          i, rows)},
             fmt::format("VACUUM (ANALYZE) public.t{}", i)});
    }
    return made;
}

// 45 indexes over the 20 tables, of one to three on each.
std::string indexes() {
    static constexpr const char* kColumns[] = {"a", "b, id", "c"};
    std::string sql;
    for (int i = 0; i < kIndexes; ++i) {
        sql += fmt::format("CREATE INDEX CONCURRENTLY t{0}_{1} ON public.t{0} ({2});\n", i % kTables, i / kTables, kColumns[i / kTables]);
    }
    return sql;
}

std::vector<std::string> small_statements() {
    std::vector<std::string> statements;
    for (int i = 0; i < kSmall / 3; ++i) {
        statements.push_back(fmt::format("CREATE TABLE s{} (id bigint PRIMARY KEY, a integer, b text)", i));
        statements.push_back(fmt::format("ALTER TABLE s{} ADD COLUMN c integer", i));
        statements.push_back(fmt::format("CREATE INDEX s{0}_a ON s{0} (a)", i));
    }
    return statements;
}

class Speed {
public:
    Speed(const Arguments& arguments, const base::StopSignal& stop)
        : pgbelay_(arguments.pgbelay), json_(arguments.json), stop_(stop), cluster_({.stop = &stop}), psql_(demo::find_psql()) {
        if (psql_.empty()) {
            throw base::Error(base::ErrorCode::input, "psql was not found").hint("install the package postgresql-client");
        }
    }

    int run() {
        small();
        plans();
        many_indexes();
        return promises_.conclude({{"timings", results_}}, json_);
    }

private:
    void say(const std::string& text) const { demo::write_out(text + "\n"); }

    pg::Conninfo admin(const std::string& database = "postgres") const { return {cluster_.url(database), "bench"}; }

    void create(const std::string& database) const { demo::run_statements(admin(), {"CREATE DATABASE " + database, "CHECKPOINT"}, &stop_); }

    base::Command psql(const std::string& database, const fs::path& file) const {
        return {.argv = {psql_.string(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", cluster_.url(database), "-f", file.string()}};
    }

    base::Command deploy(const std::string& database, const fs::path& path) const {
        return {.argv = {pgbelay_, "deploy", path.string(), "--db", cluster_.url(database), "--yes", "--quiet"}};
    }

    const Timed& measure(const std::string& group, const std::string& name, const base::Command& command) {
        Timed measured = timed(name, command, stop_);
        say(fmt::format("  {:<40} {:>8.2f} s{}", name, seconds(measured.took), measured.failure.empty() ? "" : "  " + measured.failure));
        if (!measured.failure.empty()) {
            throw base::Error(base::ErrorCode::internal, name + " failed: " + measured.failure);
        }
        results_.push_back({{"group", group}, {"name", name}, {"seconds", seconds(measured.took)}});
        return timings_.emplace_back(std::move(measured));
    }

    void small() {
        say(fmt::format("{} small statements on an idle server", kSmall));
        const auto statements = small_statements();
        const fs::path file = cluster_.directory() / "small.sql";
        std::string sql;
        for (const auto& statement : statements) {
            sql += statement + ";\n";
        }
        base::write_file(file, sql);
        create("small_psql");
        create("small_pgbelay");
        const Timed plain = measure("small", "psql -f", psql("small_psql", file));
        const Timed ours = measure("small", "pgbelay deploy", deploy("small_pgbelay", file));
        promises_.at_most("small statements: pgbelay by psql -f", ratio(ours, plain), 1.5, "times");
        for (const Peer& peer : peers(cluster_.directory(), statements)) {
            if (peer.missing.empty()) {
                create("small_" + peer.name);
                const Timed theirs = measure("small", peer.name + ", a migration each", peer.command(cluster_.url("small_" + peer.name)));
                // dbmate sends what psql sends, from one process: nothing that keeps a record of each step can be much faster.
                promises_.at_most("small statements: pgbelay by " + peer.name, ratio(ours, theirs), peer.name == "dbmate" ? 2.0 : 1.0 / 3,
                                  "times");
            } else {
                say("  " + peer.name + ": " + peer.missing);
            }
        }
    }

    void plans() {
        say("plan of one file");
        const fs::path file = cluster_.directory() / "one.sql";
        base::write_file(file, "ALTER TABLE public.p1 ADD COLUMN c integer;\nCREATE INDEX p1_a ON public.p1 (a);\n");
        create("large");
        for (const auto& [from, to, limit] : {std::tuple{1, 500, 0.15}, std::tuple{501, 10'000, 1.0}}) {
            demo::run_statements(
                admin("large"),
                {fmt::format("DO $$ BEGIN FOR i IN {}..{} LOOP EXECUTE format('CREATE TABLE public.p%s (id integer, a integer)', i); "
                             "IF i % 1000 = 0 THEN COMMIT; END IF; END LOOP; END $$",
                             from, to),
                 "CHECKPOINT"},
                &stop_);
            const Timed& plan = measure("plan", fmt::format("against {} tables", to),
                                        {.argv = {pgbelay_, "plan", file.string(), "--db", cluster_.url("large")}});
            promises_.at_most(fmt::format("plan against {} tables", to), seconds(plan.took), limit, "s");
        }
    }

    void many_indexes() {
        say(fmt::format("{} indexes over {} tables of 100,000 to 500,000 rows", kIndexes, kTables));
        const fs::path file = cluster_.directory() / "indexes.sql";
        base::write_file(file, indexes());
        demo::run_statements(admin(), {"CREATE DATABASE psql_idle"}, &stop_);
        demo::load(admin("psql_idle"), tables(), 2, &stop_);
        for (const char* name : {"pgbelay_idle", "psql_busy", "pgbelay_busy"}) {
            demo::copy_database(admin(), "psql_idle", name, &stop_);
        }
        demo::run_statements(admin(), {"CHECKPOINT"}, &stop_);
        const Timed plain = measure("indexes", "psql -f, idle", psql("psql_idle", file));
        const Timed ours = measure("indexes", "pgbelay deploy, idle", deploy("pgbelay_idle", file));
        promises_.at_most("indexes, idle: pgbelay by psql -f", ratio(ours, plain), 1.1, "times");
        const Timed plain_busy = beside_reports("psql_busy", "psql -f", psql("psql_busy", file));
        const Timed ours_busy = beside_reports("pgbelay_busy", "pgbelay deploy", deploy("pgbelay_busy", file));
        promises_.at_most("indexes beside reports: pgbelay by psql -f", ratio(ours_busy, plain_busy), 1.0 / 4, "times");
        constexpr double kMega = 1 << 20;
        create("memory");
        promises_.at_most("memory of a deployment",
                          static_cast<double>(most_memory(deploy("memory", cluster_.directory() / "small.sql"))) / kMega, 64, "MB");
    }

    Timed beside_reports(const std::string& database, const std::string& name, const base::Command& command) {
        const Reports reports(admin(database), kReports, &stop_);
        return measure("indexes", fmt::format("{}, beside {} sessions of reports", name, kReports), command);
    }

    std::string pgbelay_;
    std::string json_;
    const base::StopSignal& stop_;
    cluster::Cluster cluster_;
    fs::path psql_;
    std::vector<Timed> timings_;
    std::vector<Json> results_;
    Promises promises_;
};

}  // namespace

}  // namespace pgbelay::bench

int main(int argc, char** argv) {
    using namespace pgbelay;
    return bench::run_benchmark(argc, argv, "speed", [](const bench::Arguments& arguments, const base::StopSignal& stop) {
        return bench::Speed(arguments, stop).run();
    });
}
