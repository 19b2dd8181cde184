#include "demo/demo.h"

#include "base/error.h"
#include "base/file.h"
#include "cluster/cluster.h"
#include "demo/belayed_way.h"
#include "demo/franchise.h"
#include "demo/franchise_change.h"
#include "demo/load.h"
#include "demo/plain_way.h"
#include "demo/screen.h"
#include "demo/trial.h"
#include "report/measures.h"
#include "report/text.h"

#include <fmt/core.h>

#include <thread>

namespace pgbelay::demo {

namespace {

constexpr int kLoaders = 2;
constexpr int kQuickDivisor = 10;
constexpr base::Millis kRedraw{200};
constexpr const char* kSource = "the demo";
// The same data in each; the last two are copies of the first.
constexpr const char* kUntouched = "untouched";
constexpr const char* kPlain = "plain";
constexpr const char* kBelayed = "belayed";

// 3000000 as "3,000,000".
std::string grouped(long long n) {
    std::string digits = std::to_string(n);
    for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), ",");
    }
    return digits;
}

cluster::ClusterOptions server_options(const base::StopSignal& stop) {
    cluster::ClusterOptions options;
    // Nothing here outlives the demonstration, so nothing has to survive a crash.
    options.settings = {{"fsync", "off"}, {"wal_level", "minimal"}, {"max_wal_senders", "0"}, {"shared_buffers", "256MB"}};
    options.stop = &stop;
    return options;
}

// Ends the server at once when everything is to stop: what would be tidied up on it is about to be removed anyway.
class Watchman {
public:
    Watchman(cluster::Cluster& cluster, const base::StopSignal& stop)
        : thread_([this, &cluster, &stop] {
              if (base::wait(over_.fd(), base::Direction::read, base::kNoDeadline, &stop) == base::WaitResult::stopped) {
                  cluster.stop_immediately();
              }
          }) {}
    ~Watchman() { over_.request(); }
    Watchman(const Watchman&) = delete;
    Watchman& operator=(const Watchman&) = delete;

private:
    base::StopSignal over_;
    std::jthread thread_;  // last: it ends before what it uses
};

class Demonstration {
public:
    Demonstration(const Options& options, base::StopSignal& stop, base::Deadline began)
        : options_(options), stop_(stop), screen_(options.style, options.live), cluster_(server_options(stop)) {
        screen_.done("a private PostgreSQL, for this demonstration only", base::Clock::now() - began);
    }

    void show() {
        const Watchman watchman(cluster_, stop_);
        fill();
        introduce();
        std::vector<Row> rows;
        rows.push_back(without_change());
        rows.push_back(plainly());
        rows.push_back(with_pgbelay());
        screen_.say("\nHow long the application waited for a statement, from when it was due:\n\n" + felt_table(rows, options_.style));
        screen_.say("What the change is worth:\n\n" + report::measures_text(measured_, options_.style));
    }

private:
    pg::Conninfo database(const std::string& name) const { return {cluster_.url(name), kSource}; }

    void fill() {
        const base::Deadline began = base::Clock::now();
        screen_.status("  loading data");
        const std::vector<Table> tables = franchise_tables(options_.quick ? kQuickDivisor : 1);
        run_statements(database("postgres"), {fmt::format("CREATE DATABASE {}", kUntouched)}, &stop_);
        load(database(kUntouched), tables, kLoaders, &stop_);
        long long rows = 0;
        for (const Table& table : tables) {
            rows += table.rows;
        }
        copy();
        screen_.done(fmt::format("{} tables with {} rows, three times the same", tables.size(), grouped(rows)), base::Clock::now() - began);
    }

    void copy() {
        screen_.status("  copying data");
        for (const char* name : {kPlain, kBelayed}) {
            copy_database(database("postgres"), kUntouched, name, &stop_);
        }
    }

    void introduce() {
        file_ = cluster_.directory() / "franchise.sql";
        base::write_file(file_, franchise_change());
        base::write_file(cluster_.directory() / "RUNBOOK.md", franchise_runbook());
        screen_.say(fmt::format("\n{}", franchise_change()));
        for (const std::string& line :
             report::wrap(fmt::format("While this is deployed, an application sends {:.0f} statements a second over {} connections, "
                                      "and somebody's report has read payments and stays open for {}.",
                                      kPerSecond, kConnections, base::format_duration(kReportTime)),
                          options_.style.columns - 1)) {
            screen_.say(line);
        }
    }

    void title(int n, std::string_view text) {
        screen_.say("\n" + report::paint(options_.style, report::Ink::strong, fmt::format("{}  {}", n, text)));
    }

    Row trial(const std::string& name, const char* where, const Change& change) {
        const base::Deadline began = base::Clock::now();
        Row row = run_trial(name, database(where), change, stop_);
        screen_.done(fmt::format("{} statements, the longest waited {}", grouped(static_cast<long long>(row.felt.count)),
                                 short_time(row.felt.longest)),
                     base::Clock::now() - began);
        if (row.felt.errors > 0) {
            screen_.say(fmt::format("  {} of them failed: {}", row.felt.errors, row.felt.first_error));
        }
        return row;
    }

    Row without_change() {
        title(1, "Nothing is deployed");
        return trial("no deployment", kUntouched, [this](const pg::Conninfo& where) {
            Onlooker onlooker(where, stop_);
            const base::Deadline end = base::in(kReportTime);
            while (base::Clock::now() < end) {
                screen_.status(fmt::format("  {:>7}   {}", base::format_duration(end - base::Clock::now()), onlooker.look()));
                pause_or_throw(kRedraw, stop_);
            }
            return std::string();
        });
    }

    Row plainly() {
        const std::filesystem::path psql = find_psql();
        title(2, psql.empty() ? "As psql -f franchise.sql does it: there is no psql here, so its statements are sent"
                              : "psql -f franchise.sql");
        return trial("psql -f", kPlain,
                     [&](const pg::Conninfo&) { return change_plainly(psql, cluster_.url(kPlain), file_, screen_, stop_); });
    }

    Row with_pgbelay() {
        title(3, "pgbelay deploy RUNBOOK.md, which applies franchise.sql");
        return trial("pgbelay deploy", kBelayed, [&](const pg::Conninfo& where) {
            Belayed belayed = change_with_pgbelay(where, cluster_.directory() / "RUNBOOK.md", screen_, stop_);
            measured_ = std::move(belayed.measured);
            return belayed.words;
        });
    }

    const Options& options_;
    base::StopSignal& stop_;
    Screen screen_;
    cluster::Cluster cluster_;
    std::filesystem::path file_;
    std::vector<engine::Measured> measured_;  // by the deployment with pgbelay
};

}  // namespace

int run(const Options& options, base::StopSignal& stop) {
    const base::Deadline began = base::Clock::now();
    try {
        Demonstration(options, stop, began).show();
    } catch (const base::Error&) {
        if (stop.requested()) {  // what noticed it first, such as a statement without a server, tells nobody anything
            throw base::Error(base::ErrorCode::interrupted, "interrupted: the server and its data are gone");
        }
        throw;
    }
    write_out(
        fmt::format("The server and its data are gone again, after {}.\n"
                    "Next, with a database of yours: pgbelay check --db URL\n",
                    base::format_duration(base::Clock::now() - began)));
    return 0;
}

}  // namespace pgbelay::demo
