// What came of a campaign, counted, and written down where readers look for it.
#pragma once

#include "campaign/trial.h"

#include <filesystem>
#include <map>
#include <string>
#include <utility>

namespace pgbelay::test {

class Summary {
public:
    struct Count {
        int injected = 0;
        int by_itself = 0;  // of the survivors: without a person
        int survived = 0;
        int lost = 0;
    };

    // The trial of an outcome without any fault counts for nothing. A trial with several kills is lost or survived with all of them.
    void add(const std::string& major, Fault fault, const Outcome& outcome);
    Count total() const;
    std::string table() const;  // Markdown

private:
    std::map<std::pair<int, Fault>, Count> counts_;
};

// Replaces what stands between the two marks in the file. Throws std::runtime_error where they are not.
void write_between_marks(const std::filesystem::path& file, const std::string& text);

}  // namespace pgbelay::test
