#include "sql/large_stack.h"

#include "base/error.h"

#include <fmt/core.h>
#include <pthread.h>

#include <condition_variable>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace pgbelay::sql {

namespace {

constexpr std::size_t kStackSize = std::size_t{512} << 20;

thread_local bool here_is_large = false;

extern "C" void* serve_parsing(void* thread);

class LargeStack {
public:
    LargeStack() {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, kStackSize);
        const int failed = pthread_create(&thread_, &attributes, serve_parsing, this);
        pthread_attr_destroy(&attributes);
        if (failed != 0) {
            throw base::Error(base::ErrorCode::internal, fmt::format("cannot start a thread to parse on: {}", std::strerror(failed)))
                .hint("allow the process 512 MB more of address space (ulimit -v)");
        }
    }
    ~LargeStack() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        changed_.notify_all();
        pthread_join(thread_, nullptr);
    }
    LargeStack(const LargeStack&) = delete;
    LargeStack& operator=(const LargeStack&) = delete;

    // Runs `work` to its end; one caller at a time.
    void run(const std::function<void()>& work) {
        const std::lock_guard turn(turn_);
        std::unique_lock lock(mutex_);
        work_ = &work;
        changed_.notify_all();
        changed_.wait(lock, [&] { return work_ == nullptr; });
    }

    void serve() {
        here_is_large = true;
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return over_ || work_ != nullptr; });
            if (over_) {
                return;
            }
            (*work_)();
            work_ = nullptr;
            changed_.notify_all();
        }
    }

private:
    std::mutex turn_;
    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr;
    bool over_ = false;
    pthread_t thread_{};
};

extern "C" void* serve_parsing(void* thread) {
    static_cast<LargeStack*>(thread)->serve();
    return nullptr;
}

// What `work` threw.
std::exception_ptr run_on(LargeStack& stack, const std::function<void()>& work) {
    std::exception_ptr failure;
    stack.run([&] {
        try {
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    });
    return failure;
}

}  // namespace

void on_large_stack(const std::function<void()>& work) {
    if (here_is_large) {
        work();
        return;
    }
    // Never ended: libraries free at exit what their threads hold, and would miss a thread that ends after them.
    static LargeStack& thread = *std::make_unique<LargeStack>().release();
    if (const auto failure = run_on(thread, work)) {
        std::rethrow_exception(failure);
    }
}

void on_large_stacks(unsigned threads, const std::function<void()>& work) {
    std::vector<std::exception_ptr> failures(threads);
    {
        std::vector<std::unique_ptr<LargeStack>> stacks;
        std::vector<std::jthread> callers;
        for (unsigned i = 0; i < threads; ++i) {
            stacks.push_back(std::make_unique<LargeStack>());
        }
        for (unsigned i = 0; i < threads; ++i) {
            callers.emplace_back([&, i] { failures[i] = run_on(*stacks[i], work); });
        }
    }
    for (const auto& failure : failures) {
        if (failure) {
            std::rethrow_exception(failure);
        }
    }
}

}  // namespace pgbelay::sql
