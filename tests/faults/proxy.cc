#include "faults/proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <future>
#include <stdexcept>
#include <utility>

namespace pgbelay::test {

namespace {

constexpr std::size_t kPiece = 64 * 1024;
constexpr std::size_t kMostHeld = 64;

[[noreturn]] void throw_errno(const char* what) {
    throw std::runtime_error(fmt::format("proxy: {}: {}", what, std::strerror(errno)));
}

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

int make_socket() {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        throw_errno("socket");
    }
    return fd;
}

// The kernel asks this of every packet that arrives for the socket: how much of it to keep.
void drop_what_arrives(int fd) {
    sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
    sock_fprog program{.len = 1, .filter = &none};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
        throw_errno("SO_ATTACH_FILTER");
    }
}

}  // namespace

// One direction of a connection.
struct Proxy::Flow {
    struct Piece {
        base::Deadline due;
        std::string bytes;
    };
    int from = -1;
    int to = -1;
    std::deque<Piece> held{};
    bool ended = false;  // nothing more comes

    bool can_take() const { return !ended && held.size() < kMostHeld; }
    bool is_due() const { return !held.empty() && held.front().due <= base::Clock::now(); }
};

struct Proxy::Pair {
    Pair(int client_fd, int server_fd)
        : client(client_fd), server(server_fd), up{.from = client_fd, .to = server_fd}, down{.from = server_fd, .to = client_fd} {}
    ~Pair() {
        close(client);
        close(server);
    }
    Pair(const Pair&) = delete;
    Pair& operator=(const Pair&) = delete;

