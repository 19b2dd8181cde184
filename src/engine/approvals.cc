#include "engine/approvals.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "engine/journal/journal.h"
#include "engine/signature.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <set>

namespace pgbelay::engine {
namespace fs = std::filesystem;

using base::Error;
using base::ErrorCode;

const std::vector<std::string_view> kApprovalRoles = {"prepared", "reviewed", "approved"};

namespace {

constexpr std::string_view kTitle = "pgbelay approval 1";
constexpr std::string_view kEnding = ".approval";

fs::path folder_of(const std::string& runbook_file) {
    return runbook_file + ".approvals";
}

std::string now_in_words() {
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

Approval look_at(const fs::path& file, const std::string& digest, const std::string& allowed_signers, const base::StopSignal* stop) {
    Approval approval{.file = file.string()};
    SignedText text;
    try {
        text = read_signed(base::read_file(file, stop), file.string());
    } catch (const Error& error) {
        if (error.code() == ErrorCode::interrupted) {
            throw;
        }
        approval.why = error.message();
        return approval;
    }
    approval.role = text.fields["as"];
    approval.at = text.fields["at"];
    if (text.title != kTitle) {
        approval.why = "it is no approval, or one of a newer pgbelay";
    } else if (text.fields["digest"] != digest) {
        approval.why = "it is for another digest: the runbook was changed since";
    } else {
        Signer signer = verify(text, allowed_signers, stop);
        approval.principal = std::move(signer.principal);
        approval.key = std::move(signer.key);
        approval.why = std::move(signer.why);
    }
    return approval;
}

// "SHA256:…" of the public keys in the account's ~/.ssh.
std::vector<std::string> own_fingerprints() {
    std::vector<std::string> prints;
    const char* home = std::getenv("HOME");
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(fs::path(home == nullptr ? "/nonexistent" : home) / ".ssh", error)) {
        if (entry.path().extension() != ".pub") {
            continue;
        }
        const auto result =
            base::run_command({.argv = {"ssh-keygen", "-l", "-f", entry.path().string()}}, base::in(std::chrono::seconds(10)), nullptr);
        const std::size_t begin = result.out.find("SHA256:");
        if (result.status == 0 && begin != std::string::npos) {
            prints.push_back(result.out.substr(begin, result.out.find(' ', begin) - begin));
        }
    }
    return prints;
}

}  // namespace

std::string approve(const std::string& runbook_file, const std::string& name, const std::string& digest, const std::string& role,
                    const std::string& key_file, const base::StopSignal* stop) {
    const std::string head = signed_head(kTitle, {{"as", role}, {"digest", digest}, {"runbook", name}, {"at", now_in_words()}});
    const std::string text = sign(head, key_file, stop);
    const fs::path folder = folder_of(runbook_file);
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) {
        throw Error(ErrorCode::input, "cannot be made: " + error.message()).at({folder.string(), 0, 0});
    }
    // One name for each signature: two people's never meet in a merge.
    const fs::path file = folder / fmt::format("{}-{}{}", role, base::sha256(text).substr(0, 12), kEnding);
    base::write_file(file, text);
    // It is to be read by others, and holds no secret.
    fs::permissions(file, fs::perms::group_read | fs::perms::others_read, fs::perm_options::add, error);
    return file.string();
}

std::vector<Approval> read_approvals(const std::string& runbook_file, const std::string& digest, const std::string& allowed_signers,
                                     const base::StopSignal* stop) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder_of(runbook_file), error)) {
        if (entry.path().extension() == kEnding && entry.is_regular_file(error)) {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    std::vector<Approval> approvals;
    for (const fs::path& file : files) {
        approvals.push_back(look_at(file, digest, allowed_signers, stop));
    }
    return approvals;
}

Answer approved(const runbook::Requirement& requirement, const std::string& digest, const base::StopSignal* stop) {
    const std::string& file = requirement.place.file;
    const auto signers = requirement.options.find("allowed_signers");
    const fs::path allowed = signers == requirement.options.end() ? fs::path("allowed_signers") : fs::path(signers->second);
    const bool deployer_may = requirement.options.contains("deployer_may_approve");
    std::set<std::string> people;
    std::vector<std::string> words;
    for (const Approval& approval : read_approvals(file, digest, (fs::path(file).parent_path() / allowed).string(), stop)) {
        if (approval.role != requirement.subject && !approval.role.empty()) {
            continue;
        }
        const std::string name = fs::path(approval.file).filename().string();
        if (approval.principal.empty()) {
            words.push_back(fmt::format("{} does not count: {}", name, approval.why));
        } else if (!deployer_may && is_operator(approval)) {
            words.push_back(fmt::format("{} does not count: who deploys, {}, signed it", name, approval.principal));
        } else if (people.insert(approval.principal).second) {
            words.push_back(fmt::format("{} on {} ({})", approval.principal, approval.at, approval.key));
        }
    }
    const auto wanted = requirement.range.bounds.front().parts.front();
    return {requirement.range.holds(static_cast<std::int64_t>(people.size())),
            words.empty() ? "nobody" : fmt::format("{}", fmt::join(words, "; ")),
            fmt::format("{} more: `pgbelay approve {} --as {}`, then deploy with the folder {}",
                        wanted - static_cast<std::int64_t>(people.size()), file, requirement.subject, folder_of(file).string())};
}

bool is_operator(const Approval& approval) {
    const std::string name = operator_name();
    const std::string user = name.substr(0, name.find('@'));
    if (approval.principal == name || approval.principal.substr(0, approval.principal.find('@')) == user) {
        return true;
    }
    const auto prints = own_fingerprints();
    return std::ranges::any_of(prints, [&](const std::string& print) { return approval.key.find(print) != std::string::npos; });
}

}  // namespace pgbelay::engine
