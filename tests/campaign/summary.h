// What came of a campaign, counted, and written down where readers look for it.
#pragma once

#include "campaign/trial.h"

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace pgbelay::test {

// The campaign on one version: when, of what, and how much of it.
struct Campaign {
    std::string major;
    std::string date;
    std::string commit;
    unsigned seed = 0;
    std::size_t boundaries = 0;  // that a deployment passes
    std::string tried;           // at how many of them each fault was: "all", "24"
};

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
    void add(const Campaign& campaign);
    // What an earlier text() says of versions that this one says nothing of.
    void keep(const std::string& earlier);

    Count total() const;
    std::string text() const;  // Markdown

private:
    std::string campaigns() const;
    std::string counts() const;

    std::map<int, std::vector<std::string>> campaigns_;  // the cells of a row, by version
    std::map<std::pair<int, Fault>, Count> counts_;
};

// What stands between the two marks in the file. Throws std::runtime_error where they are not.
std::string between_marks(const std::filesystem::path& file);
// Replaces it.
void write_between_marks(const std::filesystem::path& file, const std::string& text);

}  // namespace pgbelay::test
