#include "engine/lock_tries.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::engine {

using base::Millis;

namespace {

constexpr Millis kLongestBackoff{1'000};

}  // namespace

pg::Connection::Piece set_local(std::string_view name, Millis value) {
    return {fmt::format("SET LOCAL {} = '{}ms'", name, value.count()), {}};
}

std::string lock_not_got(const std::string& sqlstate) {
    return sqlstate == "40P01" ? "deadlock detected" : sqlstate == "55P03" ? "lock not available" : "";
}

bool copies(const plan::Step& step) {
    return std::ranges::any_of(step.sends, [](const plan::Send& send) { return send.copy_data.has_value(); });
}

void Backoff::wait(RunContext& run, const plan::Step& step, const std::string& why, StepTimes& times) {
    if (!random_) {
        random_.emplace(std::random_device{}());
    }
    const Millis pause = longest_ / 2 + Millis(std::uniform_int_distribution<std::int64_t>(0, longest_.count())(*random_));
    run.sink(StepRetry{.step = &step, .tries = times.tries, .why = why, .backoff = pause});
    base::pause_for(pause, run.target.stop());
    times.waited += pause;
    longest_ = std::min(longest_ * 2, kLongestBackoff);
}

}  // namespace pgbelay::engine
