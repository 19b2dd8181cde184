// Measures what an application feels while its table is changed: without a change, with psql, with psql and a lock timeout, with
// pgbelay. Prints a table and, with --json FILE, the figures; exit 1 when pgbelay does not keep its promise. See docs/benchmarks.md.
#include "base/error.h"
#include "base/file.h"
#include "cluster/cluster.h"
#include "demo/load.h"
#include "demo/plain_way.h"
#include "program.h"
#include "scenario.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

namespace pgbelay::bench {

namespace {

using Json = nlohmann::ordered_json;
using demo::Micros;

// What pgbelay promises: at most three times the longest wait of an undisturbed run, or this, whichever is more.
constexpr int kTimesNothing = 3;
constexpr Micros kFloor{150'000};
constexpr Micros kStartUp{10'000};

constexpr const char* kChange =
    "ALTER TABLE accounts ADD COLUMN note text;\n"
    "CREATE INDEX CONCURRENTLY accounts_branch_idx ON accounts (branch);\n";

double to_ms(Micros time) {
    constexpr double kMilli = 1e3;
    return static_cast<double>(time.count()) / kMilli;
}

base::Command psql(const std::filesystem::path& program, const std::string& url, const std::filesystem::path& file) {
    return {.argv = {program.string(), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", file.string()}};
}

class Impact {
public:
    Impact(const Arguments& arguments, const base::StopSignal& stop) : arguments_(arguments), stop_(stop), cluster_({.stop = &stop}) {}

    int run() {
        prepare();
        const std::filesystem::path program = demo::find_psql();
        if (program.empty()) {
            throw base::Error(base::ErrorCode::input, "psql was not found").hint("install the package postgresql-client");
        }
        base::Command patient = psql(program, cluster_.url("psql"), file_);
        base::Command impatient = psql(program, cluster_.url("timeout"), file_);
        impatient.env = {{"PGOPTIONS", "-c lock_timeout=2s"}};
        measure_one({"nothing", {}}, "nothing");
        measure_one({"psql -f", patient}, "psql");
        measure_one({"psql, timeout 2s", impatient}, "timeout");
        measure_one({"pgbelay deploy",
                     base::Command{.argv = {arguments_.pgbelay, "deploy", file_.string(), "--db", cluster_.url("pgbelay"), "--yes"}}},
                    "pgbelay");
        start_up_ = start_up({.argv = {arguments_.pgbelay, "--version"}}, stop_);
        return conclude();
    }

private:
    void prepare() {
        demo::write_out(fmt::format("{} rows, {:.0f} statements a second over {} connections, a transaction of {} s in the way\n", kRows,
                                    kPerSecond, kConnections, kInTheWay.count()));
        file_ = cluster_.directory() / "change.sql";
        base::write_file(file_, kChange);
        demo::run_statements(pg::Conninfo(cluster_.url(), "bench"), {"CREATE DATABASE nothing"}, &stop_);
        demo::load(pg::Conninfo(cluster_.url("nothing"), "bench"), {accounts()}, 1, &stop_);
        for (const char* name : {"psql", "timeout", "pgbelay"}) {
            demo::copy_database(pg::Conninfo(cluster_.url(), "bench"), "nothing", name, &stop_);
        }
        // The disk is done with the loading before anything is measured.
        demo::run_statements(pg::Conninfo(cluster_.url(), "bench"), {"CHECKPOINT"}, &stop_);
    }

    void measure_one(const Scenario& scenario, const std::string& database) {
        const Measured& m = measured_.emplace_back(measure(scenario, pg::Conninfo(cluster_.url(database), "bench"), stop_));
        demo::write_out(fmt::format(
            "{}: longest wait {}{}{}\n", scenario.name, demo::short_time(m.row.felt.longest), m.output.empty() ? "" : "; " + m.output,
            m.row.felt.errors == 0 ? "" : fmt::format("; {} errors: {}", m.row.felt.errors, m.row.felt.first_error)));
    }

    Micros limit() const { return std::max(kTimesNothing * measured_.front().row.felt.longest, kFloor); }

    // Why the promise is not kept, one reason a line; "" when it is.
    std::string broken() const {
        const Measured& ours = measured_.back();
        std::string text;
        text += ours.completed ? "" : "pgbelay did not complete\n";
        text += ours.row.felt.errors == 0 ? "" : "statements of the application failed under pgbelay\n";
        text += ours.row.felt.longest <= limit() ? ""
                                                 : fmt::format("pgbelay's longest wait, {}, is over the limit of {}\n",
                                                               demo::short_time(ours.row.felt.longest), demo::short_time(limit()));
        text += start_up_ < kStartUp
                    ? ""
                    : fmt::format("starting takes {}, over the limit of {}\n", demo::short_time(start_up_), demo::short_time(kStartUp));
        return text;
    }

    Json json() const {
        Json document{{"rows", kRows}, {"per_second", kPerSecond}, {"connections", kConnections}, {"in_the_way_s", kInTheWay.count()}};
        for (const Measured& m : measured_) {
            document["scenarios"].push_back({{"name", m.row.name},
                                             {"changes", !m.row.change.empty()},
                                             {"completed", m.completed},
                                             {"took_ms", m.took.count()},
                                             {"statements", m.row.felt.count},
                                             {"errors", m.row.felt.errors},
                                             {"p50_ms", to_ms(m.row.felt.p50)},
                                             {"p99_ms", to_ms(m.row.felt.p99)},
                                             {"longest_ms", to_ms(m.row.felt.longest)}});
        }
        document["limit_ms"] = to_ms(limit());
        document["start_up_ms"] = to_ms(start_up_);
        document["kept"] = broken().empty();
        return document;
    }

    int conclude() const {
        std::vector<demo::Row> rows;
        std::transform(measured_.begin(), measured_.end(), std::back_inserter(rows), [](const Measured& m) { return m.row; });
        demo::write_out("\n" + demo::felt_table(rows, {}) +
                        fmt::format("\npgbelay --version: {} (median of 20)\n", demo::short_time(start_up_)));
        write_figures(json(), arguments_.json);
        const std::string reasons = broken();
        demo::write_out(reasons.empty() ? fmt::format("kept: at most {}\n", demo::short_time(limit())) : reasons);
        return reasons.empty() ? 0 : 1;
    }

    const Arguments& arguments_;
    const base::StopSignal& stop_;
    cluster::Cluster cluster_;
    std::filesystem::path file_;
    std::vector<Measured> measured_;
    Micros start_up_{0};
};

}  // namespace

}  // namespace pgbelay::bench

int main(int argc, char** argv) {
    using namespace pgbelay;
    return bench::run_benchmark(argc, argv, "impact", [](const bench::Arguments& arguments, const base::StopSignal& stop) {
        return bench::Impact(arguments, stop).run();
    });
}
