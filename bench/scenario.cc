#include "scenario.h"

#include "demo/open_transaction.h"
#include "demo/trial.h"
#include "report/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <vector>

namespace pgbelay::bench {

namespace {

constexpr std::chrono::seconds kLead{2};
constexpr std::chrono::seconds kHeadStart{1};
constexpr std::chrono::minutes kAtMost{5};

std::vector<demo::Kind> traffic() {
    const auto some_account = [](demo::Random& random) { return std::uniform_int_distribution<long long>(1, kRows)(random); };
    return {
        {"read", 1, [=](demo::Random& r) { return fmt::format("SELECT balance FROM accounts WHERE id = {}", some_account(r)); }},
        {"write", 1,
         [=](demo::Random& r) { return fmt::format("UPDATE accounts SET balance = balance + 1 WHERE id = {}", some_account(r)); }},
    };
}

std::string words(const Measured& measured) {
    return fmt::format("{} in {}", measured.completed ? "done" : "failed", base::format_duration(measured.took));
}

}  // namespace

demo::Table accounts() {
    return {
        "accounts",
        kRows,
        {"CREATE TABLE public.accounts (id bigint NOT NULL, branch integer NOT NULL, balance integer NOT NULL, filler char(84) NOT NULL)",
         fmt::format("INSERT INTO public.accounts SELECT i, 1 + i % 10, 0, '' FROM generate_series(1, {}) AS i", kRows),
         "ALTER TABLE public.accounts ADD PRIMARY KEY (id)"},
        "VACUUM (ANALYZE) public.accounts",
    };
}

Measured measure(const Scenario& scenario, const pg::Conninfo& database, const base::StopSignal& stop) {
    demo::Traffic application(database, traffic(), {kConnections, kPerSecond, "public", "accounts app"}, &stop);
    demo::pause_or_throw(kLead, stop);
    const demo::OpenTransaction reader(
        database, {"SET application_name TO 'somebody'", "BEGIN", "SELECT sum(balance) FROM public.accounts WHERE id <= 1000"}, kInTheWay,
        &stop);
    const base::Deadline reader_ends = base::in(kInTheWay);
    demo::pause_or_throw(kHeadStart, stop);
    Measured measured;
    if (scenario.change) {
        const base::Deadline began = base::Clock::now();
        const base::CommandResult result = base::run_command(*scenario.change, base::in(kAtMost), &stop);
        measured.took = std::chrono::duration_cast<base::Millis>(base::Clock::now() - began);
        measured.completed = result.status == 0;
        measured.output = measured.completed ? "" : report::one_line(result.err);
        measured.row.change = words(measured);
    }
    demo::pause_or_throw(std::max(reader_ends - base::Clock::now(), base::Clock::duration{0}) + kLead, stop);
    measured.row.name = scenario.name;
    measured.row.felt = application.finish();
    return measured;
}

demo::Micros start_up(const base::Command& command, const base::StopSignal& stop) {
    constexpr std::size_t kTimes = 20;
    std::vector<demo::Micros> times;
    while (times.size() < kTimes) {
        const base::Deadline began = base::Clock::now();
        base::run_command(command, base::in(kAtMost), &stop);
        times.push_back(std::chrono::duration_cast<demo::Micros>(base::Clock::now() - began));
    }
    std::nth_element(times.begin(), times.begin() + kTimes / 2, times.end());
    return times[kTimes / 2];
}

}  // namespace pgbelay::bench
