// pgbelay as a process of its own that a test can freeze, interrupt and kill while it works.
#pragma once

#include "base/clock.h"

#include <sys/types.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::test {

class Client {
public:
    struct Setting {
        std::filesystem::path binary;
        std::filesystem::path directory;              // its working directory; what it says goes into files there
        std::string url;                              // given as --db
        std::map<std::string, std::string> env = {};  // added to ours
    };

    // Starts `pgbelay ARGUMENTS… --db URL` without a terminal.
    Client(const Setting& setting, const std::vector<std::string>& arguments);
    // Kills it when it still runs.
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void signal(int number) const;
    bool running();
    // Waits until it has stopped itself at a boundary (see base/fail_point_on.cc): true; false when it has ended. Throws as wait() does.
    bool wait_until_stopped(base::Clock::duration patience = std::chrono::seconds(60));
    // The exit status, 128 + number for a signal. Throws std::runtime_error with what was said when it has not ended by the deadline.
    int wait(base::Clock::duration patience = std::chrono::seconds(60));

    // The processor time that it took, once it has ended.
    std::chrono::milliseconds work() const { return work_; }
    // The most memory that it held, in bytes, once it has ended.
    long long memory() const { return memory_; }

    // Both outputs so far.
    std::string said() const;
    bool has_said(std::string_view words) const { return said().find(words) != std::string::npos; }

private:
    std::optional<int> look(int flags);
    void must_not_pass(base::Deadline deadline) const;

    std::filesystem::path output_;
    pid_t pid_ = -1;
    bool stopped_ = false;
    std::optional<int> status_;
    std::chrono::milliseconds work_{0};
    long long memory_ = 0;
};

}  // namespace pgbelay::test
