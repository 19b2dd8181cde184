// Where to connect. Secrets stay inside: there is no formatter and no accessor for them.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace pgbelay::pg {

class Conninfo {
public:
    // A libpq URL or conninfo string; empty means libpq's own environment, service and password files. `source` is for people:
    // "--db", "$DATABASE_URL", "target production of deploy.md". Throws Error{usage}; the message never repeats the text.
    Conninfo(std::string_view url, std::string source);

    // "app@db1:5432/orders": user, hosts, database; never a password. Known defaults are filled in.
    std::string describe() const;
    const std::string& source() const { return source_; }

    // How many hosts it names; libpq's environment counts, a service file does not. Where there are several and nothing says what kind of
    // server is wanted, it is one that accepts writes (target_session_attrs=read-write).
    std::size_t hosts() const;
    // The same with one of them only, 0 ≤ i < hosts().
    Conninfo only(std::size_t i) const;

private:
    void want_a_primary();

    friend class Connection;
    std::map<std::string, std::string> options_;
    std::string source_;
};

}  // namespace pgbelay::pg
