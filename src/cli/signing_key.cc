#include "cli/signing_key.h"

#include "base/error.h"

#include <cstdlib>
#include <filesystem>

namespace pgbelay::cli {

std::string signing_key(const std::string& given) {
    if (!given.empty()) {
        return given;
    }
    const char* home = std::getenv("HOME");
    for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
        const auto path = std::filesystem::path(home == nullptr ? "/nonexistent" : home) / ".ssh" / name;
        if (std::filesystem::exists(path)) {
            return path.string();
        }
    }
    throw base::Error(base::ErrorCode::usage, "this account has no SSH key").hint("name one with --key, or make one with ssh-keygen");
}

}  // namespace pgbelay::cli
