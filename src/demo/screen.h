// What the demonstration prints: lines that stay, and one that is redrawn in place where the output is a terminal.
#pragma once

#include "demo/traffic.h"
#include "report/style.h"

#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::demo {

// Writes to standard output; a reader that has gone away ends nothing.
void write_out(std::string_view bytes);

class Screen {
public:
    Screen(report::Style style, bool live) : style_(style), live_(live) {}
    // Takes the live line away.
    ~Screen();
    Screen(const Screen&) = delete;
    Screen& operator=(const Screen&) = delete;

    // Lines that stay; the live one goes away.
    void say(std::string_view text);
    // A line that stays, about something finished.
    void done(std::string_view text, base::Clock::duration took);
    // The live line; nothing where it could not be redrawn.
    void status(std::string_view text);

    const report::Style& style() const { return style_; }
    bool live() const { return live_; }

private:
    void erase();

    report::Style style_;
    bool live_;
    bool drawn_ = false;
};

// "0.6 ms", "41 ms", "8.1 s".
std::string short_time(Micros time);

// One way of changing the database, and what the application felt meanwhile.
struct Row {
    std::string name;
    Latencies felt;
    std::string change;  // "7 of 7 statements in 14.2 s"; "" when there was none
};

// The table at the end, at most 80 columns wide.
std::string felt_table(const std::vector<Row>& rows, const report::Style& style);

}  // namespace pgbelay::demo
