#include "engine/signature.h"

#include "base/error.h"
#include "base/file.h"
#include "base/subprocess.h"
#include "base/temporary_folder.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>

namespace pgbelay::engine {
namespace fs = std::filesystem;
namespace {

using base::Error;
using base::ErrorCode;

constexpr const char* kNamespace = "pgbelay";
constexpr std::string_view kBegin = "-----BEGIN SSH SIGNATURE-----";
constexpr std::size_t kLargest = 64 * 1024;
// Whoever has to type a passphrase, or to touch a key, takes his time.
constexpr std::chrono::minutes kSigning{2};
constexpr std::chrono::seconds kVerifying{20};

base::CommandResult ssh_keygen(std::vector<std::string> arguments, const std::string& input, std::chrono::seconds time,
                               const base::StopSignal* stop) {
    base::Command command;
    command.argv = {"ssh-keygen"};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.env = {{"LC_ALL", "C"}};
    command.input_file = input;
    try {
        return base::run_command(command, base::in(time), stop);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::interrupted) {
            throw;
        }
        throw Error(ErrorCode::refused, "ssh-keygen could not be run: " + error.message())
            .hint("install openssh-client, version 8.2 or newer");
    }
}

std::string first_line(const std::string& text) {
    return text.substr(0, text.find('\n'));
}

}  // namespace

std::string signed_head(std::string_view title, const std::vector<std::pair<std::string, std::string>>& fields) {
    std::string head = fmt::format("{}\n", title);
    for (const auto& [name, value] : fields) {
        std::string line = value;
        std::ranges::replace_if(line, [](unsigned char c) { return c < ' '; }, ' ');
        head += fmt::format("{}: {}\n", name, line);
    }
    return head;
}

SignedText read_signed(const std::string& bytes, const std::string& file) {
    const auto not_signed = [&](const char* why) {
        return Error(ErrorCode::input, fmt::format("not a signed text of pgbelay: {}", why)).at({file, 0, 0});
    };
    const std::size_t begin = bytes.size() > kLargest ? std::string::npos : bytes.find(kBegin);
    if (begin == std::string::npos || begin == 0 || bytes[begin - 1] != '\n') {
        throw not_signed("it has no signature");
    }
    SignedText text{.head = bytes.substr(0, begin), .signature = bytes.substr(begin)};
    text.title = first_line(text.head);
    for (std::size_t at = text.title.size() + 1; at < text.head.size();) {
        const std::string line = first_line(text.head.substr(at));
        const std::size_t colon = line.find(": ");
        if (colon == std::string::npos || !text.fields.emplace(line.substr(0, colon), line.substr(colon + 2)).second) {
            throw not_signed("its lines are not names and values, each once");
        }
        at += line.size() + 1;
    }
    return text;
}

std::string sign(const std::string& head, const std::string& key_file, const base::StopSignal* stop) {
    const base::TemporaryFolder folder("sign");
    const std::string message = folder.write("message", head);
    const auto result = ssh_keygen({"-Y", "sign", "-f", key_file, "-n", kNamespace, message}, "", kSigning, stop);
    if (result.status != 0) {
        throw Error(ErrorCode::refused, "it could not be signed: " + first_line(result.err))
            .hint("name a private key, or the public one of a key that the agent holds, with --key");
    }
    return head + base::read_file(message + ".sig");
}

Signer verify(const SignedText& text, const std::string& allowed_signers, const base::StopSignal* stop) {
    if (!fs::exists(allowed_signers)) {
        return {.why = fmt::format("there is no file {}", allowed_signers)};
    }
    const base::TemporaryFolder folder("sign");
    const std::string signature = folder.write("signature", text.signature);
    const std::string message = folder.write("message", text.head);
    const auto found = ssh_keygen({"-Y", "find-principals", "-s", signature, "-f", allowed_signers}, "", kVerifying, stop);
    const std::string principal = first_line(found.out);
    if (found.status != 0 || principal.empty()) {
        return {.why = "its key is not among the allowed signers"};
    }
    const auto result =
        ssh_keygen({"-Y", "verify", "-f", allowed_signers, "-I", principal, "-n", kNamespace, "-s", signature}, message, kVerifying, stop);
    if (result.status != 0) {
        return {.why = "the signature is not good for what it stands under"};
    }
    // Good "pgbelay" signature for alice@example.com with ED25519 key SHA256:…
    const std::string words = first_line(result.out);
    const std::size_t with = words.rfind(" with ");
    return {.principal = principal, .key = with == std::string::npos ? "" : words.substr(with + 6), .why = ""};
}

}  // namespace pgbelay::engine
