// Ctrl-C and its kin: the first asks everything to stop in order, the second ends the process at once.
#pragma once

#include "base/wait.h"

namespace pgbelay::cli {

// One in a process: signal handlers are the process's. SIGPIPE is ignored, so that a closed pager cannot end a deployment.
class Interrupts {
public:
    Interrupts();
    ~Interrupts();
    Interrupts(const Interrupts&) = delete;
    Interrupts& operator=(const Interrupts&) = delete;

    base::StopSignal& stop() { return stop_; }
    // The signal that asked us to stop; 0 = none did.
    int signal() const;

private:
    base::StopSignal stop_;
};

}  // namespace pgbelay::cli
