#include "reports.h"

#include "pg/connection.h"

namespace pgbelay::bench {

Reports::Reports(const pg::Conninfo& database, int sessions, const base::StopSignal* stop) {
    for (int i = 0; i < sessions; ++i) {
        auto connection = pg::Connection::open(database, "reports", base::in(std::chrono::seconds(15)), stop);
        sessions_.emplace_back([this, connection = std::move(connection)]() mutable {
            while (!over_.requested()) {
                connection.run("SELECT pg_sleep(2)", std::nullopt, base::kNoDeadline, &over_);
            }
        });
    }
}

Reports::~Reports() {
    over_.request();
}

}  // namespace pgbelay::bench
