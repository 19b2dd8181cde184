#include "cli/notifier.h"

#include "base/file.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace pgbelay::cli {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Form = runbook::Notification::Form;

// A socket on 127.0.0.1.
class Listener {
public:
    Listener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        EXPECT_EQ(::listen(fd_, 8), 0);
        socklen_t size = sizeof address;
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
    }
    ~Listener() { close(); }
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    int fd() const { return fd_; }
    std::string url() const { return fmt::format("http://127.0.0.1:{}/hook/t0psecret", port_); }
    void close() {
        if (fd_ >= 0) {
            ::shutdown(fd_, SHUT_RDWR);
            ::close(std::exchange(fd_, -1));
        }
    }

private:
    int fd_;
    int port_ = 0;
};

// Takes requests and answers each with a status; their bodies can be waited for.
class Receiver {
public:
    explicit Receiver(int status) : thread_([this, status] { serve(status); }) {}
    ~Receiver() {
        listener_.close();
        thread_.join();
    }
    std::string url() const { return listener_.url(); }
    std::vector<nlohmann::json> bodies() {
        const std::lock_guard lock(mutex_);
        return bodies_;
    }

private:
    void serve(int status) {
        const int listening = listener_.fd();
        for (;;) {
            const int fd = ::accept(listening, nullptr, nullptr);
            if (fd < 0) {
                return;
            }
            std::string request;
            std::string body;
            for (char buffer[4096];;) {
                const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
                if (n <= 0) {
                    break;
                }
                request.append(buffer, static_cast<std::size_t>(n));
                const std::size_t head = request.find("\r\n\r\n");
                const std::size_t length = request.find("Content-Length: ");
                if (head != std::string::npos && length != std::string::npos &&
                    request.size() >= head + 4 + std::stoul(request.substr(length + 16))) {
                    body = request.substr(head + 4);
                    break;
                }
            }
            const std::string answer = fmt::format("HTTP/1.1 {} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status);
            ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
            ::close(fd);
            const std::lock_guard lock(mutex_);
            bodies_.push_back(nlohmann::json::parse(body));
        }
    }

    Listener listener_;
    std::mutex mutex_;
    std::vector<nlohmann::json> bodies_;
    std::thread thread_;
};

runbook::Notification webhook(Form form, const std::string& url) {
    return {.form = form, .url = url, .place = {"deploy.md", 4, 5}};
}

void play(Notifier& notifier) {
    notifier.take(engine::RunStarted{.run = 7, .target = "app@db1:5432/orders", .steps = 3});
    notifier.take(engine::Echo{"nobody's business"});
    notifier.take(engine::GuardBreach{.limit = "lock_waiters", .what = "lock_waiters 14 > 10"});
    notifier.take(engine::Paused{"by the guard: lock_waiters <14> & more"});
    notifier.take(engine::Resumed{std::chrono::seconds(12)});
    notifier.take(engine::RunFinished{.run = 7, .result = "rolled_back", .took = base::Millis(1500)});
}

TEST(Notifier, TellsEachEventInOrder) {
    Receiver plain(200);
    Receiver slack(204);
    {
        Notifier notifier({webhook(Form::json, plain.url()), webhook(Form::slack, slack.url())}, "Indexes");
        play(notifier);
        EXPECT_THAT(notifier.finish(), IsEmpty());
    }
    const auto bodies = plain.bodies();
    ASSERT_THAT(bodies, SizeIs(5));
    EXPECT_EQ(bodies[0]["event"], "start");
    EXPECT_EQ(bodies[0]["run"], 7);
    EXPECT_EQ(bodies[0]["target"], "app@db1:5432/orders");
    EXPECT_EQ(bodies[0]["name"], "Indexes");
    EXPECT_EQ(bodies[1]["event"], "breach");
    EXPECT_EQ(bodies[2]["event"], "pause");
    EXPECT_EQ(bodies[1]["message"], "run 7: lock_waiters 14 > 10 is a breach, whose action is pause");
    EXPECT_EQ(bodies[3]["event"], "resume");
    EXPECT_EQ(bodies[3]["message"], "run 7 goes on after a pause of 12.0 s");
    EXPECT_EQ(bodies[4]["event"], "end");
    EXPECT_EQ(bodies[4]["result"], "rolled_back");
    EXPECT_EQ(bodies[4]["message"], "run 7 ended: rolled back after 1.5 s");
    const auto texts = slack.bodies();
    ASSERT_THAT(texts, SizeIs(5));
    EXPECT_EQ(texts[2]["text"], "pgbelay, Indexes: run 7 is paused: by the guard: lock_waiters &lt;14&gt; &amp; more");
}

TEST(Notifier, TellsOnlyWhatWasAskedFor) {
    Receiver receiver(200);
    {
        runbook::Notification whom = webhook(Form::json, receiver.url());
        whom.events = {"end"};
        Notifier notifier({whom}, "Indexes");
        play(notifier);
        EXPECT_THAT(notifier.finish(), IsEmpty());
    }
    ASSERT_THAT(receiver.bodies(), SizeIs(1));
    EXPECT_EQ(receiver.bodies()[0]["event"], "end");
}

TEST(Notifier, SaysWithoutTheUrlWhyItWasNotTaken) {
    Receiver receiver(500);
    Listener closed;
    const std::string nobody = closed.url();
    closed.close();
    Notifier notifier({webhook(Form::json, receiver.url()), webhook(Form::slack, nobody)}, "Indexes");
    notifier.take(engine::Paused{"by alice"});
    const auto failures = notifier.finish();
    ASSERT_THAT(failures, SizeIs(2));
    EXPECT_THAT(failures[0], AllOf(HasSubstr("deploy.md:4:5"), HasSubstr("status 500")));
    EXPECT_THAT(failures[1], AllOf(HasSubstr("slack"), HasSubstr("connect")));
    EXPECT_THAT(failures, Each(Not(HasSubstr("t0psecret"))));
}

TEST(Notifier, NeverWaitsForOneThatAcceptsAndNeverAnswers) {
    const Listener silent;
    const auto began = base::Clock::now();
    Notifier notifier({webhook(Form::json, silent.url())}, "Indexes");
    for (int i = 0; i < 1000; ++i) {
        notifier.take(engine::Paused{fmt::format("for the {}. time", i)});
    }
    EXPECT_LT(base::Clock::now() - began, seconds(2)) << "the engine's thread went on at once";
    const auto failures = notifier.finish();
    EXPECT_LT(base::Clock::now() - began, seconds(9)) << "a few seconds at the end, not more";
    EXPECT_THAT(failures, SizeIs(1000)) << "each is said to be lost";
    EXPECT_THAT(failures, Each(Not(HasSubstr("t0psecret"))));
}

TEST(Notifier, RunsACommandWithWhatHappened) {
    const std::string file = testing::TempDir() + "/notifier_test";
    std::filesystem::remove(file);
    Notifier notifier({{.form = Form::command,
                        .command = {"sh", "-c", "echo \"$PGBELAY_EVENT $PGBELAY_RUN $PGBELAY_RESULT: $PGBELAY_MESSAGE\" >>" + file}},
                       {.form = Form::command, .command = {"false"}, .events = {"end"}}},
                      "Indexes");
    play(notifier);
    EXPECT_THAT(notifier.finish(), ElementsAre(HasSubstr("it ended with status 1")));
    EXPECT_THAT(base::read_file(file), AllOf(HasSubstr("start 7 : pgbelay, Indexes: run 7 began on app@db1:5432/orders: 3 steps"),
                                             HasSubstr("end 7 rolled_back: ")));
}

TEST(Notifier, SaysAtOnceThatAVariableIsNotSet) {
    runbook::Notification whom{.form = Form::slack, .place = {"deploy.md", 4, 5}};
    whom.missing = "SLACK_URL";
    Notifier notifier({whom}, "Indexes");
    EXPECT_THAT(notifier.failures(), ElementsAre(AllOf(HasSubstr("SLACK_URL"), HasSubstr("nobody is told"))));
    play(notifier);
    EXPECT_THAT(notifier.finish(), IsEmpty());
}

}  // namespace
}  // namespace pgbelay::cli
