// The demonstration: a private server, realistic data, live traffic, and an example deployed in front of your eyes.
#pragma once

#include "base/wait.h"

namespace pgbelay::demo {

struct Options {
    bool quick = false;     // less data: for tests and slow machines
    bool color = false;
    int columns = 80;
};

// Returns the exit status. Leaves nothing behind, also when `stop` is requested.
int run(const Options& options, base::StopSignal& stop);

}  // namespace pgbelay::demo
