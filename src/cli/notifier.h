// Tells others what happens in a run, by webhook or command. It never delays the run: what it has to tell goes into a short queue, which a
// thread of its own works off; when that is full the message is lost, and said to be.
#pragma once

#include "base/wait.h"
#include "engine/event.h"
#include "runbook/requirement.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pgbelay::cli {

class Notifier {
public:
    // `name`: of the deployment. Starts no thread when there is nobody to tell.
    Notifier(std::vector<runbook::Notification> whom, std::string name);
    ~Notifier();
    Notifier(const Notifier&) = delete;
    Notifier& operator=(const Notifier&) = delete;

    // Never waits, whatever the other side does.
    void take(const engine::Event& event);
    // What could not be told since the last call, in words without any secret.
    std::vector<std::string> failures();
    // After the last event: waits a few seconds at most for what has not been told yet, and gives up the rest.
    std::vector<std::string> finish();

private:
    struct Message {
        std::string event;
        std::string text;
        std::string result;  // of the end
        std::int64_t run = 0;
        std::string target;
    };
    void add(Message message);
    void work(const std::stop_token& stop);
    std::string tell(const runbook::Notification& whom, const Message& message) const;

    const std::vector<runbook::Notification> whom_;
    const std::string name_;
    std::int64_t run_ = 0;
    std::string target_;

    base::StopSignal given_up_;

    std::mutex mutex_;  // over what follows
    std::condition_variable_any changed_;
    std::deque<Message> queue_;
    bool busy_ = false;
    std::vector<std::string> failures_;
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace pgbelay::cli
