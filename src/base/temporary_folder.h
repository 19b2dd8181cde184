// A folder of its own for as long as it lives, which nobody else can read; below $TMPDIR.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pgbelay::base {

class TemporaryFolder {
public:
    // `purpose` becomes a part of its name. Throws Error{internal}.
    explicit TemporaryFolder(std::string_view purpose);
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    // The path of a file in it.
    std::string path(const std::string& name) const { return (path_ / name).string(); }
    // Writes the file, and makes the folders that `name` has in front. Returns its path.
    std::string write(const std::string& name, std::string_view bytes) const;

private:
    std::filesystem::path path_;
};

}  // namespace pgbelay::base
