// The command line as a value: which command, with which options.
#pragma once

#include "engine/run.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pgbelay::cli {

enum class Format { text, json, jsonl, md };
enum class Color { automatic, always, never };

// Options that more than one command takes.
struct Common {
    std::optional<std::string> db;      // --db; "" = libpq's own environment
    std::string env;                    // --env: a target of the runbook
    std::vector<std::string> replicas;  // --replica
    bool yes = false;
    std::string output;  // "" = standard output
    Format format = Format::text;
    std::map<std::string, std::string> variables;      // --set
    std::map<std::string, std::string> limits;         // --limit
    std::string blockers;                              // --blockers, "" = as the runbook says
    std::map<std::string, std::string> confirmations;  // --confirm, who by the step's name
    Color color = Color::automatic;
    bool quiet = false;
    bool verbose = false;
    base::Millis data_checks{5'000};  // --data-checks: the time of one look at the rows
};

struct Deploy {
    std::vector<std::string> paths;
    bool dry_run = false;
    bool as_written = false;
    engine::OnFailure on_failure = engine::OnFailure::stop;
};
struct Plan {
    std::vector<std::string> paths;
    bool as_written = false;
    bool facts = false;       // what each statement does, a line of JSON each, and no more
    bool separately = false;  // each path for itself, as if the others were not there
};
struct Render {
    std::vector<std::string> paths;
    bool as_written = false;
};
struct Init {
    std::vector<std::string> paths;
};
struct Check {
    std::vector<std::string> paths;  // none: only the target's gates
    bool as_written = false;
    bool syntax = false;  // read the paths and say what they are; no database
};
struct Status {
    std::optional<std::int64_t> run;
};
struct History {
    int limit = 20;
};
struct Report {
    std::optional<std::int64_t> run;
    std::string receipt;  // the file to write one to
    std::string key;      // "" = the account's own
};
struct Pause {
    std::optional<std::int64_t> run;
    bool now = false;
};
struct Resume {
    std::optional<std::int64_t> run;
    engine::OnFailure on_failure = engine::OnFailure::stop;
};
struct Abort {
    std::optional<std::int64_t> run;
};
struct Rollback {
    std::optional<std::int64_t> run;
};
struct Verify {
    std::vector<std::string> paths;
};
struct Mark {
    std::vector<std::string> paths;
};
struct Approve {
    std::string path;
    std::string role;
    std::string key;  // "" = the account's own
};
struct InitDb {
    std::string owner;
    std::vector<std::string> grant_to;
    bool print = false;
};
struct Demo {
    bool quick = false;
};

struct Completion {
    std::string what;  // bash, zsh, fish, man
};

using Command = std::variant<Deploy, Plan, Render, Init, Check, Status, History, Report, Pause, Resume, Abort, Rollback, Verify, Mark,
                             Approve, InitDb, Demo, Completion>;

struct Arguments {
    Common common;
    Command command;
};

// What `--help` and `--version` want to see.
struct Answer {
    std::string text;
};

// `words` are the arguments without the program's name. Throws Error{usage}.
std::variant<Arguments, Answer> read_arguments(const std::vector<std::string>& words);

// The commands and their options as the parser has them.
struct OptionDescription {
    std::vector<std::string> names;  // "-d", "--db"
    std::string about;
    std::string value;                 // "URL"; "" for a flag
    std::vector<std::string> choices;  // the only values that it takes, where they are known
    bool repeatable = false;
};
struct CommandDescription {
    std::string name;
    std::string about;
    std::string example;
    bool takes_files = false;
    std::vector<OptionDescription> options;
};
std::vector<CommandDescription> describe_commands();

// Whether the words ask for JSON: an error in the others must be JSON too.
Format format_asked_for(const std::vector<std::string>& words);

}  // namespace pgbelay::cli
