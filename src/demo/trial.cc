#include "demo/trial.h"

#include "base/error.h"
#include "demo/franchise_traffic.h"
#include "demo/open_transaction.h"
#include "demo/plain_way.h"
#include "pg/connection.h"
#include "report/text.h"
#include "sql/quote.h"

#include <fmt/core.h>

#include <optional>

namespace pgbelay::demo {

namespace {

constexpr std::chrono::seconds kAnswerTime{10};
constexpr std::chrono::seconds kBeforeAndAfter{1};

}  // namespace

void pause_or_throw(base::Clock::duration time, const base::StopSignal& stop) {
    if (!base::pause_for(time, &stop)) {
        throw base::Error(base::ErrorCode::interrupted, "interrupted");
    }
}

Row run_trial(const std::string& name, const pg::Conninfo& database, const Change& change, const base::StopSignal& stop) {
    Traffic traffic(database, franchise_traffic(), {kConnections, kPerSecond, "public", kApplication}, &stop);
    const OpenTransaction report(database, franchise_report(), kReportTime, &stop);
    pause_or_throw(kBeforeAndAfter, stop);
    Row row;
    row.name = name;
    row.change = change(database);
    pause_or_throw(kBeforeAndAfter, stop);
    row.felt = traffic.finish();
    return row;
}

struct Onlooker::State {
    pg::Connection connection;
    const base::StopSignal& stop;
};

Onlooker::Onlooker(const pg::Conninfo& database, const base::StopSignal& stop)
    : state_(new State{pg::Connection::open(database, "onlooker", base::in(kAnswerTime), &stop), stop}) {}

Onlooker::~Onlooker() = default;

std::string Onlooker::look() {
    static const std::string question = fmt::format(
        "SELECT count(*) FILTER (WHERE application_name = {} AND wait_event_type = 'Lock'),"
        " coalesce(max(query) FILTER (WHERE application_name = {} AND state = 'active'), '')"
        " FROM pg_stat_activity WHERE datname = current_database()",
        sql::quote_literal(kApplication), sql::quote_literal(kMigration));
    const pg::Outcome outcome = state_->connection.run(question, std::nullopt, base::in(kAnswerTime), &state_->stop);
    const auto* answer = std::get_if<pg::Result>(&outcome);
    if (answer == nullptr) {
        return "";
    }
    const int waiting = answer->integer(0, 0);
    const std::string statement = report::one_line(answer->text(0, 1));
    return (waiting == 0 ? "nobody waits" : fmt::format("{} of {} connections wait", waiting, kConnections)) +
           (statement.empty() ? "" : "   " + statement);
}

}  // namespace pgbelay::demo
