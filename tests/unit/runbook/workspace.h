// A temporary directory with the files of one test.
#pragma once

#include "base/error.h"
#include "runbook/runbook.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::runbook {

class Workspace {
public:
    Workspace() {
        std::string pattern = (std::filesystem::temp_directory_path() / "pgbelay-runbook-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("no temporary directory");
        }
        root_ = pattern;
    }
    ~Workspace() {
        std::error_code ignored;
        std::filesystem::remove_all(root_, ignored);
    }
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    // Writes a file, with its directories; its path.
    std::string write(const std::string& name, std::string_view bytes) const {
        const std::filesystem::path path = root_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << bytes;
        return path.string();
    }
    std::string path(const std::string& name) const { return (root_ / name).string(); }

private:
    std::filesystem::path root_;
};

inline const SqlItem& sql_of(const Runbook& runbook, std::size_t i) {
    return std::get<SqlItem>(runbook.items.at(i).what);
}

inline std::vector<std::string> statements_of(const std::vector<sql::Statement>& statements) {
    std::vector<std::string> result;
    for (const sql::Statement& statement : statements) {
        result.push_back(statement.sql);
    }
    return result;
}

inline std::vector<std::string> names_of(const Runbook& runbook) {
    std::vector<std::string> result;
    for (const Item& item : runbook.items) {
        result.push_back(item.name);
    }
    return result;
}

inline std::vector<std::string> versions_of(const Runbook& runbook) {
    std::vector<std::string> result;
    for (const File& file : runbook.files) {
        result.push_back(file.version);
    }
    return result;
}

inline std::vector<std::string> keys_of(const Runbook& runbook) {
    std::vector<std::string> result;
    for (const File& file : runbook.files) {
        result.push_back(file.key);
    }
    return result;
}

// The error that reading these paths ends with.
inline base::Error error_of(const std::vector<std::string>& paths, const ReadOptions& options = {}) {
    try {
        read(paths, options);
    } catch (const base::Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error from reading " << paths.front();
    return base::Error(base::ErrorCode::internal, "no error");
}

}  // namespace pgbelay::runbook
