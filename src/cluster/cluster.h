// Private PostgreSQL servers for the demo and for tests: own data directory, loopback or socket only, never as root, gone afterwards.
#pragma once

#include "base/subprocess.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace pgbelay::cluster {

class Cluster;

// The folders with postgres, initdb and pg_ctl: `wanted` ("15", "" = the newest that is found) looked for in $PGBELAY_PG_BIN_<major>,
// then Debian's /usr/lib/postgresql/<major>/bin, then PATH. Throws Error{input} with the package to install.
std::filesystem::path server_binaries(const std::string& wanted);

struct ClusterOptions {
    std::string major;                            // "" = any
    std::filesystem::path directory;              // "" = a fresh one under the temporary directory
    std::map<std::string, std::string> settings;  // postgresql.conf
    std::string run_as;                           // user for the server when we are root; "" = "postgres", else "nobody"
    // Not a server of its own but a hot standby that follows this one, which must run and outlive the constructor; with its major
    // version, and its settings where none are given. It receives asynchronously.
    const Cluster* standby_of = nullptr;
    const base::StopSignal* stop = nullptr;  // ends initdb and the wait for the start with an Error{interrupted}
};

class Cluster {
public:
    // initdb and start, with trust authentication on a Unix socket in its own 0700 directory and on 127.0.0.1 at a free port.
    // First removes what killed processes of this user left under the temporary directory. Any number may be constructed at once.
    // Throws Error{input|connection|interrupted}; nothing is left behind then.
    explicit Cluster(ClusterOptions options);
    // Stops the server (immediate) and removes the directory.
    ~Cluster();
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;

    // "postgresql://postgres@127.0.0.1:PORT/DATABASE".
    std::string url(const std::string& database = "postgres") const;
    int port() const { return port_; }
    const std::filesystem::path& directory() const { return directory_; }
    void stop_immediately();  // as a crash
    void start();             // at the same port; does nothing when it runs

    // Of a standby. Cut off, it receives nothing more from its primary: what is committed there from now on it never has. Promoted, it
    // is a primary with all that it had received; returns when it accepts writes. Both throw Error{connection}.
    void cut_off();
    void promote();

private:
    struct State;  // the folder and whose it is; before server_, which must end first

    void initialize();
    void follow(const Cluster& primary);
    void configure() const;
    bool comes_up();

    ClusterOptions options_;
    std::filesystem::path binaries_;
    std::unique_ptr<State> state_;
    std::filesystem::path directory_;
    int port_ = 0;
    std::unique_ptr<base::Daemon> server_;
};

}  // namespace pgbelay::cluster
