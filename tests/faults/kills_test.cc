// kill -9 of the client at every boundary that a run passes, then `resume`: the same catalog as of a run that nobody killed, each
// effect once. The boundaries are those that the program reports of itself, so that a new one cannot be forgotten.
#include "faults/boundaries.h"
#include "faults/stage.h"
#include "support/canonical.h"
#include "support/line_diff.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>

namespace pgbelay::test {
namespace {

constexpr int kWorkers = 2;
constexpr int kKilled = 128 + SIGKILL;

// One way to use the program, killed everywhere.
struct Scene {
    const Folder& folder;
    const Database& before;            // copied for each try
    std::vector<std::string> command;  // "deploy -y …"
    std::string expected_state;        // of its run, in the end
    std::string expected_counter;
    std::function<void(const Database&)> prepare;  // the copy, first
};

Client::Setting setting(const Scene& scene, const Database& database) {
    return {.binary = PGBELAY_FAULTS_BINARY, .directory = scene.folder.path(), .url = database.url()};
}

int newest_run(Session& session, const std::string& states) {
    if (session.value("SELECT to_regclass('pgbelay.run')").empty()) {
        return 0;
    }
    return std::stoi(session.value(fmt::format("SELECT COALESCE(max(id), 0) FROM pgbelay.run WHERE state IN ({})", states)));
}

// Carries on as a person would, whatever the kill left: resume when a run is unfinished, the same command again when none had begun.
std::string carry_on(const Scene& scene, const Database& database, int last_run_before) {
    Session session = database.open();
    std::vector<std::string> command{"resume", "-y"};
    if (newest_run(session, "'running', 'paused', 'stopped', 'interrupted'") == 0) {
        if (newest_run(session, "'deployed', 'rolled_back'") > last_run_before) {
            return "";
        }
        command = scene.command;
    }
    Client::Setting product = setting(scene, database);
    product.binary = PGBELAY_BINARY;
    Client client(product, command);
    const int status = client.wait();
    return status == 0 ? "" : fmt::format("{} ended {}:\n{}", command.front(), status, client.said());
}

// What is not as it should be; "" when all is.
std::string wrong(const Scene& scene, const Database& database, const std::vector<std::string>& expected) {
    Session session = database.open();
    if (const std::string difference = line_diff(expected, canonical_dump(database.url())); !difference.empty()) {
        return "the catalog differs:\n" + difference;
    }
    if (const std::string n = session.value("SELECT n FROM counter"); n != scene.expected_counter) {
        return "the counter is " + n;
    }
    if (const std::string invalid = session.value("SELECT string_agg(indexrelid::regclass::text, ', ') FROM pg_index WHERE NOT indisvalid");
        !invalid.empty()) {
        return "INVALID: " + invalid;
    }
    const std::string state = session.value("SELECT state FROM pgbelay.run ORDER BY id DESC LIMIT 1");
    return state == scene.expected_state ? "" : "the run is " + state;
}

std::string try_boundary(const Scene& scene, const Boundary& boundary, const std::vector<std::string>& expected) {
    const Database database = Database::copy_of(scene.before);
    scene.prepare(database);
    int last_run = 0;
    {
        Session session = database.open();
        last_run = newest_run(session, "'deployed', 'rolled_back'");
    }
    Client::Setting doomed = setting(scene, database);
    doomed.env = {{"PGBELAY_FAIL_POINT_AT", std::to_string(boundary.n)}};
    Client client(doomed, scene.command);
    if (const int status = client.wait(); status != kKilled) {
        // Two runs are not always of the same length: a lock that was not got at once has more boundaries. This one ended before.
        if (status != 0) {
            return fmt::format("ended {} instead of being killed:\n{}", status, client.said());
        }
    } else if (const std::string failure = carry_on(scene, database, last_run); !failure.empty()) {
        return failure;
    }
    return wrong(scene, database, expected);
}

// The first two of each name, and of the others every third: PGBELAY_EVERY_BOUNDARY and the campaign have them all.
std::vector<Boundary> of_each_name(const std::vector<Boundary>& all) {
    if (every_boundary()) {
        return all;
    }
    std::map<std::string, int> seen;
    std::vector<Boundary> chosen;
    std::ranges::copy_if(all, std::back_inserter(chosen), [&](const Boundary& boundary) {
        const int times = seen[boundary.name]++;
        return times < 2 || times % 3 == 0;
    });
    return chosen;
}

void kill_everywhere(const Scene& scene) {
    const Database whole = Database::copy_of(scene.before);
    scene.prepare(whole);
    Client::Setting logged = setting(scene, whole);
    const std::filesystem::path log = scene.folder.path() / ("boundaries of " + scene.command.front());
    logged.env = {{"PGBELAY_FAIL_POINT_LOG", log.string()}};
    Client uninterrupted(logged, scene.command);
    ASSERT_EQ(uninterrupted.wait(), 0) << uninterrupted.said();
    const std::vector<std::string> expected = canonical_dump(whole.url());
    ASSERT_EQ(wrong(scene, whole, expected), "");
    const std::vector<Boundary> all = of_each_name(boundaries(log));
    ASSERT_GT(all.size(), 20U);

    std::atomic<std::size_t> next{0};
    std::atomic<int> failures{0};
    std::mutex mutex;
    const auto work = [&] {
        for (std::size_t i = next++; i < all.size() && failures < 3; i = next++) {
            std::string failure;
            try {
                failure = try_boundary(scene, all[i], expected);
            } catch (const std::exception& error) {
                failure = error.what();
            }
            if (!failure.empty()) {
                ++failures;
                const std::lock_guard lock(mutex);
                ADD_FAILURE() << "killed at boundary " << all[i].n << " (" << all[i].name << "): " << failure;
            }
        }
    };
    std::vector<std::jthread> workers;
    for (int i = 0; i < kWorkers; ++i) {
        workers.emplace_back(work);
    }
    workers.clear();
    std::cout << "killed at " << all.size() << " boundaries\n";
}

// Nothing is tiny here, so that small tables do: their copies are quick.
class Kills : public ::testing::Test {
protected:
    Kills() {
        folder_.write("seed/migrations/000_base.sql", "SELECT 1;\n");
        folder_.write("migrations/000_base.sql", "SELECT 1;\n");
        folder_.write("migrations/001_indexes.sql",
                      "CREATE INDEX orders_customer_idx ON orders (customer_id);\n"
                      "DROP INDEX customers_region_idx;\n"
                      "REINDEX INDEX orders_code_idx;\n");
        folder_.write("migrations/002_constraints.sql",
                      "ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers (id);\n"
                      "ALTER TABLE customers ALTER COLUMN email SET NOT NULL;\n"
                      "ALTER TABLE customers ADD CONSTRAINT customers_email_key UNIQUE (email);\n");
        folder_.write("migrations/003_group.sql",
                      "BEGIN;\n"
                      "UPDATE counter SET n = n + 1;\n"
                      "CREATE TABLE regions (code text PRIMARY KEY, name text NOT NULL);\n"
                      "ALTER TABLE customers ADD COLUMN vip boolean NOT NULL DEFAULT false;\n"
                      "COMMIT;\n"
                      "BEGIN;\n"
                      "DROP INDEX orders_total_idx;\n"
                      "CREATE INDEX orders_total_idx ON orders (total DESC);\n"
                      "COMMIT;\n");
        folder_.write("migrations/003_group_rollback.sql",
                      "BEGIN;\n"
                      "DROP TABLE regions;\n"
                      "ALTER TABLE customers DROP COLUMN vip;\n"
                      "UPDATE counter SET n = n - 1;\n"
                      "DROP INDEX orders_total_idx;\n"
                      "CREATE INDEX orders_total_idx ON orders (total);\n"
                      "COMMIT;\n");
    }

