#include "campaign/trial.h"

#include "base/file.h"
#include "support/canonical.h"
#include "support/line_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace pgbelay::test {

namespace {

constexpr std::chrono::seconds kPatience{120};
// A standby is cut off up to so many boundaries before the primary goes: the transactions between them are lost.
constexpr int kMostLost = 25;

Client::Setting setting(const Scene& scene, const std::string& url) {
    return {.binary = PGBELAY_BINARY, .directory = scene.folder.path(), .url = url};
}

Client::Setting stopping_at(const Scene& scene, const std::string& url, const std::string& boundaries) {
    return {
        .binary = PGBELAY_FAULTS_BINARY, .directory = scene.folder.path(), .url = url, .env = {{"PGBELAY_FAIL_POINT_STOP_AT", boundaries}}};
}

// What is not as it should be; "" when all is.
std::string wrong(const Scene& scene, const Site::Database& database) {
    Session session = database.open();
    if (const std::string state = session.value("SELECT state FROM pgbelay.run ORDER BY id DESC LIMIT 1"); state != "deployed") {
        return "the run is " + state;
    }
    if (const std::string twice =
            session.value("SELECT string_agg(step, ', ') FROM (SELECT step FROM ran GROUP BY step HAVING count(*) > 1) AS t");
        !twice.empty()) {
        return "ran more than once: " + twice;
    }
    if (const std::string invalid = session.value("SELECT string_agg(indexrelid::regclass::text, ', ') FROM pg_index WHERE NOT indisvalid");
        !invalid.empty()) {
        return "INVALID: " + invalid;
    }
    if (const std::string debts = session.value("SELECT count(*) FROM pgbelay.debt WHERE settled_at IS NULL"); debts != "0") {
        return "debts are open: " + debts;
    }
    const std::string difference = line_diff(scene.expected, canonical_dump(database.url()));
    return difference.empty() ? "" : "the catalog differs:\n" + difference;
}

// The arguments with which a person carries on: resume when a run is unfinished, the same command again when none had begun; none
// when it is deployed.
std::vector<std::string> next_command(const Scene& scene, const Site::Database& database) {
    Session session = database.open();
    if (session.value("SELECT to_regclass('pgbelay.run')").empty()) {
        return scene.migration.command();
    }
    const std::string state = session.value("SELECT state FROM pgbelay.run ORDER BY id DESC LIMIT 1");
    if (state.empty()) {
        return scene.migration.command();
    }
    return state == "deployed" ? std::vector<std::string>() : std::vector<std::string>{"resume", "-y"};
}

// Why it did not work; "" when it did.
std::string carry_on(const Scene& scene, const Site::Database& database, const std::string& url) {
    const std::vector<std::string> command = next_command(scene, database);
    if (command.empty()) {
        return "";
    }
    Client client(setting(scene, url), command);
    const int status = client.wait(kPatience);
    return status == 0 ? "" : fmt::format("{} ended {}:\n{}", command.front(), status, client.said());
}

// Whatever happens, the program ends in one of the ways that docs/commands.md names.
bool a_known_end(int status) {
    return status == 0 || (status >= 3 && status <= 5);
}

// The end of a client that stood at its boundary; `nothing_left` when it had no word to exchange with the server any more, and so cannot
// have known that a standby without its last ones took over.
Outcome judge(const Scene& scene, const Site::Database& database, const std::string& url, Client& client, bool nothing_left) {
    const int status = client.wait(kPatience);
    const bool carried = status != 0 || (nothing_left && !next_command(scene, database).empty());
    Outcome outcome{.injected = 1, .by_itself = !carried};
    constexpr int kKilled = 128 + SIGKILL;
    if (!a_known_end(status) && status != kKilled) {
        outcome.failure = fmt::format("it ended {}:\n{}", status, client.said());
    } else if (carried) {
        outcome.failure = carry_on(scene, database, url);
        if (!outcome.failure.empty() && status != kKilled) {
            outcome.failure += fmt::format("\nbefore that it had ended {}:\n{}", status, client.said());
        }
    }
    if (outcome.failure.empty()) {
        outcome.failure = wrong(scene, database);
    }
    return outcome;
}

// A client at its boundary, with a database of its own.
struct Stand {
    Stand(Site& site, const Scene& scene, Boundary at, int cut_off)
        : boundary(std::move(at)), cut_off_at(cut_off), database(site, scene.migration) {}

