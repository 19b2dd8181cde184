// What one statement really did to a live database, by the server's own word: pg_locks before its COMMIT, storage, statistics, messages.
#pragma once

#include "catalog/lock_mode.h"
#include "sql/statement.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

struct pg_conn;

namespace pgbelay::test {

using sql::QualifiedName;

struct Recorded {
    bool in_transaction = true;  // false: it cannot be run inside one, and its locks were gone before anybody could look
    std::string error;           // "42P07: relation "t" already exists"; "" = it succeeded
    // Of the relations that were there before, temporary and system ones left out:
    std::map<QualifiedName, catalog::LockMode> locks;  // the strongest one held at its end
    std::set<QualifiedName> rewritten;                 // has new storage and is still the same relation
    std::map<QualifiedName, std::int64_t> read;        // rows that were read from end to end; shown, not compared: planners choose
    std::map<QualifiedName, char> kinds;               // pg_class.relkind
    std::vector<std::string> messages;                 // what the server said at DEBUG1
};

class Recorder {
public:
    // Connects; throws std::runtime_error with the server's reason.
    explicit Recorder(const std::string& url);
    ~Recorder();

    // Runs it in a transaction of its own and commits, or as it stands where it is transaction control or refuses to be in one.
    // An error is part of the record; a lost connection is a std::runtime_error.
    Recorded run(const sql::Statement& statement);

private:
    struct Relation {
        QualifiedName name;
        char kind = 0;
        std::string storage;  // pg_relation_filenode(), "" for what has none
        std::int64_t read = 0;
    };
    using Relations = std::map<std::string, Relation>;  // by OID

    Relations relations();
    void locks_into(Recorded& record, const Relations& before);
    void changes_into(Recorded& record, const Relations& before);
    std::string execute(const std::string& sql, const std::string* copy_data = nullptr);
    std::vector<std::vector<std::string>> rows(const std::string& query);

    struct Close {
        void operator()(pg_conn* connection) const;
    };
    std::unique_ptr<pg_conn, Close> connection_;
    std::vector<std::string> messages_;
};

}  // namespace pgbelay::test
