// Child processes: started without a shell, waited for with a deadline, ended by their own id only.
#pragma once

#include "base/clock.h"
#include "base/wait.h"

#include <sys/types.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::base {

struct CommandResult {
    int status = 0;  // exit status; 128 + signal number when a signal ended it
    std::string out;
    std::string err;
};

struct Command {
    std::vector<std::string> argv;           // argv[0] is looked up in PATH
    std::map<std::string, std::string> env;  // added to ours
    std::optional<std::string> as_user;      // setuid/setgid to this user before exec; only root can
    std::string working_directory;           // "" = ours
    std::string input_file;                  // what it reads; "" = nothing
};

// Runs to its end and collects both outputs (64 MiB at most). Throws Error{internal} when it cannot be started or the
// deadline passes, Error{interrupted} when stop is requested (the child is killed first).
CommandResult run_command(const Command& command, Deadline deadline, const StopSignal* stop);

// Starts in a process group of its own with both outputs appended to `log`; the destructor ends it (SIGTERM, then SIGKILL).
class Daemon {
public:
    Daemon(const Command& command, const std::string& log);
    ~Daemon();
    Daemon(Daemon&&) noexcept;
    Daemon& operator=(Daemon&&) = delete;

    pid_t pid() const { return pid_; }
    bool running();
    // Sends `signal` and waits for the end; false when it was still running at the deadline.
    bool stop(int signal, Deadline deadline);

private:
    pid_t pid_ = -1;
};

}  // namespace pgbelay::base
