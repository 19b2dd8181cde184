// Sessions in words, each named for what it is.
#include "pg/activity.h"

#include <fmt/core.h>

namespace pgbelay::pg {

namespace {

constexpr std::string_view kOurApplication = "pgbelay ";

std::string for_how_long(const std::optional<base::Millis>& age) { return age ? " for " + base::format_duration(*age) : ""; }

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

}  // namespace

std::string describe(const Backend& backend) {
    if (backend.pid == 0) {
        return fmt::format("prepared transaction \"{}\" of {}{}, until COMMIT PREPARED or ROLLBACK PREPARED", backend.gid, backend.user,
                           for_how_long(backend.transaction_age));
    }
    if (backend.type == "autovacuum worker") {
        return describe_autovacuum(backend);
    }
    if (backend.hidden) {
        return who(backend) + ": what it does is hidden from this role (pg_read_all_stats shows it)";
    }
    if (backend.type == "walsender") {
        const bool base_backup = backend.query.find("BASE_BACKUP") != std::string::npos || backend.application == "pg_basebackup";
        return who(backend) + (base_backup ? ": a base backup" : ": replication") + for_how_long(backend.transaction_age);
    }
    if (backend.application == "pg_dump" || backend.application == "pg_dumpall") {
        return who(backend) + ": a dump" + for_how_long(backend.transaction_age);
    }
    if (backend.application.starts_with(kOurApplication)) {
        return who(backend) + ": another pgbelay, " + doing(backend);
    }
    return who(backend) + ": " + doing(backend);
}

}  // namespace pgbelay::pg
