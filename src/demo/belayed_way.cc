#include "demo/belayed_way.h"

#include "base/error.h"
#include "engine/gates.h"
#include "engine/prepare.h"
#include "engine/run.h"
#include "report/live_display.h"
#include "report/plain_display.h"
#include "report/text.h"
#include "runbook/runbook.h"

#include <fmt/core.h>

namespace pgbelay::demo {

namespace {

base::Deadline now() {
    return base::Clock::now();
}

void pass(const std::vector<engine::Finding>& findings) {
    if (engine::refuses(findings)) {
        throw engine::to_error(findings);
    }
}

// What a run says while it is being stopped is about taking it up again, and there will be nothing to take up.
template <typename Display>
engine::Sink sink_for(Display& display, const base::StopSignal& stop) {
    return [&display, &stop](const engine::Event& event) {
        if (!stop.requested()) {
            display.show(event);
        }
    };
}

engine::RunReport deploy(engine::Target& target, const plan::Plan& plan, const Screen& screen, const base::StopSignal& stop) {
    engine::RunOptions options;
    options.url_source = target.conninfo().source();
    if (screen.live()) {
        report::LiveDisplay display(screen.style(), write_out, now);
        return engine::deploy(target, plan, options, sink_for(display, stop));
    }
    report::PlainDisplay display(screen.style(), false, write_out, now);
    return engine::deploy(target, plan, options, sink_for(display, stop));
}

}  // namespace

Belayed change_with_pgbelay(const pg::Conninfo& database, const std::filesystem::path& runbook, const Screen& screen,
                            base::StopSignal& stop) {
    const base::Deadline began = now();
    engine::Target target = engine::Target::open(database, &stop);
    pass(engine::check_target(target));
    const engine::Prepared prepared = engine::prepare(target, runbook::read({runbook.string()}, {}), {});
    pass(engine::check_plan(target, prepared.plan));
    const engine::RunReport run = deploy(target, prepared.plan, screen, stop);
    if (stop.requested()) {
        throw base::Error(base::ErrorCode::interrupted, "interrupted");
    }
    const std::string took = base::format_duration(now() - began);
    if (run.result == engine::RunResult::deployed) {
        return {fmt::format("done in {}{}", took, run.verified ? "" : ", not verified"), run.measured};
    }
    return {fmt::format("{} after {}{}", to_string(run.result), took, run.error ? ": " + run.error->message() : ""), run.measured};
}

}  // namespace pgbelay::demo
