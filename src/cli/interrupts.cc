#include "cli/interrupts.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <string_view>

namespace pgbelay::cli {

namespace {

// A signal handler reaches nothing but globals.
std::atomic<base::StopSignal*> to_stop{nullptr};
std::atomic<int> received{0};

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

void handle(int signal) {
    const int before = errno;
    int none = 0;
    if (!received.compare_exchange_strong(none, signal)) {
        // The second one: whatever the display hid is shown again, and that is all.
        constexpr std::string_view kShowCursor = "\x1b[?25h\r\n";
        if (isatty(STDOUT_FILENO) == 1) {
            [[maybe_unused]] const ssize_t written = write(STDOUT_FILENO, kShowCursor.data(), kShowCursor.size());
        }
        constexpr int kSignalBase = 128;
        _exit(kSignalBase + signal);
    }
    if (base::StopSignal* stop = to_stop.load()) {
        stop->request();
    }
    errno = before;
}

void set_handler(int signal, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, nullptr);
}

// nohup ignores SIGHUP for its child, and means it.
bool is_ignored(int signal) {
    struct sigaction action{};
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Interrupts::Interrupts() {
    to_stop = &stop_;
    received = 0;
    for (const int signal : kSignals) {
        if (!is_ignored(signal)) {
            set_handler(signal, handle);
        }
    }
    set_handler(SIGPIPE, SIG_IGN);
}

Interrupts::~Interrupts() {
    for (const int signal : kSignals) {
        if (!is_ignored(signal)) {
            set_handler(signal, SIG_DFL);
        }
    }
    to_stop = nullptr;
}

int Interrupts::signal() const {
    return received;
}

}  // namespace pgbelay::cli
