// A case as its directory says it: tests/cases/README.md describes every file and key.
#pragma once

#include "base/clock.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace pgbelay::test {

// Something done between deploy and rollback: a command of pgbelay, SQL by somebody else, or files that change.
struct Action {
    enum class What { run, sql, copy } what = What::run;
    std::string argument;  // the command line, the script's file, the folder whose files replace those of deploy/
    int exit = 0;
    std::string expect;                 // expect/<this>.txt holds what the command says; "" = not compared
    std::vector<std::string> mentions;  // must stand in what the command says
};

struct Case {
    std::string name;
    std::filesystem::path directory;
    std::string why;
    std::vector<std::string> versions;
    std::string fixture;               // the database that it begins with: "empty" or "shop"
    std::string role;                  // whom pgbelay connects as
    std::vector<std::string> paths;    // relative to the case's directory
    std::vector<std::string> options;  // for plan and deploy
    std::vector<std::string> deploy_options;
    std::filesystem::path standard_input;  // "" = empty
    std::vector<Action> setup;             // before the catalog is looked at for the first time
    std::vector<Action> then;
    int exit = 0;                               // deploy's
    std::optional<int> rollback_exit;           // nothing: no rollback, which is the rule unless deploy ends with 0
    bool transcript = false;                    // compare what deploy prints: always when it fails
    std::vector<std::string> mentions;          // must stand in what deploy prints
    std::optional<base::Millis> release_after;  // of the blocker, counted from deploy's start
    std::optional<base::Millis> longest_wait;   // of the traffic
    std::string not_by_hand;                    // why psql alone cannot carry it out; "" = it can

    bool has(const std::string& file) const { return std::filesystem::exists(directory / file); }
};

// Throws std::runtime_error that names the case for unknown keys, missing ones and values of the wrong kind.
Case read_case(const std::filesystem::path& directory);

// All directories of `root` that hold a case.yaml, by name.
std::vector<Case> read_cases(const std::filesystem::path& root);

// What is expected of a case on one version: expect/<major>/NAME where it exists, else expect/NAME, else nothing at all ("").
class Expectations {
public:
    Expectations(const Case& one, const std::string& major);

    // The first of the case's versions owns expect/NAME. expect/MAJOR/NAME stands instead for that version, and for those that are
    // further from the owner's, up to the next that has one.
    std::string read(const std::string& name) const;
    // Rewrites what is expected. A version's file is written only where it differs from what would be read without it.
    void accept(const std::string& name, const std::string& text) const;

private:
    std::vector<std::filesystem::path> places_;  // this version's first, then those towards the owner's
};

}  // namespace pgbelay::test
