// How a run ends: what it promised is looked at again, and its row gets its state.
#include "engine/run_loop.h"

#include "engine/verification.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <set>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

std::string way_out_of_loss(std::int64_t run) {
    return fmt::format(
        "put the rows back where they are needed, and mend what deletes them; `pgbelay resume {0}` counts small tables again, "
        "`pgbelay abort {0}` closes the run as it stands, `pgbelay rollback {0}` undoes it",
        run);
}

}  // namespace

void RunLoop::verify_all() {
    // A step whose `when` did not hold promises nothing.
    std::set<int> effective;
    for (const auto& step : plan_.steps) {
        const auto done = done_.find(step.n);
        if (done != done_.end() && done->second != StepResult::rolled_back && (step.when.empty() || done->second != StepResult::skipped)) {
            effective.insert(step.n);
        }
    }
    report_.verification_failures = verification_failures(target_.control(), plan_, false, effective);
    if (!report_.verification_failures.empty() && look_at_committed(true) == Next::end) {
        return;
    }
    report_.rows = rows_.after(target_, *session_);
    const auto lost = rows_.failures(target_.control(), report_.rows);
    report_.verification_failures.insert(report_.verification_failures.end(), lost.begin(), lost.end());
    const auto& missed = measurements_.failures();
    const bool only_missed = report_.verification_failures.empty() && !missed.empty();
    for (const auto& failure : missed) {
        report_.verification_failures.push_back(failure.words);
    }
    report_.verified = report_.verification_failures.empty();
    sink_(Verified{.holds = report_.verified, .failures = report_.verification_failures});
    if (!report_.verified) {
        report_.result = RunResult::stopped;
        report_.error = Error(ErrorCode::check, "verification failed: " + report_.verification_failures.front())
                            .detail(fmt::format("{}", fmt::join(report_.verification_failures, "\n")))
                            .hint(!lost.empty() && lost.size() == report_.verification_failures.size()
                                      ? way_out_of_loss(report_.run)
                                      : "mend it, then `pgbelay resume`; or `pgbelay rollback`");
        if (only_missed) {
            // A condition of the author's, like a check's.
            report_.error->at(missed.front().place);
            want_rollback_ = options_.on_failure == OnFailure::rollback;
        }
    } else {
        report_.result = good_result_;
    }
}

void RunLoop::close() {
    write_guard_summary();
    measurements_.end_probes(*session_);
    report_.measured =
        measured(plan_, plan_.measurements.empty() ? std::vector<Evidence>{} : session_->journal().evidence(session_->key()));
    if (report_.result == RunResult::waiting && !report_.error) {
        return;  // written down when it was found
    }
    std::string state = good_state_;
    if (report_.result == RunResult::interrupted) {
        state = "interrupted";
    } else if (report_.error) {
        state = aborted_ && !want_rollback_ ? "aborted" : "stopped";
    }
    session_->journal().set_state(session_->key(), state, error_words(), report_.verified);
}

void RunLoop::write_guard_summary() {
    const Guard::Summary summary = guard_->summary();
    if (summary.samples > 0) {
        session_->journal().guard_summary(session_->key(), summary.samples, summary.maxima);
    }
}

}  // namespace pgbelay::engine
