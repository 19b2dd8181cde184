#include "engine/target.h"

#include <fmt/core.h>

#include <utility>

namespace pgbelay::engine {

namespace {

constexpr std::chrono::seconds kConnect{15};

}  // namespace

Target::Target(pg::Conninfo conninfo, base::StopSignal* stop, pg::Connection control, pg::ServerFacts facts)
    : conninfo_(std::move(conninfo)), stop_(stop), control_(std::move(control)), facts_(std::move(facts)) {}

Target Target::open(pg::Conninfo conninfo, base::StopSignal* stop) {
    pg::Connection control = pg::Connection::open(conninfo, "control", base::in(kConnect), stop);
    pg::plan_once(control);
    pg::ServerFacts facts = pg::server_facts(control);
    return {std::move(conninfo), stop, std::move(control), std::move(facts)};
}

pg::Connection Target::connect(std::string_view purpose) const {
    return pg::Connection::open(conninfo_, purpose, base::in(kConnect), stop_);
}

void Target::reconnect() {
    pg::Connection control = connect("control");
    pg::plan_once(control);
    pg::ServerFacts facts = pg::server_facts(control);
    if (facts.system_identifier != facts_.system_identifier || facts.database_oid != facts_.database_oid) {
        throw base::Error(base::ErrorCode::refused, fmt::format("{} leads to another database than before", describe()))
            .hint("resume the run with a URL of the database that it began on");
    }
    control_ = std::move(control);
    facts_ = std::move(facts);
}

}  // namespace pgbelay::engine
