// A deployment as lines for logs: the start and end of every step, and a word on long waits at most every five seconds.
#pragma once

#include "report/progress.h"

#include <map>

namespace pgbelay::report {

class PlainDisplay {
public:
    // `quiet`: only warnings and what `\echo` prints.
    PlainDisplay(Style style, bool quiet, Write write, Now now);

    void show(const engine::Event& event);

private:
    void on(const engine::RunStarted& e);
    void on(const engine::StepStarted& e);
    void on(const engine::StepWaiting& e);
    void on(const engine::SessionSignalled& e);
    void on(const engine::StepRetry& e);
    void on(const engine::StepProgress& e);
    void on(const engine::StepFinished& e);
    void on(const engine::Echo& e);
    void on(const engine::Notice& e);
    void on(const engine::GuardBreach& e);
    void on(const engine::Paused& e);
    void on(const engine::Resumed& e);
    void on(const engine::HealthSeen& e);
    void on(const engine::Waiting& e);
    void on(const engine::Verified& e);
    void on(const engine::RunFinished& e);

    void line(const std::string& text);
    void step_line(const plan::Step& step, const std::string& text);
    // Whether a line about the step may be written now; it is then counted as written.
    bool due(const plan::Step& step);

    Style style_;
    bool quiet_;
    Write write_;
    Now now_;
    int total_ = 0;
    struct Pace {
        base::Deadline started;
        base::Deadline last_line;
    };
    std::map<int, Pace> in_hand_;  // the steps under way, by n
};

}  // namespace pgbelay::report
