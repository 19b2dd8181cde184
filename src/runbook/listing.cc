#include "runbook/listing.h"

#include "runbook/text.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace pgbelay::runbook {
namespace fs = std::filesystem;
namespace {

// Beyond this a directory is not somebody's migrations but a whole disk.
constexpr int kDeepest = 16;

bool is_sql(const fs::path& path) {
    return to_lower(path.extension().native()) == ".sql";
}

std::vector<fs::path> below(const fs::path& directory, int depth) {
    if (depth > kDeepest) {
        throw file_error("directories are nested too deeply for migrations", directory);
    }
    const Listing listing = list(directory);
    std::vector<fs::path> files = sql_files(listing);
    for (const fs::path& child : listing.directories) {
        const auto deeper = below(child, depth + 1);
        files.insert(files.end(), deeper.begin(), deeper.end());
    }
    return files;
}

}  // namespace

Listing list(const fs::path& directory) {
    Listing listing;
    try {
        for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
            if (entry.path().filename().native().starts_with('.')) {
                continue;
            }
            if (entry.is_directory()) {
                listing.directories.push_back(entry.path());
            } else {
                listing.files.push_back(entry.path());
            }
        }
    } catch (const fs::filesystem_error& e) {
        throw file_error("the directory cannot be read: " + e.code().message(), directory);
    }
    const auto by_name = [](const fs::path& a, const fs::path& b) { return a.filename().native() < b.filename().native(); };
    std::sort(listing.files.begin(), listing.files.end(), by_name);
    std::sort(listing.directories.begin(), listing.directories.end(), by_name);
    return listing;
}

std::vector<fs::path> sql_files(const Listing& listing) {
    std::vector<fs::path> files;
    std::copy_if(listing.files.begin(), listing.files.end(), std::back_inserter(files), is_sql);
    return files;
}

std::vector<fs::path> sql_files_below(const fs::path& directory) {
    return below(directory, 0);
}

base::Error file_error(std::string message, const fs::path& path) {
    return input_error(std::move(message), {path.string(), 0, 0});
}

}  // namespace pgbelay::runbook
