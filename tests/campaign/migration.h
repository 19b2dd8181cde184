// What the campaign deploys.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pgbelay::test {

struct Migration {
    std::string name;                                        // part of a database's name
    std::string before;                                      // SQL that makes the database
    std::vector<std::pair<std::string, std::string>> files;  // name, contents; deployed in this order

    // The arguments: deploy without a question, no table tiny.
    std::vector<std::string> command() const;
};

// Every kind of step once, on small tables: for a fault at every boundary.
Migration one_of_each();

// Several of each, and large enough to take its time: for kills at random moments.
Migration mixed();

}  // namespace pgbelay::test
