// Cancels what runs on a connection without ever waiting for long: libpq's own way blocks for as long as a network hangs.
#pragma once

#include <libpq-fe.h>

#include <memory>

namespace pgbelay::pg {

class Canceller {
public:
    explicit Canceller(PGconn* connection);

    // Asks the server to cancel, through a connection of its own, from any thread. Returns when the server has taken the request, or after
    // a second; an attempt that takes longer goes on by itself, and no other is made meanwhile.
    void cancel() noexcept;

private:
    struct Attempt;
    std::shared_ptr<Attempt> attempt_;  // also the attempt's own, which may outlive the connection
};

}  // namespace pgbelay::pg
