// The demonstration: a private server, realistic data, live traffic, and an example deployed in front of your eyes.
#pragma once

#include "base/wait.h"
#include "report/style.h"

namespace pgbelay::demo {

struct Options {
    bool quick = false;  // less data: for tests and slow machines
    report::Style style;
    bool live = false;  // the output is a terminal: lines may be redrawn
};

// Returns the exit status. Leaves nothing behind, also when `stop` is requested.
int run(const Options& options, base::StopSignal& stop);

}  // namespace pgbelay::demo
