// A deployment on a terminal: finished steps scroll by, the step in hand is redrawn in place with its bar and who is in the way.
#pragma once

#include "report/progress.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::report {

class LiveDisplay {
public:
    LiveDisplay(Style style, Write write, Now now);
    // Takes the live lines away and shows the cursor again, however the deployment ended.
    ~LiveDisplay();
    LiveDisplay(const LiveDisplay&) = delete;
    LiveDisplay& operator=(const LiveDisplay&) = delete;

    void show(const engine::Event& event);
    // Takes the live lines away and shows the cursor until the next event: somebody is asked something.
    void step_aside();

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

    // A step in hand, as it is drawn.
    struct Current {
        std::string head;  // "2/3  create index …"
        base::Deadline started;
        std::string bar;
        std::string phase;
        std::string left;  // "2 min left"
        std::string blockers;
        std::string retry;
        int waiting_on_us = 0;
    };

    std::vector<std::string> lines() const;
    Current* find(const plan::Step& step);
    // At most `most` lines for what is said about it besides its head.
    void draw(const Current& current, std::size_t most, std::vector<std::string>& out) const;
    // Draws now, or, unless `must`, only when the last drawing is a tenth of a second old.
    void redraw(bool must);
    std::string erase();
    // Writes lines that stay, above the live ones.
    void scroll(const std::string& text);
    std::string mark(engine::StepResult result) const;

    Style style_;
    Write write_;
    Now now_;
    int total_ = 0;
    std::map<int, Current> in_hand_;  // the steps under way, by n
    std::string paused_;
    std::map<std::string, std::string> breaches_;  // by limit
    int drawn_ = 0;                                // live lines on the screen
    bool cursor_hidden_ = false;
    std::optional<base::Deadline> last_drawn_;
};

}  // namespace pgbelay::report
