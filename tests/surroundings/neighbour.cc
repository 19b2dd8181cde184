#include "surroundings/neighbour.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace pgbelay::test {

Busy::Busy(const Database& database, const std::string& before, std::string statement)
    : session_(database.open()), control_(database.open()), pid_(session_.value("SELECT pg_backend_pid()")) {
    session_.run(before);
    thread_ = std::jthread([this, statement = std::move(statement)] {
        try {
            session_.run(statement);
        } catch (const std::runtime_error& error) {
            error_ = error.what();
        }
    });
    eventually("the statement runs", [&] {
        return control_.value(fmt::format("SELECT state FROM pg_stat_activity WHERE pid = {} AND query NOT LIKE '%pg_backend_pid%'",
                                          pid_)) == "active";
    });
}

Busy::~Busy() {
    try {
        control_.run(fmt::format("SELECT pg_terminate_backend({})", pid_));
    } catch (const std::runtime_error&) {
        // The server is gone, and the statement with it.
    }
}

std::string Busy::outcome() {
    if (thread_.joinable()) {
        thread_.join();
    }
    return error_;
}

std::unique_ptr<demo::Traffic> traffic_on_busy(const Database& database, double per_second, int connections) {
    const auto some_id = [](demo::Random& random) { return std::uniform_int_distribution<int>(1, 1200)(random); };
    std::vector<demo::Kind> kinds{
        {"read", 3, [some_id](demo::Random& r) { return fmt::format("SELECT a FROM busy WHERE id = {}", some_id(r)); }},
        {"write", 1, [some_id](demo::Random& r) { return fmt::format("UPDATE busy SET a = a + 1 WHERE id = {}", some_id(r)); }},
    };
    return std::make_unique<demo::Traffic>(pg::Conninfo(database.url(), "the test"), std::move(kinds),
                                           demo::TrafficOptions{.connections = connections, .per_second = per_second}, nullptr);
}

bool lives(const Database& database, const std::string& pid) {
    return database.value(fmt::format("SELECT count(*) FROM pg_stat_activity WHERE pid = {}", pid)) == "1";
}

}  // namespace pgbelay::test
