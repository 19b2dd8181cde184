#include "demo/trial.h"

#include "base/error.h"
#include "demo/franchise_traffic.h"
#include "demo/plain_way.h"
#include "pg/connection.h"
#include "report/text.h"
#include "sql/quote.h"

#include <fmt/core.h>

#include <optional>
#include <thread>
#include <utility>

namespace pgbelay::demo {

namespace {

constexpr std::chrono::seconds kAnswerTime{10};
constexpr std::chrono::seconds kBeforeAndAfter{1};

// Somebody's transaction, from its first statements until its time is over or it is destroyed.
class OpenReport {
public:
    OpenReport(const pg::Conninfo& database, const base::StopSignal& stop)
        : connection_(pg::Connection::open(database, "report", base::in(kAnswerTime), &stop)) {
        for (const std::string& statement : franchise_report()) {
            const pg::Outcome outcome = connection_.run(statement, std::nullopt, base::in(kAnswerTime), &stop);
            if (const auto* error = std::get_if<pg::ServerError>(&outcome)) {
                throw pg::to_error(*error);
            }
        }
        end_ = std::jthread([this] {
            base::pause_for(kReportTime, &over_);
            connection_.close();  // which rolls back, as it does for whoever closes his window
        });
    }
    ~OpenReport() { over_.request(); }
    OpenReport(const OpenReport&) = delete;
    OpenReport& operator=(const OpenReport&) = delete;

private:
    pg::Connection connection_;
    base::StopSignal over_;
    std::jthread end_;  // last: it ends before what it uses
};

}  // namespace

void pause_or_throw(base::Clock::duration time, const base::StopSignal& stop) {
    if (!base::pause_for(time, &stop)) {
        throw base::Error(base::ErrorCode::interrupted, "interrupted");
    }
}

Row run_trial(const std::string& name, const pg::Conninfo& database, const Change& change, const base::StopSignal& stop) {
    Traffic traffic(database, franchise_traffic(), {kConnections, kPerSecond, "public", kApplication}, &stop);
    const OpenReport report(database, stop);
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
