#include "pg/conninfo.h"

#include "base/error.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

namespace pgbelay::pg {

namespace {

using base::Error;
using base::ErrorCode;
using Options = std::map<std::string, std::string>;

struct FreeOptions {
    void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using OptionsPtr = std::unique_ptr<PQconninfoOption, FreeOptions>;

Options to_map(const PQconninfoOption* options) {
    Options map;
    for (; options != nullptr && options->keyword != nullptr; ++options) {
        if (options->val != nullptr && *options->val != '\0') {
            map[options->keyword] = options->val;
        }
    }
    return map;
}

bool is_url(std::string_view text) {
    return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

std::vector<std::string> split_commas(const std::string& text) {
    std::vector<std::string> items;
    std::size_t begin = 0;
    for (;;) {
        const std::size_t comma = text.find(',', begin);
        items.push_back(text.substr(begin, comma - begin));
        if (comma == std::string::npos) {
            return items;
        }
        begin = comma + 1;
    }
}

bool several(const Options& options, const char* key) {
    const auto found = options.find(key);
    return found != options.end() && found->second.find(',') != std::string::npos;
}

bool is_port(const std::string& text) {
    int port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return text.empty() || (error == std::errc() && end == text.data() + text.size() && port > 0 && port < 65536);
}

std::string get(const Options& options, const char* key) {
    const auto found = options.find(key);
    return found == options.end() ? std::string() : found->second;
}

// libpq cuts a URL at the first of '/', '@' and ':' that it meets, so a password with one of them in it ends up in the
// host, the port or the database name, and from there in error messages. Such parts look like no host, port or name.
bool password_leaked_into_parts(std::string_view text, const Options& options) {
    const std::vector<std::string> ports = split_commas(get(options, "port"));
    if (!std::all_of(ports.begin(), ports.end(), is_port)) {
        return true;
    }
    const std::string database = get(options, "dbname");
    if (database.find("://") != std::string::npos || database.find('=') != std::string::npos) {
        return true;  // a whole connection string, which libpq would take for a name
    }
    if (!is_url(text)) {
        return false;
    }
    if (database.find('@') != std::string::npos) {
        return true;
    }
    const std::vector<std::string> hosts = split_commas(get(options, "host"));
    // A leading @ is an abstract Unix socket.
    return std::any_of(hosts.begin(), hosts.end(),
                       [](const std::string& host) { return host.rfind('@') != std::string::npos && host.rfind('@') > 0; });
}

// Parameters that frameworks put into URLs for themselves and that libpq refuses.
bool has_foreign_parameter(std::string_view text) {
    static constexpr std::array<std::string_view, 7> kForeign = {"schema",         "connection_limit", "pool_timeout",        "pgbouncer",
                                                                 "socket_timeout", "sslaccept",        "statement_cache_size"};
    return is_url(text) && std::any_of(kForeign.begin(), kForeign.end(), [&](std::string_view name) {
               const std::string parameter = std::string(name) + "=";
               return text.find("?" + parameter) != std::string_view::npos || text.find("&" + parameter) != std::string_view::npos;
           });
}

Error bad_connection_string(std::string_view text, const std::string& source) {
    // Neither the text nor libpq's message, which quotes it, may get into the error: a password stands in it.
    Error error(ErrorCode::usage, "the connection string from " + source + " is not valid");
    if (has_foreign_parameter(text)) {
        return error.hint("leave out parameters that belong to a framework, such as schema= or connection_limit=");
    }
    return error.hint(
        "write postgresql://USER:PASSWORD@HOST:PORT/DATABASE with special characters of the password percent-encoded "
        "(@ is %40, / is %2F, : is %3A), or host=… dbname=…");
}

std::string describe_hosts(const Options& options) {
    const std::vector<std::string> hosts = split_commas(get(options, options.contains("host") ? "host" : "hostaddr"));
    const std::vector<std::string> ports = split_commas(get(options, "port"));
    std::string text;
    for (std::size_t i = 0; i < hosts.size(); ++i) {
        const std::string& port = i < ports.size() ? ports[i] : ports.back();
        const bool is_ipv6 = hosts[i].find(':') != std::string::npos;
        text += i == 0 ? "" : ",";
        text += hosts[i].empty() ? "[local]" : is_ipv6 ? "[" + hosts[i] + "]" : hosts[i];
        text += ":" + (port.empty() ? "5432" : port);
    }
    return text;
}

}  // namespace

Conninfo::Conninfo(std::string_view url, std::string source) : source_(std::move(source)) {
    if (url.find_first_not_of(" \t\r\n") == std::string_view::npos) {
        want_a_primary();
        return;
    }
    char* message = nullptr;
    const OptionsPtr options(PQconninfoParse(std::string(url).c_str(), &message));
    PQfreemem(message);
    if (options == nullptr || url.find('\0') != std::string_view::npos) {
        throw bad_connection_string(url, source_);
    }
    options_ = to_map(options.get());
    if (password_leaked_into_parts(url, options_)) {
        throw bad_connection_string(url, source_);
    }
    want_a_primary();
}

// The hosts of the environment become our own, so that they can be tried one by one.
void Conninfo::want_a_primary() {
    if (options_.contains("service")) {
        return;
    }
    const OptionsPtr defaults(PQconndefaults());
    Options environment = to_map(defaults.get());
    const bool names_none = !options_.contains("host") && !options_.contains("hostaddr");
    if (names_none && !environment.contains("service") && (several(environment, "host") || several(environment, "hostaddr"))) {
        for (const char* key : {"host", "hostaddr", "port"}) {
            if (environment.contains(key)) {
                options_.try_emplace(key, environment[key]);
            }
        }
    }
    if (hosts() > 1 && std::getenv("PGTARGETSESSIONATTRS") == nullptr) {
        options_.try_emplace("target_session_attrs", "read-write");
    }
}

std::size_t Conninfo::hosts() const {
    const std::vector<std::string> names = split_commas(get(options_, "host"));
    const std::vector<std::string> addresses = split_commas(get(options_, "hostaddr"));
    const std::vector<std::string> ports = split_commas(get(options_, "port"));
    const std::size_t n = std::max(names.size(), addresses.size());
    const auto fits = [n](const std::vector<std::string>& list) { return list.size() == 1 || list.size() == n; };
    // "prefer-standby" goes over the hosts twice, which only libpq can do; what does not fit is libpq's to refuse.
    const bool twice = get(options_, "target_session_attrs") == "prefer-standby";
    return twice || !fits(ports) || !fits(names) || !fits(addresses) ? 1 : n;
}

Conninfo Conninfo::only(std::size_t i) const {
    Conninfo one = *this;
    if (hosts() > 1) {
        for (const char* key : {"host", "hostaddr", "port"}) {
            if (const std::vector<std::string> list = split_commas(get(options_, key)); list.size() > 1) {
                one.options_[key] = list.at(i);
            }
        }
    }
    return one;
}

std::string Conninfo::describe() const {
    Options known = options_;
    if (known.contains("service")) {
        // What the service file says is libpq's secret until it connects.
        return "service " + known["service"] + (known.contains("dbname") ? "/" + known["dbname"] : "");
    }
    const OptionsPtr defaults(PQconndefaults());
    Options environment = to_map(defaults.get());
    if (password_leaked_into_parts("", environment)) {
        environment.erase("port");
        environment.erase("dbname");
    }
    if (known.contains("host") || known.contains("hostaddr")) {
        environment.erase("host");
        environment.erase("hostaddr");
    }
    known.merge(environment);
    const std::string user = get(known, "user");
    const std::string database = known.contains("dbname") ? known["dbname"] : user;
    return user + "@" + describe_hosts(known) + "/" + database;
}

}  // namespace pgbelay::pg