    static std::string script() {
        return "CREATE TABLE customers (id bigint PRIMARY KEY, email text, region text);"
               "INSERT INTO customers SELECT i, 'c' || i, 'eu' FROM generate_series(1, 200) AS i;"
               "CREATE INDEX customers_region_idx ON customers (region);"
               "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, code text NOT NULL, total numeric);"
               "INSERT INTO orders SELECT i, i, 'o' || i, i FROM generate_series(1, 200) AS i;"
               "CREATE INDEX orders_total_idx ON orders (total);"
               "CREATE INDEX orders_code_idx ON orders (code);"
               "CREATE TABLE counter (n integer NOT NULL); INSERT INTO counter VALUES (0)";
    }

    void must_run(const Database& database, const std::vector<std::string>& arguments) const {
        Client client({.binary = PGBELAY_BINARY, .directory = folder_.path(), .url = database.url()}, arguments);
        ASSERT_EQ(client.wait(), 0) << client.said();
    }

    Folder folder_;
};

TEST_F(Kills, ADeploymentOfADirectoryGoesOnFromEveryBoundary) {
    const Database before(script());
    must_run(before, {"mark", "seed/migrations"});
    kill_everywhere({folder_, before, {"deploy", "-y", "--limit", "tiny=0", "migrations"}, "deployed", "1", [](const Database&) {}});
}

TEST_F(Kills, ADeploymentWithoutAJournalGoesOnFromEveryBoundary) {
    folder_.write("one.sql", "BEGIN;\nUPDATE counter SET n = n + 1;\nALTER TABLE orders ADD COLUMN region text;\nCOMMIT;\n");
    const Database before(script());
    kill_everywhere({folder_, before, {"deploy", "-y", "one.sql"}, "deployed", "1", [](const Database&) {}});
}

// Every part of an index and of a key of a partitioned table, and a partition that comes to it.
std::string partitioned() {
    return "CREATE TABLE visits (id bigint NOT NULL, at date NOT NULL, kind text) PARTITION BY RANGE (at);"
           "CREATE TABLE visits_2024 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (kind);"
           "CREATE TABLE visits_2024_rest PARTITION OF visits_2024 DEFAULT;"
           "CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');"
           "INSERT INTO visits SELECT i, '2024-12-01'::date + i % 100, 'x' FROM generate_series(1, 200) AS i;"
           "CREATE TABLE visits_2026 (id bigint NOT NULL, at date NOT NULL, kind text);"
           "INSERT INTO visits_2026 SELECT i, '2026-02-01', 'x' FROM generate_series(1, 200) AS i;"
           "CREATE TABLE counter (n integer NOT NULL); INSERT INTO counter VALUES (0)";
}

constexpr const char* kOnPartitions =
    "CREATE INDEX visits_id_idx ON visits (id);\n"
    "ALTER TABLE visits ADD CONSTRAINT visits_key UNIQUE (id, at, kind);\n"
    "ALTER TABLE visits ATTACH PARTITION visits_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');\n"
    "UPDATE counter SET n = n + 1;\n";

TEST_F(Kills, ADeploymentOnPartitionedTablesGoesOnFromEveryBoundary) {
    folder_.write("partitions.sql", kOnPartitions);
    const Database before(partitioned());
    kill_everywhere({folder_, before, {"deploy", "-y", "--limit", "tiny=0", "partitions.sql"}, "deployed", "1", [](const Database&) {}});
}

TEST_F(Kills, ARollbackGoesOnFromEveryBoundary) {
    const Database fresh(script());
    must_run(fresh, {"mark", "seed/migrations"});
    const std::vector<std::string> as_before = canonical_dump(fresh.url());
    must_run(fresh, {"deploy", "-y", "--limit", "tiny=0", "migrations"});
    // A copy is another database, of which the journal's runs say nothing; here the copies stand for the original.
    const auto adopt_journal = [](const Database& copy) {
        copy.open().run("UPDATE pgbelay.run SET database_oid = (SELECT oid FROM pg_database WHERE datname = current_database())");
    };
    kill_everywhere({folder_, fresh, {"rollback", "-y"}, "rolled_back", "0", adopt_journal});

    must_run(fresh, {"rollback", "-y"});
    EXPECT_EQ(line_diff(as_before, canonical_dump(fresh.url())), "");
}

}  // namespace
}  // namespace pgbelay::test
