// Files that nobody should deploy, made from fixed seeds: the same ones every time.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace pgbelay::test {

struct HostileInput {
    std::string name;  // "cut-sql-17.sql": what is given to pgbelay
    std::string bytes;
    std::map<std::string, std::string> others;  // files beside it
};

std::vector<HostileInput> hostile_inputs();

}  // namespace pgbelay::test
