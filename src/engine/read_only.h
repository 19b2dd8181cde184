// A READ ONLY transaction for queries of the author's that only look; it is always rolled back.
#pragma once

#include "base/clock.h"
#include "base/wait.h"
#include "pg/connection.h"
#include "plan/plan.h"

#include <string>

namespace pgbelay::engine {

class ReadOnly {
public:
    // Begins it under the author's settings; `timeout` bounds each statement, on the server. Throws Error{connection}.
    ReadOnly(pg::Connection& connection, const plan::SessionContext& context, base::Millis timeout, const base::StopSignal* stop);
    // Rolls back; a connection that is lost by then is left to who uses it next.
    ~ReadOnly();
    ReadOnly(const ReadOnly&) = delete;
    ReadOnly& operator=(const ReadOnly&) = delete;

    // One statement by the extended protocol: several in one string are refused by the server. After an error all further ones fail.
    // Throws Error{connection}, and Error{interrupted} when stopped.
    pg::Outcome ask(const std::string& sql, const pg::Params& params = {});
    // A statement that was read as one, with a result that may be large: at most 10,000 rows of it are kept. Throws as ask() does.
    pg::Outcome run(const std::string& sql);

private:
    pg::Outcome heard(pg::Outcome outcome) const;

    pg::Connection& connection_;
    base::Millis timeout_;
    const base::StopSignal* stop_;
};

// What begins such a transaction, and ends it.
std::vector<pg::Connection::Piece> read_only_opening(const pg::Connection& connection, const plan::SessionContext& context,
                                                     base::Millis timeout);

}  // namespace pgbelay::engine
