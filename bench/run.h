// Commands that are compared: how long one took, and what it held of memory.
#pragma once

#include "base/clock.h"
#include "base/subprocess.h"

#include <string>

namespace pgbelay::bench {

struct Timed {
    std::string name;
    base::Clock::duration took{};
    std::string failure;  // what it said when it failed; "" otherwise
};

// Runs the command to its end; at most 15 minutes. Throws Error{interrupted} on `stop`.
Timed timed(std::string name, const base::Command& command, const base::StopSignal& stop);

// The most memory that a command held, in bytes (ru_maxrss of wait4(2)); its output is thrown away. Throws Error{internal}.
long long most_memory(const base::Command& command);

// What a command took. Its output is thrown away.
struct Used {
    double wall = 0;       // seconds
    double processor = 0;  // seconds of all its threads, in the program and in the kernel
    long long memory = 0;  // bytes at most (ru_maxrss of wait4(2))
    int status = 0;        // its exit status
};

// Runs the command on the first `cores` of those that this process may use. Throws Error{internal} when it cannot be started or is killed.
Used used(const base::Command& command, int cores);
// How many cores this process may use.
int cores();

// "3.2 times"
double ratio(const Timed& of, const Timed& to);

}  // namespace pgbelay::bench
