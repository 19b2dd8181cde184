// What is asked of a private server as its superuser: to copy it, to cut it off, to promote it.
#pragma once

#include <memory>
#include <string>

struct pg_conn;

namespace pgbelay::cluster {

class Superuser {
public:
    // Throws Error{connection}.
    explicit Superuser(const std::string& url);

    int version() const;  // 150018
    // Runs one statement; the first value of its result, "" for none. Throws Error{connection} with the server's message.
    std::string value(const char* statement);

private:
    struct Close {
        void operator()(pg_conn* connection) const;
    };
    std::unique_ptr<pg_conn, Close> connection_;
};

}  // namespace pgbelay::cluster
