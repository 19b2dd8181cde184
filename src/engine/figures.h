// From looks at the server to figures that a limit can be compared with: rates over the last seconds, without what we did ourselves.
#pragma once

#include "base/clock.h"
#include "pg/activity.h"
#include "pg/tally.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

namespace pgbelay::engine {

// By the name of the figure, as runbook::measures() has it. What could not be seen is left out, never 0.
using Figures = std::map<std::string, double>;

// A counter of the server's without our own part of it. Our own events come into it some time after we know of them: until then they
// are owed, and the next ones that come in are taken to be ours. So others are never blamed for us; as many of theirs may come in late.
class OthersCounter {
public:
    // Both as running totals. How many of the others' came in since the last call; 0 at the first, and when the server began anew.
    std::int64_t take(std::int64_t total, std::int64_t ours, base::Clock::time_point now);

private:
    struct Owed {
        std::int64_t n = 0;
        base::Clock::time_point until;
    };
    std::optional<std::int64_t> total_;
    std::int64_t ours_ = 0;
    std::deque<Owed> owed_;
};

// Events in a second, over the last two seconds: sessions report theirs to the server's statistics once a second at most.
class Rate {
public:
    // Nothing until a second has passed.
    std::optional<double> take(std::int64_t events, base::Clock::time_point now);

private:
    struct Point {
        std::int64_t total = 0;
        base::Clock::time_point at;
    };
    std::deque<Point> points_;
};

class Meter {
public:
    Figures take(const pg::Sample& sample, const pg::Tally& ours, base::Clock::time_point now);

private:
    OthersCounter rollbacks_;
    OthersCounter deadlocks_;
    Rate rollback_rate_;
    Rate deadlock_rate_;
};

// What the figures were before the first change: means of what was seen.
class Baseline {
public:
    void add(const Figures& figures);
    Figures means() const;

private:
    struct Sum {
        double sum = 0;
        int n = 0;
    };
    std::map<std::string, Sum> sums_;
};

}  // namespace pgbelay::engine
