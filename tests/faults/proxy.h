// A TCP proxy between the program and a server that does what networks do: cuts connections, loses packets, hangs, is slow.
#pragma once

#include "base/clock.h"
#include "base/wait.h"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace pgbelay::test {

class Proxy {
public:
    // In front of the server at this port of 127.0.0.1. Throws std::runtime_error.
    explicit Proxy(int server_port);
    ~Proxy();
    Proxy(const Proxy&) = delete;
    Proxy& operator=(const Proxy&) = delete;

    std::string url(const std::string& database) const;

    // Ends all connections with a reset, as a router that restarts. New ones pass.
    void cut();
    // Half-open: from here on the kernel drops every packet of the connections of now, so that no side gets an acknowledgement or an
    // end. New ones pass.
    void lose_packets();
    // Half-open in another way: what is sent is acknowledged and goes nowhere, also on new connections, until recover(), which cuts all of
    // them.
    void hang();
    void recover();
    // Everything arrives so much later than it was sent, both ways.
    void delay(base::Millis by);

private:
    struct Pair;
    struct Flow;

    // In the proxy's thread; returns when it is done.
    void in_thread(std::function<void()> task);
    void loop();
    void accept();
    void serve(Pair& pair, short of_client, short of_server);
    void read(Pair& pair, Flow& flow);
    void write(Pair& pair, Flow& flow);

    int server_port_;
    int port_ = 0;
    int listener_ = -1;
    bool hangs_ = false;
    base::Millis delay_{0};
    std::vector<std::unique_ptr<Pair>> pairs_;

    std::mutex mutex_;  // of the tasks
    std::deque<std::function<void()>> tasks_;
    base::StopSignal wake_;
    bool ends_ = false;
    std::jthread thread_;
};

}  // namespace pgbelay::test
