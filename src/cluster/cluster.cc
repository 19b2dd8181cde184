#include "cluster/cluster.h"

#include "base/error.h"
#include "base/file.h"
#include "cluster/base_backup.h"
#include "cluster/directory.h"
#include "cluster/superuser.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <optional>
#include <random>
#include <utility>
#include <vector>

namespace pgbelay::cluster {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

namespace {

constexpr auto kInitTime = std::chrono::seconds(120);  // a second on an idle machine
constexpr auto kStartTime = std::chrono::seconds(60);  // crash recovery included
constexpr auto kStopTime = std::chrono::seconds(15);   // the postmaster kills its own children after 5 s
constexpr auto kPromotionTime = std::chrono::seconds(60);
constexpr auto kPingInterval = std::chrono::milliseconds(20);
constexpr int kStartTries = 5;

// Below the range from which Linux takes the ports of outgoing connections (32768 by default): a client of this server
// that reconnects while it is down must not be given its port.
constexpr int kFirstPort = 15'000;
constexpr int kLastPort = 32'000;

std::optional<ServerUser> find_user(const std::string& name) {
    passwd entry{};
    passwd* found = nullptr;
    std::vector<char> buffer(16'384);
    if (getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
        return std::nullopt;
    }
    return ServerUser{.name = name, .uid = entry.pw_uid, .gid = entry.pw_gid};
}

// PostgreSQL refuses to run as root, and we would not let it.
ServerUser server_user(const std::string& run_as) {
    if (geteuid() != 0) {
        return ServerUser{.name = "", .uid = geteuid(), .gid = getegid()};
    }
    for (const std::string& name : run_as.empty() ? std::vector<std::string>{"postgres", "nobody"} : std::vector{run_as}) {
        if (const auto user = find_user(name); user && user->uid != 0) {
            return *user;
        }
    }
    throw Error(ErrorCode::input, fmt::format("there is no user {} to run a server as", run_as.empty() ? "postgres or nobody" : run_as))
        .hint("a server never runs as root: name a user that exists");
}

bool is_free(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    const int on = 1;  // as PostgreSQL does: a port in TIME_WAIT is free
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(fd);
    return bound;
}

int free_port() {
    std::random_device random;
    std::uniform_int_distribution<int> ports(kFirstPort, kLastPort);
    for (int tries = 0; tries < 1000; ++tries) {
        if (const int port = ports(random); is_free(port)) {
            return port;
        }
    }
    throw Error(ErrorCode::internal, fmt::format("no free port between {} and {} on 127.0.0.1", kFirstPort, kLastPort));
}

// A value of postgresql.conf, where quotes are doubled and a backslash escapes.
std::string quoted(const std::string& value) {
    std::string text = "'";
    for (const char c : value) {
        if (c == '\'' || c == '\\') {
            text += c;
        }
        text += c;
    }
    return text + "'";
}

// A standby must have its primary's programs, and no smaller limits than it.
ClusterOptions as_standby(ClusterOptions options, const ClusterOptions& primary) {
    options.major = primary.major;
    options.settings.insert(primary.settings.begin(), primary.settings.end());
    return options;
}

std::string last_lines(const std::string& text) {
    constexpr std::size_t kShown = 2000;
    return text.size() <= kShown ? text : "…" + text.substr(text.size() - kShown);
}

base::Command as_server_user(const ServerUser& user, const Directory& directory, std::vector<std::string> argv) {
    base::Command command{.argv = std::move(argv)};
    command.env = {{"LC_ALL", "C"}, {"PGDATA", directory.data().string()}};
    if (!user.name.empty()) {
        command.as_user = user.name;
    }
    // The server's user may not be allowed where we stand, and initdb insists on knowing where it is.
    command.working_directory = directory.path().string();
    return command;
}

}  // namespace

// What a cluster keeps while it lives, in the order in which it is made.
struct Cluster::State {
    ServerUser user;
    Directory directory;
};

Cluster::Cluster(ClusterOptions options)
    : options_(options.standby_of == nullptr ? std::move(options) : as_standby(options, options.standby_of->options_)),
      binaries_(server_binaries(options_.major)) {
    const ServerUser user = server_user(options_.run_as);
    state_ = std::make_unique<State>(State{
        .user = user,
        .directory =
            options_.directory.empty() ? Directory::fresh(fs::temp_directory_path(), user) : Directory::at(options_.directory, user),
    });
    directory_ = state_->directory.path();
    if (options_.standby_of != nullptr) {
        follow(*std::exchange(options_.standby_of, nullptr));
    } else {
        initialize();
    }
    start();
}

Cluster::~Cluster() {
    try {
        stop_immediately();
    } catch (const Error&) {
        server_.reset();  // the daemon's own destructor ends it the hard way
    }
}

std::string Cluster::url(const std::string& database) const {
    return fmt::format("postgresql://postgres@127.0.0.1:{}/{}", port_, database);
}

void Cluster::initialize() {
    const Directory& directory = state_->directory;
    const auto command = as_server_user(state_->user, directory,
                                        {(binaries_ / "initdb").string(), "-D", directory.data().string(), "-A", "trust", "-U", "postgres",
                                         "-E", "UTF8", "--locale=C", "--no-sync"});
    const auto result = base::run_command(command, base::in(kInitTime), options_.stop);
    if (result.status != 0) {
        throw Error(ErrorCode::connection, fmt::format("initdb of the private server failed with status {}", result.status))
            .detail(last_lines(result.out + result.err));
    }
}

void Cluster::follow(const Cluster& primary) {
    const Directory& directory = state_->directory;
    copy_running_server(primary.url(), primary.state_->directory.data(), directory.data(), state_->user);
    Directory::write_for(state_->user, directory.data() / "standby.signal", "");
    options_.settings["primary_conninfo"] = fmt::format("host=127.0.0.1 port={} user=postgres", primary.port());
    // A primary that is not there yet, or not any more, is asked again soon.
    options_.settings.try_emplace("wal_retrieve_retry_interval", "100ms");
}

void Cluster::cut_off() {
    Superuser session(url());
    session.value("ALTER SYSTEM SET primary_conninfo = ''");
    session.value("SELECT pg_reload_conf()");
    for (const auto deadline = base::in(kStopTime); session.value("SELECT count(*) FROM pg_stat_wal_receiver") != "0";) {
        if (base::Clock::now() >= deadline) {
            throw Error(ErrorCode::connection, "the standby goes on following its primary");
        }
        base::pause_for(kPingInterval, options_.stop);
    }
}

void Cluster::promote() {
    const auto seconds = std::chrono::seconds(kPromotionTime).count();
    if (Superuser(url()).value(fmt::format("SELECT pg_promote(true, {})", seconds).c_str()) != "t") {
        throw Error(ErrorCode::connection, fmt::format("the standby was not promoted within {} s", seconds));
    }
}

// The server reads our file, which takes in the one that initdb wrote, so that ours has the last word; ALTER SYSTEM still wins.
void Cluster::configure() const {
    const Directory& directory = state_->directory;
    std::string text = fmt::format("include {}\nlisten_addresses = '127.0.0.1'\nport = {}\nunix_socket_directories = {}\n",
                                   quoted((directory.data() / "postgresql.conf").string()), port_, quoted(directory.socket().string()));
    for (const auto& [name, value] : options_.settings) {
        text += fmt::format("{} = {}\n", name, quoted(value));
    }
    Directory::write_for(state_->user, directory.configuration(), text);
}

bool Cluster::comes_up() {
    const Directory& directory = state_->directory;
    server_ = std::make_unique<base::Daemon>(as_server_user(state_->user, directory,
                                                            {(binaries_ / "postgres").string(), "-D", directory.data().string(), "-c",
                                                             "config_file=" + directory.configuration().string()}),
                                             directory.log().string());
    const std::string socket = directory.socket().string();
    const std::string port = std::to_string(port_);
    // Through the socket, which can only be ours: another server may have taken the port.
    const std::array<const char*, 6> names{"host", "port", "user", "dbname", "connect_timeout", nullptr};
    const std::array<const char*, 6> values{socket.c_str(), port.c_str(), "postgres", "postgres", "2", nullptr};
    for (const auto deadline = base::in(kStartTime); base::Clock::now() < deadline && server_->running();) {
        if (PQpingParams(names.data(), values.data(), 0) == PQPING_OK) {
            return true;
        }
        if (!base::pause_for(kPingInterval, options_.stop)) {
            throw Error(ErrorCode::interrupted, "interrupted while a private server started");
        }
    }
    return false;
}

void Cluster::start() {
    if (server_ && server_->running()) {
        return;
    }
    // A server that ran before keeps its port: its URL is in use.
    const bool first = port_ == 0;
    for (int tries = first ? kStartTries : 1; tries > 0; --tries) {
        port_ = first ? free_port() : port_;
        configure();
        if (comes_up()) {
            return;
        }
        server_.reset();
        // Somebody may have taken the port between our look and the server's bind; all else would only fail again.
        if (base::read_file(state_->directory.log()).find("Address already in use") == std::string::npos) {
            break;
        }
    }
    throw Error(ErrorCode::connection, "the private server did not start").detail(last_lines(base::read_file(state_->directory.log())));
}

void Cluster::stop_immediately() {
    if (server_ && !server_->stop(SIGQUIT, base::in(kStopTime))) {
        server_->stop(SIGKILL, base::in(kStopTime));
    }
    server_.reset();
}

}  // namespace pgbelay::cluster
