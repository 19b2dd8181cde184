// Networks that fail in each phase of a deployment: it goes on by itself; each effect once; no hang beyond what keepalives allow.
#include "faults/proxy.h"
#include "faults/stage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <thread>

namespace pgbelay::test {
namespace {

// Keepalives notice within 30 s that nobody is there; then there is a connection to make, and a step to do.
constexpr std::chrono::seconds kHalfOpen{60};
constexpr std::chrono::seconds kCut{30};

// COMMIT of a new table `made` waits for the row of the gate. Not that of an UPDATE: what that has deferred runs before its COMMIT.
const std::string kTables = large_table("busy") +
                            "CREATE TABLE counter (n integer NOT NULL); INSERT INTO counter VALUES (0);"
                            "CREATE TABLE gate (open boolean); INSERT INTO gate VALUES (true);"
                            "CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS "
                            "$$ BEGIN PERFORM FROM public.gate FOR UPDATE; RETURN NULL; END $$;"
                            "CREATE CONSTRAINT TRIGGER pass AFTER UPDATE ON counter DEFERRABLE INITIALLY DEFERRED "
                            "FOR EACH ROW EXECUTE FUNCTION pass();"
                            "CREATE FUNCTION count_made() RETURNS event_trigger LANGUAGE plpgsql AS "
                            "$$ BEGIN IF to_regclass('public.made') IS NOT NULL THEN UPDATE public.counter SET n = n + 1; END IF; END $$;"
                            "CREATE EVENT TRIGGER count_made ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION count_made()";

// Where a deployment stands when the network fails, and by what it is kept there.
struct Phase {
    const char* name;
    const char* sql;
    const char* kept_by;
    bool (*reached)(const Stage&, const Client&);
    const char* once;  // a query that is true when the effect is there once
};

bool in_worker(const Stage& stage, const Client& /*client*/) {
    return stage.waits_for_a_lock("worker");
}

constexpr Phase kPhases[] = {
    {"before the lock", "BEGIN;\nUPDATE counter SET n = n + 1;\nALTER TABLE busy ADD COLUMN region text;\nCOMMIT;\n",
     "BEGIN; SELECT count(*) FROM busy", [](const Stage& /*stage*/, const Client& client) { return client.has_said("step_waiting"); },
     "SELECT n = 1 AND (SELECT count(*) = 1 FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region') FROM counter"},
    {"in mid-transaction", "UPDATE counter SET n = n + 1;\n", "BEGIN; SELECT * FROM counter FOR UPDATE", in_worker,
     "SELECT n = 1 FROM counter"},
    {"at COMMIT", "CREATE TABLE made (id integer);\n", "BEGIN; SELECT * FROM gate FOR UPDATE",
     [](const Stage& stage, const Client& client) {
         return in_worker(stage, client) && stage.value(
                                                "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event_type = 'Lock'"
                                                " AND datname = current_database()") == "1";
     },
     "SELECT n = 1 AND to_regclass('made') IS NOT NULL FROM counter"},
    {"in mid-build", "CREATE INDEX busy_a_idx ON busy (a);\n", "BEGIN; UPDATE busy SET a = a WHERE id = 1",
     [](const Stage& stage, const Client& /*client*/) { return stage.waits_for_a_lock("build"); },
     "SELECT count(*) = 1 AND bool_and(indisvalid) FROM pg_index WHERE indrelid = 'busy'::regclass AND NOT indisprimary"},
};

// A deployment through a proxy, brought to its phase.
class Deployment {
public:
    explicit Deployment(const Phase& phase) : phase_(phase), stage_(kTables), proxy_(server().port()), keeper_(stage_.session()) {
        stage_.folder.write("1.sql", phase.sql);
        keeper_.run(phase.kept_by);
        client_ = start({"deploy", "-y", "--format", "jsonl", "1.sql"});
        eventually(fmt::format("it stands {}", phase.name), [&] { return phase.reached(stage_, *client_); });
    }

    Proxy& proxy() { return proxy_; }
    const Client& client() const { return *client_; }
    void let_go() { keeper_.run("COMMIT"); }

    // By itself, that is.
    void must_end_well(base::Clock::duration patience) {
        EXPECT_EQ(client_->wait(patience), 0) << phase_.name << ":\n" << client_->said();
        EXPECT_EQ(stage_.value(phase_.once), "t") << phase_.name << ":\n" << client_->said();
        EXPECT_EQ(stage_.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0") << phase_.name;
        EXPECT_EQ(stage_.run_state(), "deployed") << phase_.name;
    }

private:
    std::unique_ptr<Client> start(const std::vector<std::string>& arguments) const {
        Client::Setting setting = stage_.setting();
        setting.url = proxy_.url(stage_.database.name());
        return std::make_unique<Client>(setting, arguments);
    }

    const Phase& phase_;
    Stage stage_;
    Proxy proxy_;
    Session keeper_;
    std::unique_ptr<Client> client_;
};

using Failure = std::function<void(Deployment&)>;

// Each of the failures in each phase, all at once: most of their time they wait.
void in_each_phase(const std::vector<Failure>& failures) {
    server();
    std::vector<std::jthread> threads;
    for (const Failure& fails : failures) {
        for (const Phase& phase : kPhases) {
            threads.emplace_back([&] {
                try {
                    Deployment deployment(phase);
                    fails(deployment);
                } catch (const std::exception& error) {
                    ADD_FAILURE() << phase.name << ": " << error.what();
                }
            });
        }
    }
}

TEST(Network, ADeploymentGoesOnAfterItsConnectionsWereCut) {
    in_each_phase({[](Deployment& deployment) {
        deployment.proxy().cut();
        deployment.let_go();
        deployment.must_end_well(kCut);
    }});
}

void lose_packets(Deployment& deployment) {
    deployment.proxy().lose_packets();
    deployment.let_go();
    deployment.must_end_well(kHalfOpen);
}

void hang(Deployment& deployment) {
    deployment.proxy().hang();
    deployment.let_go();
    eventually("it notices", [&] { return deployment.client().has_said("connection lost"); });
    deployment.proxy().recover();
    deployment.must_end_well(kHalfOpen);
}

TEST(Network, ADeploymentNoticesConnectionsThatAreHalfOpenAndGoesOn) {
    in_each_phase({lose_packets, hang});
}

TEST(Network, ADeploymentGoesOnThroughASlowNetwork) {
    in_each_phase({[](Deployment& deployment) {
        deployment.proxy().delay(std::chrono::milliseconds(40));
        deployment.let_go();
        deployment.must_end_well(kHalfOpen);
    }});
}

TEST(Network, ADeploymentBeginsAndEndsThroughASlowNetwork) {
    Stage stage(kTables);
    Proxy proxy(server().port());
    proxy.delay(std::chrono::milliseconds(10));
    stage.folder.write("1.sql", "ALTER TABLE busy ADD COLUMN region text;\nCREATE INDEX busy_a_idx ON busy (a);\n");
    Client::Setting setting = stage.setting();
    setting.url = proxy.url(stage.database.name());
    Client client(setting, {"deploy", "-y", "1.sql"});
    EXPECT_EQ(client.wait(kHalfOpen), 0) << client.said();
    EXPECT_EQ(stage.run_state(), "deployed");
}

}  // namespace
}  // namespace pgbelay::test
