// Takes the arguments over from the process, so that no other process reads a secret in its title.
#pragma once

#include <string>
#include <vector>

namespace pgbelay::cli {

// Copies the arguments without the program's name, then overwrites the values of --db (in every spelling), --replica and --set in place:
// `ps` and /proc/PID/cmdline show asterisks. What stands after `--` is left alone.
std::vector<std::string> take_words(int argc, char** argv);

}  // namespace pgbelay::cli