    Boundary boundary;
    int cut_off_at;  // failover: the standby gets nothing of what comes after this one
    Site::Database database;
    std::string url{};  // as the client knows it
    std::unique_ptr<Client> client{};
    bool there = false;  // it has reached its boundary
};
using Stands = std::vector<std::unique_ptr<Stand>>;

// Two runs are not always of the same length: a lock that was not got at once has more boundaries. One may end before its own.
void bring_to_boundaries(const Scene& scene, Site& site, Fault fault, const Stands& stands) {
    const bool failover = fault == Fault::failover;
    if (failover) {
        site.add_standby();
    }
    for (const auto& stand : stands) {
        stand->url = stand->database.url();
        const std::string stops = failover ? fmt::format("{},{}", stand->cut_off_at, stand->boundary.n) : std::to_string(stand->boundary.n);
        stand->client = std::make_unique<Client>(stopping_at(scene, stand->url, stops), scene.migration.command());
    }
    for (const auto& stand : stands) {
        stand->there = stand->client->wait_until_stopped(kPatience);
    }
    if (!failover) {
        return;
    }
    site.cut_off_standby();
    for (const auto& stand : stands) {
        if (stand->there && stand->cut_off_at != stand->boundary.n) {
            stand->client->signal(SIGCONT);
            stand->there = stand->client->wait_until_stopped(kPatience);
        }
    }
}

// False when there is none of these.
bool terminate(const Site::Database& database, const std::string& purposes) {
    Session session = database.open();
    const std::string those =
        fmt::format("FROM pg_stat_activity WHERE datname = current_database() AND application_name IN ({})", purposes);
    if (session.column("SELECT pg_terminate_backend(pid) " + those).empty()) {
        return false;
    }
    eventually("the backends are gone", [&] { return session.value("SELECT count(*) " + those) == "0"; });
    return true;
}

void let_go_on(const Stands& stands) {
    for (const auto& stand : stands) {
        stand->client->signal(SIGCONT);
    }
}

// Where nothing could be done to a client, it is not there any more.
void inject(Fault fault, Site& site, const Stands& stands) {
    switch (fault) {
        case Fault::kill:
        case Fault::random_kill:
            for (const auto& stand : stands) {
                stand->client->signal(SIGKILL);
            }
            return;
        case Fault::backend:
        case Fault::keeper:
            for (const auto& stand : stands) {
                stand->there = stand->there && terminate(stand->database,
                                                         fault == Fault::keeper ? "'pgbelay keeper'" : "'pgbelay worker', 'pgbelay build'");
            }
            let_go_on(stands);
            return;
        // The clients go on while the server is away, so that they meet one that refuses, and one that is not ready.
        case Fault::crash:
            site.stop_immediately();
            let_go_on(stands);
            site.start();
            return;
        case Fault::failover:
            site.stop_immediately();
            let_go_on(stands);
            site.promote_standby();
            return;
    }
}

std::string file_name(const std::string& text) {
    std::string name = text;
    std::ranges::replace_if(name, [](char c) { return c == '/' || c == ' '; }, '_');
    return name;
}

}  // namespace

std::string_view name(Fault fault) {
    switch (fault) {
        case Fault::kill: return "kill";
        case Fault::backend: return "backend";
        case Fault::keeper: return "keeper";
        case Fault::crash: return "crash";
        case Fault::failover: return "failover";
        case Fault::random_kill: return "random";
    }
    return "";
}

