#include "engine/leftovers.h"

#include "engine/step_runner.h"
#include "pg/activity.h"
#include "pg/relations.h"
#include "sql/quote.h"

#include <fmt/core.h>

#include <algorithm>

namespace pgbelay::engine {

using base::Millis;
using Piece = pg::Connection::Piece;

namespace {

constexpr Millis kDropLock{100};
constexpr Millis kConcurrentTry{5'000};
constexpr Millis kBetween{200};
constexpr std::chrono::seconds kOwnStatement{10};

std::uint32_t number(catalog::Oid oid) {
    return static_cast<std::uint32_t>(oid);
}

class Dropper {
public:
    Dropper(Target& target, const std::vector<int>& ours, const sql::QualifiedName& index, std::uint32_t expected)
        : target_(target), ours_(ours), index_(index), expected_(expected), connection_(connect(target)) {
        ours_.push_back(connection_.backend_pid());
    }

    std::optional<std::string> run(Millis patience) {
        const base::Deadline deadline = base::in(patience);
        for (int i = 0;; ++i) {
            if (gone()) {
                return std::nullopt;
            }
            if (!somebody_builds()) {
                i % 2 == 0 ? drop_plain() : drop_concurrently(std::min(deadline, base::in(kConcurrentTry)));
                if (gone()) {
                    return std::nullopt;
                }
            }
            if (base::Clock::now() >= deadline) {
                return why_;
            }
            base::pause_for(kBetween, nullptr);
        }
    }

private:
    // Also after Ctrl-C: that ends the work, not the clearing up.
    static pg::Connection connect(const Target& target) {
        return pg::Connection::open(target.here(), "cleanup", base::in(kOwnStatement), nullptr);
    }

    // Gone, valid, or somebody else's by now.
    bool gone() {
        now_ = pg::index_now(connection_, index_);
        return !now_ || now_->valid || (expected_ != 0 && number(now_->oid) != expected_);
    }

    bool somebody_builds() {
        for (const auto& builder : pg::builders_on(connection_, now_->table, ours_)) {
            if (builder.backend.type != "autovacuum worker") {
                why_ = "in the way: " + pg::describe(builder.backend);
                return true;
            }
        }
        return false;
    }

    void drop_plain() {
        const Millis first_move = target_.facts().deadlock_timeout + Millis(500);
        const std::vector<Piece> lock{
            {"BEGIN", {}},
            {fmt::format("SET LOCAL lock_timeout = '{}ms'", first_move.count()), {}},
            {fmt::format("LOCK TABLE ONLY {} IN SHARE UPDATE EXCLUSIVE MODE", sql::quote_name(now_->table_name)), {}},
        };
        bool dropped = false;
        if (succeeded(connection_.pipeline(lock, base::in(kOwnStatement), nullptr)) && !gone()) {
            dropped = succeeded(connection_.pipeline({{fmt::format("SET LOCAL lock_timeout = '{}ms'", kDropLock.count()), {}},
                                                      {fmt::format("DROP INDEX {}", sql::quote_name(index_)), {}},
                                                      {"COMMIT", {}}},
                                                     base::in(kOwnStatement), nullptr));
        }
        if (!dropped) {
            end_transaction();
        }
    }

    void end_transaction() {
        if (connection_.in_transaction()) {
            roll_back(connection_);
        }
    }

    // Waits for readers instead of blocking them.
    void drop_concurrently(base::Deadline deadline) {
        const pg::Outcome outcome =
            connection_.run(fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}", sql::quote_name(index_)), std::nullopt, deadline, nullptr);
        remember(outcome);
    }

    bool succeeded(const std::vector<pg::Outcome>& outcomes) { return remember(outcomes.back()); }

    bool remember(const pg::Outcome& outcome) {
        const auto* error = std::get_if<pg::ServerError>(&outcome);
        if (error == nullptr) {
            return true;
        }
        if (error->connection_lost) {
            throw pg::to_error(*error);
        }
        why_ = error->message;
        if (error->sqlstate == "55P03" || error->sqlstate == "57014") {
            name_who_is_in_the_way();
        }
        return false;
    }

    // A lock that was not got in time, or a drop that waited for readers: not our own cancel is the reason, but they are.
    void name_who_is_in_the_way() {
        end_transaction();
        for (const auto& holder : pg::holders(connection_, {{now_->table, catalog::LockMode::access_exclusive}}, ours_)) {
            if (holder.granted) {
                why_ = "in the way: " + pg::describe(holder.backend);
                return;
            }
        }
    }

    Target& target_;
    std::vector<int> ours_;
    const sql::QualifiedName& index_;
    std::uint32_t expected_;
    pg::Connection connection_;
    std::optional<pg::IndexNow> now_;
    std::string why_ = "it is still there";
};

}  // namespace

std::optional<std::string> drop_leftover(Target& target, const std::vector<int>& ours, const sql::QualifiedName& index,
                                         std::uint32_t expected, Millis patience) {
    return Dropper(target, ours, index, expected).run(patience);
}

std::vector<std::string> settle_debts(Target& target, Journal& journal, const std::vector<int>& ours) {
    constexpr Millis kPatience{5'000};
    std::vector<std::string> open;
    for (const auto& debt : journal.open_debts()) {
        if (const auto why = drop_leftover(target, ours, debt.index, debt.index_oid, kPatience); why) {
            open.push_back(fmt::format("INVALID index {} on {} is still to be dropped: {}", sql::display(debt.index), debt.table, *why));
        } else {
            journal.settle_debt(debt.id);
        }
    }
    return open;
}

}  // namespace pgbelay::engine
