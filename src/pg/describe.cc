// Sessions in words, each named for what it is.
#include "pg/activity.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pgbelay::pg {

namespace {

constexpr std::string_view kOurApplication = "pgbelay ";

// How application_name begins with tools that say who they are; compared without case.
constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kMigrators = {{
    {"flyway", "Flyway"},
    {"liquibase", "Liquibase"},
    {"prisma", "Prisma"},
    {"dbmate", "dbmate"},
    {"goose", "goose"},
    {"sqitch", "sqitch"},
    {"alembic", "Alembic"},
    {"atlas", "Atlas"},
    {"pgroll", "pgroll"},
    {"golang-migrate", "golang-migrate"},
    {"node-pg-migrate", "node-pg-migrate"},
    {"rails db:migrate", "Rails"},
    {"reshape", "reshape"},
    {"yoyo", "yoyo"},
}};

bool begins_like(std::string_view text, std::string_view prefix) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return text.size() >= prefix.size() &&
           std::equal(prefix.begin(), prefix.end(), text.begin(), [&](char p, char t) { return p == lower(t); });
}

// "" when it is none.
std::string_view migrator(const Backend& backend) {
    if (!backend.tool.empty()) {
        return backend.tool;
    }
    if (backend.application.starts_with(kOurApplication)) {
        return "pgbelay";
    }
    const auto found = std::ranges::find_if(kMigrators, [&](const auto& known) { return begins_like(backend.application, known.first); });
    return found == kMigrators.end() ? "" : found->second;
}

bool dumps(const Backend& backend) {
    return backend.application == "pg_dump" || backend.application == "pg_dumpall";
}

std::string for_how_long(const std::optional<base::Millis>& age) {
    return age ? " for " + base::format_duration(*age) : "";
}

std::string who(const Backend& backend) {
    std::string who = backend.user;
    if (!backend.client.empty()) {
        who += "@" + backend.client;
    }
    if (!backend.application.empty()) {
        who += (who.empty() ? "\"" : ", \"") + backend.application + "\"";
    }
    return who.empty() ? fmt::format("pid {}", backend.pid) : fmt::format("pid {} ({})", backend.pid, who);
}

// "autovacuum: VACUUM public.t (to prevent wraparound)" is what such a worker shows as its query.
std::string describe_autovacuum(const Backend& backend) {
    constexpr std::string_view kPrefix = "autovacuum: ";
    const std::string task = backend.query.starts_with(kPrefix) ? ": " + backend.query.substr(kPrefix.size()) : "";
    return fmt::format("pid {}: autovacuum{}{}", backend.pid, for_how_long(backend.transaction_age), task);
}

std::string doing(const Backend& backend) {
    const std::string query = backend.query.empty() ? "" : ": " + backend.query;
    if (backend.state.starts_with("idle in transaction")) {
        return backend.state + for_how_long(backend.state_age) + (backend.query.empty() ? "" : ", last" + query);
    }
    if (backend.state == "active" && backend.wait_event.starts_with("Lock:")) {
        return "waiting for a lock itself" + for_how_long(backend.state_age) + query;
    }
    if (backend.state == "active") {
        return "active" + for_how_long(backend.state_age) + query;
    }
    return (backend.state.empty() ? (backend.type.empty() ? "unknown" : backend.type) : backend.state) + for_how_long(backend.state_age);
}

// Without the right to see it, a backend that belongs to no role is the server's own: an autovacuum, as far as locks on tables go.
std::string describe_hidden(const Backend& backend) {
    const std::string what = dumps(backend)               ? ": a dump, "
                             : !migrator(backend).empty() ? fmt::format(": another migrator ({}), ", migrator(backend))
                                                          : ": ";
    if (backend.user.empty()) {
        return fmt::format("pid {}: autovacuum, or another process of the server's own; pg_read_all_stats shows which", backend.pid);
    }
    return who(backend) + what + "what it does is hidden from this role (pg_read_all_stats shows it)";
}

}  // namespace

Kind kind(const Backend& backend) {
    if (backend.pid == 0) {
        return Kind::prepared;
    }
    if (backend.type == "autovacuum worker") {
        return backend.query.find("(to prevent wraparound)") != std::string::npos ? Kind::wraparound : Kind::autovacuum;
    }
    if (backend.hidden && backend.user.empty()) {
        return Kind::autovacuum;
    }
    if (backend.type == "walsender") {
        return Kind::walsender;
    }
    if (dumps(backend)) {
        return Kind::dump;
    }
    if (!migrator(backend).empty()) {
        return Kind::migrator;
    }
    if (backend.builds) {
        return Kind::builder;
    }
    return backend.type == "client backend" || backend.hidden ? Kind::client : Kind::background;
}

std::string describe(const Backend& backend) {
    if (backend.pid != 0 && backend.hidden) {
        return describe_hidden(backend);
    }
    switch (kind(backend)) {
        case Kind::prepared:
            return fmt::format("prepared transaction \"{}\" of {}{}, until COMMIT PREPARED or ROLLBACK PREPARED", backend.gid, backend.user,
                               for_how_long(backend.transaction_age));
        case Kind::autovacuum:
        case Kind::wraparound: return describe_autovacuum(backend);
        case Kind::walsender: {
            const bool base_backup = backend.query.find("BASE_BACKUP") != std::string::npos || backend.application == "pg_basebackup";
            return who(backend) + (base_backup ? ": a base backup" : ": replication") + for_how_long(backend.transaction_age);
        }
        case Kind::dump: return who(backend) + ": a dump" + for_how_long(backend.transaction_age);
        case Kind::migrator:
            return migrator(backend) == "pgbelay"
                       ? who(backend) + ": another pgbelay, " + doing(backend)
                       : who(backend) + fmt::format(": another migrator ({}), ", migrator(backend)) + doing(backend);
        case Kind::builder:
        case Kind::client:
        case Kind::background: break;
    }
    return who(backend) + ": " + doing(backend);
}

}  // namespace pgbelay::pg
