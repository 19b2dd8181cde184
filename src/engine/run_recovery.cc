// A run whose connection broke: a primary is found again, the run taken up there, and what was lost on the way is said.
#include "engine/run_loop.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;
using base::Millis;

namespace {

// At least so long; a step's deadline when that is longer.
constexpr Millis kReconnectFor{120'000};
constexpr Millis kFirstReconnect{200};
constexpr Millis kLongestReconnect{5'000};
// A dead connection's locks are free after 30 s of silence (keepalives).
constexpr Millis kKeeperPatience{40'000};
// Somebody who ends our sessions again and again means it.
constexpr int kMostLosses = 5;

// Whether a server that is about to become, or to stop being, a primary says this: no answer in time, read-only.
bool may_pass(const Error& error) {
    return error.code() == ErrorCode::connection ||
           (error.code() == ErrorCode::server && (error.sqlstate() == "57014" || error.sqlstate() == "25006"));
}

}  // namespace

// Steps that the server acknowledged and that a promoted standby had not got: with asynchronous replication that can be.
void RunLoop::say_what_was_lost(const std::map<int, StepResult>& before) {
    std::vector<int> lost;
    for (const auto& [n, result] : before) {
        if (!done_.contains(n)) {
            lost.push_back(n);
        }
    }
    if (!lost.empty()) {
        sink_(Notice{.text = fmt::format("done before, and not on the new primary: step {}; running {} again", fmt::join(lost, ", "),
                                         lost.size() == 1 ? "it" : "them"),
                     .warning = true});
    }
}

// A broken connection says nothing about what was committed: everything is looked up again, as after a crash.
bool RunLoop::recover(const Error& lost) {
    sink_(Notice{.text = "connection lost: " + lost.message() + "; connecting again", .warning = true});
    if (++losses_ > kMostLosses) {
        throw Error(ErrorCode::server,
                    fmt::format("the connection was lost {} times without a step getting done: {}", losses_, lost.message()))
            .hint("find out who ends our sessions, then `pgbelay resume`");
    }
    const base::Deadline deadline = base::in(std::max(kReconnectFor, plan_.limits.deadline));
    Millis backoff = kFirstReconnect;
    std::string last = lost.message();
    for (;;) {
        try {
            return take_up_again();
        } catch (const Error& error) {
            session_.reset();
            if (!may_pass(error) || base::Clock::now() >= deadline) {
                throw;
            }
            if (error.message() != last) {
                last = error.message();
                sink_(Notice{.text = "waiting for a primary: " + last, .warning = true});
            }
        }
        if (!base::pause_for(backoff, target_.stop())) {
            throw Error(ErrorCode::interrupted, "interrupted while the connection was lost").hint("`pgbelay resume` goes on");
        }
        backoff = std::min(backoff * 2, kLongestReconnect);
    }
}

bool RunLoop::take_up_again() {
    target_.reconnect();
    if (target_.facts().timeline != timeline_) {
        sink_(Notice{.text = fmt::format("the primary is now {}, on timeline {}", target_.here().describe(), target_.facts().timeline)});
    }
    // What an asynchronous standby had not got before it was promoted is gone: the last steps, the run, even the journal.
    ensure_journal(target_.control());
    session_ = std::make_unique<Session>(target_, kKeeperPatience);
    refuse_lost_work();
    std::string last;
    const auto taken = session_->take_up_again(key_, [&](const std::string& words) {
        if (words != last) {
            sink_(Notice{.text = "waiting: " + words});
            last = words;
        }
    });
    if (taken == Session::TakenUp::missing) {
        go_on_without_its_row();
    }
    key_ = session_->key();
    timeline_ = target_.facts().timeline;
    sink_(Notice{.text = "connected again; looking up what was done"});
    return taken != Session::TakenUp::over;
}

void RunLoop::go_on_without_its_row() {
    if (target_.facts().timeline == timeline_ && timeline_ != 0) {
        throw Error(ErrorCode::conflict, fmt::format("run {} is not in the journal any more, and there was no failover", key_.id))
            .hint("somebody has removed it: look at what its steps did, and deploy anew");
    }
    sink_(Notice{.text = fmt::format("run {} had not reached the new primary: writing it again", key_.id), .warning = true});
    session_->begin_again(key_, plan_, origin_);
}

// A rollback undoes what another run did: what of that has not reached the new primary is not there to be undone.
void RunLoop::refuse_lost_work() const {
    if (origin_.undoes == 0) {
        return;
    }
    const auto there = session_->journal().steps_done({.id = origin_.undoes});
    for (const auto& step : plan_.steps) {
        for (const int n : step.undoes) {
            if (!there.contains(n)) {
                throw Error(
                    ErrorCode::conflict,
                    fmt::format("step {} of run {}, which is being rolled back, has not reached the new primary", n, origin_.undoes))
                    .hint("`pgbelay history` shows what is there; what is unfinished of it can be aborted, and what is done rolled back");
            }
        }
    }
}

}  // namespace pgbelay::engine
