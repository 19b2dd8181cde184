// The one model of everything that can be deployed: SQL files, directories of every layout, Markdown runbooks.
#pragma once

#include "base/clock.h"
#include "base/error.h"
#include "base/wait.h"
#include "runbook/expectation.h"
#include "runbook/guard_limit.h"
#include "runbook/measure.h"
#include "runbook/requirement.h"
#include "sql/script.h"
#include "sql/statement.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgbelay::runbook {

// Budgets and gates. Defaults are the design's.
struct Limits {
    base::Millis lock_timeout{100};       // how long a strong lock may stand in the queue
    base::Millis hold{1000};              // how long it may be held
    base::Millis deadline{600'000};       // how long a step keeps trying to get its lock
    base::Millis statement_timeout{0};    // for transactions that hold no strong lock; 0 = none
    std::int64_t tiny = 8 * 1024 * 1024;  // bytes
    int jobs = 2;                         // how many index builds may work at the same time
    base::Millis stuck_after{1'800'000};  // a build in which nothing moves for so long is cancelled; 0 = never
    std::vector<GuardLimit> guard;        // in the order of measures(); what is not named is not watched
};

// What is done about sessions that stand in the way. Dumps, migrators and an autovacuum to prevent wraparound are ended only where the
// policy names them; replication, prepared transactions and others' index builds never are.
struct Blockers {
    enum class Action { wait, cancel, terminate } action = Action::wait;
    base::Millis older_than{30'000};  // the age that a session's transaction must have
    bool dumps = false;
    bool migrators = false;
    bool vacuums = false;
    bool operator==(const Blockers&) const = default;
};

// How the statements of a file are put into transactions where the author wrote none.
enum class TransactionRule {
    each_statement,  // as psql does: BEGIN … COMMIT are the author's
    whole_file,      // dbmate, goose, Flyway, Prisma: one transaction a file
};

// Which tool's layout a file came in, and so which ledger knows of it.
enum class Layout { plain, prisma, dbmate, goose, flyway };
std::string_view to_string(Layout layout);  // "prisma"

// The time before which a step does not begin; neither: it begins at once.
struct NotBefore {
    std::string at;         // "2026-01-31 02:00:00+01:00", or
    base::Millis delay{0};  // … so long after the end of
    std::string after;      // … the step of this name
    bool given() const { return !at.empty() || !after.empty(); }
};

// Statements of one file or one `sql apply` fence.
struct SqlItem {
    std::vector<sql::Statement> statements;
    std::vector<std::string> trailing_echoes;
    TransactionRule rule = TransactionRule::each_statement;
    // What the author wrote to undo it: statements of its own, with their rule; empty when there is none.
    std::vector<sql::Statement> rollback;
    TransactionRule rollback_rule = TransactionRule::each_statement;
    std::string rollback_from;  // the file, for people
    base::Millis timeout{0};    // of each of its steps, all waiting included; 0 = none
    NotBefore not_before;
};

// A read-only query whose answer must be as expected, run once where it stands.
struct CheckItem {
    sql::Statement statement;
    Expectation expects;
    std::string record;  // the name under which the values of its only row are kept; "" = they are not
};

// Statements that run in a transaction which is always rolled back.
struct TryItem {
    std::vector<sql::Statement> statements;
    Expectation expects;      // of the last statement's answer
    base::Millis timeout{0};  // of all of them together, where no strong lock is taken; 0 = the hold budget
};

// Lines that a person confirms.
struct ConfirmItem {
    std::vector<std::string> lines;
};

// A query that is asked before the first change and after the last.
struct MeasureItem {
    sql::Statement statement;
    Gauge gauge;
};

// The file that an item belongs to in the ledger: several items of a runbook share one.
struct File {
    std::string path;    // as given, for people
    std::string key;     // the name in our ledger: its folder's own name and what follows, '/' separators
    std::string digest;  // SHA-256 over what the author gave: statement bytes after expansion, attributes
    std::string text;    // the statements' bytes, joined by ";\n": to show a later difference
    Layout layout = Layout::plain;
    std::string version;              // in its tool's ledger: "20240101120000", "20240101_init", "1.2"
    std::string description;          // Flyway's
    std::string raw_checksum_source;  // the file's bytes, for checksums of Prisma (SHA-256) and Flyway (CRC32)
};

struct Item {
    std::string name;  // unique, stable
    base::Place place;
    int file = -1;        // index into Runbook::files
    std::string section;  // of a runbook: the heading that it stands under
    std::variant<SqlItem, CheckItem, TryItem, ConfirmItem, MeasureItem> what;
};

// What its fence is called: "sql apply", "sql check"; the same for files and directories of SQL.
std::string_view verb_of(const Item& item);
// Those that run forward, in order.
std::vector<const sql::Statement*> statements_of(const Item& item);

struct Target {
    std::string name;
    std::string url;  // with ${VAR} expanded; a secret; empty when `missing` is not
    base::Place place;
    std::string missing;  // the variable without a value: an error only where this target is used
};

// The Markdown that a runbook was read from, without its front matter, in which secrets may stand.
struct Document {
    std::string path;
    int first_line = 1;
    std::string text;
    bool operator==(const Document&) const = default;
};

struct Runbook {
    std::string name;  // of the front matter, or of the first path
    std::vector<File> files;
    std::vector<Item> items;
    std::vector<Target> targets;
    std::vector<Target> replicas;  // hot standbys; `name` is the target that they follow, "" = every one
    Limits limits;
    OnBreach on_breach = OnBreach::pause;
    Blockers blockers;
    std::vector<Requirement> requirements;
    std::vector<Written> windows;  // when it may change anything; none = always
    std::vector<Notification> notifications;
    bool from_directory = false;             // some PATH was a directory: the ledgers decide what is pending
    std::vector<std::string> documentation;  // "deploy.md:14": fences that do not run
    int fences = 0;                          // fences in all, of Markdown
    Document document;                       // for the report; empty where there is no Markdown
    // SHA-256 over everything that the author gave, the same on every database.
    std::string digest;
};

// Looks up an environment variable; nothing when it is not set.
using Environment = std::function<std::optional<std::string>(const std::string&)>;
std::optional<std::string> process_environment(const std::string& name);

struct ReadOptions {
    sql::Variables variables;
    std::map<std::string, std::string> limits;  // "hold" -> "5min", as front matter has them; they win over it
    std::string blockers;                       // "cancel:30s", as front matter has it; wins over it, and is not part of the digest
    Environment environment = process_environment;
    const base::StopSignal* stop = nullptr;  // ends the reading with Error{interrupted}
};

// Reads all paths in order into one runbook. `-` is standard input (SQL). Throws Error{input} with the place.
Runbook read(const std::vector<std::string>& paths, const ReadOptions& options);

}  // namespace pgbelay::runbook