    // The close that follows sends a reset.
    void reset() const {
        const linger now{.l_onoff = 1, .l_linger = 0};
        setsockopt(client, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        setsockopt(server, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }

    int client;
    int server;
    Flow up;
    Flow down;
    bool silent = false;
    bool over = false;
};

Proxy::Proxy(int server_port) : server_port_(server_port), listener_(make_socket()) {
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || listen(listener_, SOMAXCONN) != 0 ||
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw_errno("listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { loop(); });
}

Proxy::~Proxy() {
    in_thread([this] { ends_ = true; });
    thread_.join();
    close(listener_);
}

std::string Proxy::url(const std::string& database) const {
    return fmt::format("postgresql://postgres@127.0.0.1:{}/{}", port_, database);
}

void Proxy::cut() {
    in_thread([this] {
        std::ranges::for_each(pairs_, [](const auto& pair) { pair->reset(); });
        pairs_.clear();
    });
}

void Proxy::lose_packets() {
    in_thread([this] {
        for (const auto& pair : pairs_) {
            drop_what_arrives(pair->client);
            drop_what_arrives(pair->server);
            pair->silent = true;
        }
    });
}

void Proxy::hang() {
    in_thread([this] { hangs_ = true; });
}

void Proxy::recover() {
    cut();
    in_thread([this] { hangs_ = false; });
}

void Proxy::delay(base::Millis by) {
    in_thread([this, by] { delay_ = by; });
}

void Proxy::in_thread(std::function<void()> task) {
    std::promise<void> done;
    {
        const std::lock_guard lock(mutex_);
        tasks_.push_back([&] {
            try {
                task();
                done.set_value();
            } catch (...) {
                done.set_exception(std::current_exception());
            }
        });
    }
    wake_.request();
    done.get_future().get();
}

void Proxy::loop() {
    while (!ends_) {
        base::Deadline next = base::kNoDeadline;
        std::vector<pollfd> fds{{.fd = wake_.fd(), .events = POLLIN, .revents = 0}, {.fd = listener_, .events = POLLIN, .revents = 0}};
        for (const auto& pair : pairs_) {
            const bool works = !hangs_ && !pair->silent;
            const auto wants = [&](const Flow& in, const Flow& out) -> short {
                return static_cast<short>(!works ? 0 : (in.can_take() ? POLLIN : 0) | (out.is_due() ? POLLOUT : 0));
            };
            for (const Flow* flow : {&pair->up, &pair->down}) {
                if (works && !flow->held.empty()) {
                    next = std::min(next, flow->held.front().due);
                }
            }
            // A descriptor of -1 is passed over: a connection that hangs is not asked, not even whether it is broken.
            fds.push_back({.fd = works ? pair->client : -1, .events = wants(pair->up, pair->down), .revents = 0});
            fds.push_back({.fd = works ? pair->server : -1, .events = wants(pair->down, pair->up), .revents = 0});
        }
        const auto left = std::chrono::ceil<base::Millis>(next - base::Clock::now()).count();
        poll(fds.data(), fds.size(), next == base::kNoDeadline ? -1 : static_cast<int>(std::max<decltype(left)>(left, 0)));

        for (std::size_t i = 0; i < pairs_.size(); ++i) {
            serve(*pairs_[i], fds[2 + 2 * i].revents, fds[3 + 2 * i].revents);
        }
        std::erase_if(pairs_, [](const auto& pair) { return pair->over; });
        if ((fds[1].revents & POLLIN) != 0) {
            accept();
        }
        if ((fds[0].revents & POLLIN) != 0) {
            wake_.reset();
            std::unique_lock lock(mutex_);
            while (!tasks_.empty()) {
                const auto task = std::move(tasks_.front());
                tasks_.pop_front();
                lock.unlock();
                task();
                lock.lock();
            }
        }
    }
}

void Proxy::accept() {
    const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) {
        return;
    }
    const int server = make_socket();
    const sockaddr_in address = loopback(server_port_);
    if (connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        close(server);
        close(client);
        return;
    }
    fcntl(server, F_SETFL, O_NONBLOCK);
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    pairs_.push_back(std::make_unique<Pair>(client, server));
}

void Proxy::serve(Pair& pair, short of_client, short of_server) {
    constexpr int kReadable = POLLIN | POLLHUP | POLLERR;
    if ((of_client & kReadable) != 0) {
        read(pair, pair.up);
    }
    if ((of_server & kReadable) != 0) {
        read(pair, pair.down);
    }
    if (!pair.silent && !hangs_) {
        write(pair, pair.up);
        write(pair, pair.down);
    }
    // Whoever has ended and is gone both ways would be reported again and again.
    constexpr int kGone = POLLHUP | POLLERR;
    pair.over = pair.over || ((of_client & kGone) != 0 && pair.up.ended) || ((of_server & kGone) != 0 && pair.down.ended);
    pair.over = pair.over || (pair.up.ended && pair.down.ended && pair.up.held.empty() && pair.down.held.empty());
}

void Proxy::read(Pair& pair, Flow& flow) {
    if (!flow.can_take()) {
        return;
    }
    std::array<char, kPiece> bytes{};
    const ssize_t size = recv(flow.from, bytes.data(), bytes.size(), 0);
    if (size < 0) {
        pair.over = pair.over || (errno != EAGAIN && errno != EINTR);
        return;
    }
    flow.ended = size == 0;
    // An empty piece is the end, which takes its time as well.
    flow.held.push_back({base::in(delay_), std::string(bytes.data(), static_cast<std::size_t>(size))});
}

void Proxy::write(Pair& pair, Flow& flow) {
    while (!pair.over && flow.is_due()) {
        std::string& bytes = flow.held.front().bytes;
        if (bytes.empty()) {
            shutdown(flow.to, SHUT_WR);
            flow.held.pop_front();
            continue;
        }
        const ssize_t size = send(flow.to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size < 0) {
            pair.over = errno != EAGAIN && errno != EINTR;
            return;
        }
        bytes.erase(0, static_cast<std::size_t>(size));
        if (!bytes.empty()) {
            return;
        }
        flow.held.pop_front();
    }
}

}  // namespace pgbelay::test
