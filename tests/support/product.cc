#include "support/product.h"

#include "base/subprocess.h"

#include <chrono>

namespace pgbelay::test {

ProductRun Product::run(const std::vector<std::string>& arguments, const std::filesystem::path& standard_input) const {
    base::Command command;
    // The shell is here only to open standard input; the arguments pass through it untouched.
    command.argv = {"/bin/sh", "-c", R"(input=$1; shift; exec "$@" <"$input")", "sh", standard_input.string(), binary.string()};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.argv.insert(command.argv.end(), {"--db", url});
    command.env = {{"COLUMNS", "80"}, {"TZ", "UTC"}, {"LC_ALL", "C.UTF-8"}, {"NO_COLOR", "1"}};
    command.working_directory = directory.string();

    const auto began = base::Clock::now();
    const auto result = base::run_command(command, base::in(std::chrono::minutes(2)), nullptr);
    return {.status = result.status, .out = result.out, .err = result.err, .took = base::Clock::now() - began};
}

}  // namespace pgbelay::test
