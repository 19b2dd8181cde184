// What stands behind a Connection: libpq's objects and the loop that gets a statement's results without ever blocking.
#pragma once

#include "pg/canceller.h"
#include "pg/connection.h"

#include <libpq-fe.h>

#include <map>
#include <string>
#include <vector>

namespace pgbelay::pg {

ServerError read_error(const PGresult* result);
// libpq's messages on one line, white space folded.
std::string fold(const char* text);

struct Connection::State {
    explicit State(PGconn* connection);
    ~State();
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    void close() noexcept;
    // After each exchange: counts a transaction that ended without its COMMIT, as the server's statistics do.
    void note_end(const Outcome& last);
    // By the name of `sent` when it was prepared; 0 when the connection is broken.
    int send_repeated(const std::string& sql, const Params& params);

    PGconn* raw;
    Canceller canceller;
    std::vector<std::string> notices;
    const base::StopSignal* heeded = nullptr;  // see Heeding
    bool deadlocked = false;                   // the server chose the transaction that is open as a victim
    struct Repeated {
        int times = 0;
        std::string name;
    };
    // How often each of our queries was sent: from the second time on it is a prepared statement of that name.
    std::map<std::string, Repeated> sent;
};

// The life of one statement (or pipeline) from its bytes to its last result. On stop and at the deadline it cancels and goes
// on collecting: what the server says in the end is what counts.
class Exchange {
public:
    Exchange(PGconn* raw, Canceller& canceller, base::Deadline deadline, const base::StopSignal* stop, const Ticker* ticker);

    // Writes all that libpq still holds back, reading meanwhile. False when the connection broke.
    bool flush();
    // The next result, or null at the end of a statement's results. Waits.
    PGresult* next();
    // Sends COPY data in chunks.
    void feed(const std::string& data);
    // Reads a COPY TO STDOUT to its end and drops it.
    void drain_copy_out();

    // Cancels and collects whatever is left, for a caller who cannot go on.
    void abandon();

    bool cancelled() const { return cancelled_; }
    // Whether the cancel came from the stop signal (else from the deadline).
    bool stopped() const { return stopped_; }

private:
    void wait(bool for_writing);
    void see_to_what_is_due(int socket);
    void cancel();

    PGconn* raw_;
    Canceller& canceller_;
    base::Deadline deadline_;
    const base::StopSignal* stop_;
    const Ticker* ticker_;
    base::Deadline next_tick_;
    bool cancelled_ = false;
    bool stopped_ = false;
    bool gave_up_ = false;
    base::Deadline give_up_at_ = base::kNoDeadline;
    base::Deadline cancel_again_at_ = base::kNoDeadline;
};

}  // namespace pgbelay::pg
