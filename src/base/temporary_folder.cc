#include "base/temporary_folder.h"

#include "base/error.h"
#include "base/file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace pgbelay::base {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder(std::string_view purpose) {
    std::string pattern = (fs::temp_directory_path() / fmt::format("pgbelay-{}-XXXXXX", purpose)).string();
    if (mkdtemp(pattern.data()) == nullptr) {
        throw Error(ErrorCode::internal, fmt::format("no temporary directory {}: {}", pattern, std::strerror(errno)));
    }
    path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string TemporaryFolder::write(const std::string& name, std::string_view bytes) const {
    fs::create_directories((path_ / name).parent_path());
    write_file(path_ / name, bytes);
    return path(name);
}

}  // namespace pgbelay::base
