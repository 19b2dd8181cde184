// Texts signed with the SSH keys that people have already: approvals and receipts. `ssh-keygen` does the signing and the verifying.
#pragma once

#include "base/wait.h"

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pgbelay::engine {

// Lines "name: value" under a title, and the signature over them as ssh-keygen armours it.
struct SignedText {
    std::string title;                          // "pgbelay approval 1"
    std::map<std::string, std::string> fields;  // "digest" -> "3f2a…"
    std::string head;                           // the bytes that were signed
    std::string signature;
};

// The head of such a text. Values are put on one line.
std::string signed_head(std::string_view title, const std::vector<std::pair<std::string, std::string>>& fields);

// Throws Error{input} that names `file` when it is none.
SignedText read_signed(const std::string& bytes, const std::string& file);

// The head with its signature. Asks for a passphrase at the terminal where the key has one and no agent knows it. Throws Error{refused}.
std::string sign(const std::string& head, const std::string& key_file, const base::StopSignal* stop);

// Who signed it, of those that the file of allowed signers knows.
struct Signer {
    std::string principal;  // "alice@example.com"; "" when nobody of them did
    std::string key;        // "ED25519 SHA256:…"
    std::string why;        // why it is nobody's, for people
};
Signer verify(const SignedText& text, const std::string& allowed_signers, const base::StopSignal* stop);

}  // namespace pgbelay::engine
