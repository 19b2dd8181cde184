// A plain libpq connection for tests: independent of the product's own, so that the product does not check itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

struct pg_conn;

namespace pgbelay::test {

class Session {
public:
    // Connects; throws std::runtime_error with the server's reason.
    explicit Session(const std::string& url);
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    // Sends the whole script as one query string: statements after a BEGIN that is not committed leave their transaction
    // open; without BEGIN all of it is one transaction. Throws std::runtime_error with the server's message.
    void run(const std::string& script);
    // The first column of every row of one query.
    std::vector<std::string> column(const std::string& query);
    // The first value, "" for none and for NULL.
    std::string value(const std::string& query);

private:
    struct Close {
        void operator()(pg_conn* connection) const;
    };
    std::unique_ptr<pg_conn, Close> connection_;
};

}  // namespace pgbelay::test
