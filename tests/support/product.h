// Runs the pgbelay executable as its users do: arguments, environment, working directory, nothing shared with this process.
#pragma once

#include "base/clock.h"

#include <filesystem>
#include <string>
#include <vector>

namespace pgbelay::test {

struct ProductRun {
    int status = 0;
    std::string out;
    std::string err;
    base::Clock::duration took{};
};

struct Product {
    std::filesystem::path binary;
    std::filesystem::path directory;  // its working directory
    std::string url;                  // given as --db

    // `pgbelay ARGUMENTS… --db URL` without a terminal, 80 columns wide; standard input is `standard_input`'s contents, or empty.
    // Throws base::Error when it does not end within two minutes.
    ProductRun run(const std::vector<std::string>& arguments, const std::filesystem::path& standard_input = "/dev/null") const;
};

}  // namespace pgbelay::test
