#include "demo/demo.h"

#include "cluster/cluster.h"
#include "demo/franchise.h"
#include "demo/load.h"

#include <fmt/core.h>

#include <cstdio>

namespace pgbelay::demo {

namespace {

constexpr int kLoaders = 2;
constexpr int kQuickDivisor = 10;

}  // namespace

int run(const Options& options, base::StopSignal& stop) {
    const base::Deadline began = base::Clock::now();
    cluster::ClusterOptions server;
    // Nothing here outlives the demonstration, so nothing has to survive a crash.
    server.settings = {{"fsync", "off"}, {"wal_level", "minimal"}, {"max_wal_senders", "0"}, {"shared_buffers", "256MB"}};
    server.stop = &stop;
    const cluster::Cluster cluster(server);
    const std::vector<Table> tables = franchise_tables(options.quick ? kQuickDivisor : 1);
    load(pg::Conninfo(cluster.url(), "the demo"), tables, kLoaders, &stop);
    long long rows = 0;
    for (const Table& table : tables) {
        rows += table.rows;
    }
    fmt::print("A private PostgreSQL with {} tables and {} rows, ready in {}.\n", tables.size(), rows,
               base::format_duration(base::Clock::now() - began));
    std::fflush(stdout);
    return 0;
}

}  // namespace pgbelay::demo
