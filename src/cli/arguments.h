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

enum class Format { text, json, jsonl };
enum class Color { automatic, always, never };

// Options that more than one command takes.
struct Common {
    std::optional<std::string> db;  // --db; "" = libpq's own environment
    std::string env;                // --env: a target of the runbook
    bool yes = false;
    std::string output;  // "" = standard output
    Format format = Format::text;
    std::map<std::string, std::string> variables;  // --set
    std::map<std::string, std::string> limits;     // --limit
    std::string blockers;                          // --blockers, "" = as the runbook says
    Color color = Color::automatic;
    bool quiet = false;
    bool verbose = false;
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
};
struct Check {
    std::vector<std::string> paths;  // none: only the target's gates
    bool as_written = false;
};
struct Status {
    std::optional<std::int64_t> run;
};
struct History {
    int limit = 20;
};
struct Report {
    std::optional<std::int64_t> run;
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
struct InitDb {
    std::string owner;
    std::vector<std::string> grant_to;
    bool print = false;
};
struct Demo {
    bool quick = false;
};

using Command = std::variant<Deploy, Plan, Check, Status, History, Report, Pause, Resume, Abort, Rollback, Verify, Mark, InitDb, Demo>;

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

// Whether the words ask for JSON: an error in the others must be JSON too.
Format format_asked_for(const std::vector<std::string>& words);

}  // namespace pgbelay::cli