std::string_view description(Fault fault) {
    switch (fault) {
        case Fault::kill: return "`kill -9` of the client";
        case Fault::backend: return "`pg_terminate_backend` of the step's backend";
        case Fault::keeper: return "`pg_terminate_backend` of the keeper";
        case Fault::crash: return "crash of the server";
        case Fault::failover: return "standby promoted, last transactions lost";
        case Fault::random_kill: return "`kill -9` at random moments";
    }
    return "";
}

void rehearse(Scene& scene, Site& site) {
    for (const auto& [file, text] : scene.migration.files) {
        scene.folder.write(file, text);
    }
    const Site::Database database(site, scene.migration);
    Client::Setting logged = stopping_at(scene, database.url(), "");
    const std::filesystem::path log = scene.folder.path() / file_name("boundaries of " + scene.migration.name);
    logged.env = {{"PGBELAY_FAIL_POINT_LOG", log.string()}};
    const auto began = base::Clock::now();
    Client client(logged, scene.migration.command());
    if (const int status = client.wait(kPatience); status != 0) {
        throw std::runtime_error(fmt::format("without any fault it ended {}:\n{}", status, client.said()));
    }
    scene.took = base::Clock::now() - began;
    scene.expected = canonical_dump(database.url());
    scene.all = boundaries(log);
    if (const std::string failure = wrong(scene, database); !failure.empty()) {
        throw std::runtime_error("without any fault: " + failure);
    }
}

std::vector<Outcome> faults_at(const Scene& scene, Site& site, Fault fault, const std::vector<Boundary>& chosen, std::minstd_rand& random) {
    Stands stands;
    for (const Boundary& boundary : chosen) {
        const int cut_off_at = std::max(1, boundary.n - std::uniform_int_distribution(0, kMostLost)(random));
        stands.push_back(std::make_unique<Stand>(site, scene, boundary, cut_off_at));
    }
    bring_to_boundaries(scene, site, fault, stands);
    inject(fault, site, stands);
    std::vector<Outcome> outcomes;
    for (const auto& stand : stands) {
        Outcome& outcome = outcomes.emplace_back();
        try {
            if (stand->there) {
                const bool nothing_left = fault == Fault::failover && stand->boundary.n == scene.all.back().n;
                outcome = judge(scene, stand->database, stand->url, *stand->client, nothing_left);
            }
        } catch (const std::exception& error) {
            outcome = {.injected = 1, .failure = error.what()};
        }
        if (!outcome.failure.empty() && fault == Fault::failover) {
            outcome.failure = fmt::format("standby cut off at boundary {}: {}", stand->cut_off_at, outcome.failure);
        }
    }
    return outcomes;
}

Outcome kill_at_random(const Scene& scene, Site& site, std::minstd_rand& random) {
    const Site::Database database(site, scene.migration);
    const std::string url = database.url();
    const int kills = std::uniform_int_distribution(1, 3)(random);
    std::vector<std::string> command = scene.migration.command();
    Outcome outcome;
    while (outcome.injected < kills && !command.empty()) {
        Client client(setting(scene, url), command);
        const auto moment = std::uniform_int_distribution<base::Clock::rep>(0, scene.took.count())(random);
        const base::Deadline deadline = base::in(base::Clock::duration(moment));
        while (client.running() && base::Clock::now() < deadline) {
            base::pause_for(std::chrono::milliseconds(1), nullptr);
        }
        if (client.running()) {
            client.signal(SIGKILL);
            client.wait();
            ++outcome.injected;
        } else if (const int status = client.wait(); status != 0) {
            outcome.failure = fmt::format("{} ended {}:\n{}", command.front(), status, client.said());
            return outcome;
        }
        command = next_command(scene, database);
    }
    outcome.failure = carry_on(scene, database, url);
    if (outcome.failure.empty()) {
        outcome.failure = wrong(scene, database);
    }
    return outcome;
}

}  // namespace pgbelay::test
