// Where to connect. Secrets stay inside: there is no formatter and no accessor for them.
#pragma once

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

private:
    friend class Connection;
    std::map<std::string, std::string> options_;
    std::string source_;
};

}  // namespace pgbelay::pg
