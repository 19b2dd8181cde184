#include "engine/target.h"

#include <fmt/core.h>

#include <optional>
#include <utility>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

constexpr std::chrono::seconds kConnect{15};
// Of several hosts each gets so long: a dead one must not eat the time of the others.
constexpr std::chrono::seconds kConnectOne{5};

}  // namespace

Target::Target(pg::Conninfo conninfo, base::StopSignal* stop, pg::Connection control, pg::ServerFacts facts)
    : conninfo_(std::move(conninfo)),
      here_(conninfo_.only(control.host())),
      stop_(stop),
      control_(std::move(control)),
      facts_(std::move(facts)) {}

Target Target::open(pg::Conninfo conninfo, base::StopSignal* stop) {
    pg::Connection control = pg::Connection::open(conninfo, "control", base::in(kConnect), stop);
    const pg::Heeding heeding(control, stop);
    pg::plan_once(control);
    pg::ServerFacts facts = pg::server_facts(control);
    return {std::move(conninfo), stop, std::move(control), std::move(facts)};
}

// A name can lead elsewhere from one moment to the next; what was looked up over one connection must hold for the others.
pg::Connection Target::connect(std::string_view purpose) const {
    pg::Connection connection = pg::Connection::open(here_, purpose, base::in(kConnect), stop_);
    if (connection.server_start() != control_.server_start()) {
        throw Error(ErrorCode::connection, fmt::format("{} leads to another server than a moment ago", here_.describe()));
    }
    return connection;
}

void Target::try_host(const pg::Conninfo& host, base::Deadline deadline) {
    pg::Connection control = pg::Connection::open(host, "control", deadline, stop_);
    pg::plan_once(control);
    pg::ServerFacts facts = pg::server_facts(control);
    if (facts.system_identifier != facts_.system_identifier || facts.database_oid != facts_.database_oid) {
        throw Error(ErrorCode::refused, fmt::format("{} leads to another database than before", host.describe()))
            .hint("resume the run with a URL of the database that it began on");
    }
    if (facts.in_recovery) {
        throw Error(ErrorCode::connection, fmt::format("{} is in recovery: a standby that nobody has promoted yet", host.describe()));
    }
    if (facts.timeline < facts_.timeline) {
        throw Error(ErrorCode::connection, fmt::format("{} is a former primary, on timeline {}: the run went on on timeline {}",
                                                       host.describe(), facts.timeline, facts_.timeline));
    }
    here_ = host;
    control_ = std::move(control);
    facts_ = std::move(facts);
}

void Target::reconnect() {
    const std::size_t hosts = conninfo_.hosts();
    std::string reasons;
    std::optional<Error> refused;
    for (std::size_t i = 0; i < hosts; ++i) {
        try {
            try_host(conninfo_.only(i), base::in(hosts == 1 ? kConnect : kConnectOne));
            return;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::refused) {
                refused = error;
            } else if (error.code() != ErrorCode::connection) {
                throw;
            }
            reasons += (reasons.empty() ? "" : "; ") + error.message();
        }
    }
    throw refused ? *refused : Error(ErrorCode::connection, reasons);
}

void keep_connected(const Target& target, std::string_view purpose, const base::StopSignal& stop,
                    const std::function<void(pg::Connection&)>& work) {
    while (!stop.requested()) {
        try {
            pg::Connection connection = pg::Connection::open(target.here(), purpose, base::in(std::chrono::seconds(5)), &stop);
            work(connection);
        } catch (const base::Error&) {
            base::pause_for(std::chrono::seconds(1), &stop);
        }
    }
}

}  // namespace pgbelay::engine
