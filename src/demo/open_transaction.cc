#include "demo/open_transaction.h"

#include "demo/load.h"

namespace pgbelay::demo {

OpenTransaction::OpenTransaction(const pg::Conninfo& database, const std::vector<std::string>& statements, base::Clock::duration time,
                                 const base::StopSignal* stop)
    : connection_(run_statements(database, statements, stop)) {
    end_ = std::jthread([this, time] {
        base::pause_for(time, &over_);
        connection_.close();  // which rolls back, as it does for whoever closes his window
    });
}

OpenTransaction::~OpenTransaction() {
    over_.request();
}

}  // namespace pgbelay::demo
