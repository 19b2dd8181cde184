#include "engine/receipt.h"

#include "base/error.h"
#include "base/file.h"
#include "engine/likeness.h"
#include "engine/signature.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <filesystem>
#include <map>

namespace pgbelay::engine {
namespace fs = std::filesystem;

using base::Error;
using base::ErrorCode;

namespace {

constexpr std::string_view kTitle = "pgbelay receipt 1";
constexpr std::string_view kExtension = "extension ";

// Each extension is a field of its own: its name may hold whatever an identifier may.
Likeness likeness_in(const SignedText& text) {
    Likeness likeness;
    for (const auto& [name, value] : text.fields) {
        if (name == "postgres") {
            likeness.version = value;
        } else if (name.starts_with(kExtension)) {
            likeness.extensions.emplace(name.substr(kExtension.size()), value);
        }
    }
    return likeness;
}

}  // namespace

std::string receipt_of(Target& target, const RunRecord& run, const std::string& key_file) {
    if (run.kind != "deploy" || run.state != "deployed" || !run.verified) {
        throw Error(ErrorCode::refused, fmt::format("run {} is a {} that is {}: there is nothing to give a receipt for", run.id, run.kind,
                                                    run.state == "deployed" ? "not verified" : run.state))
            .hint("a receipt says that a deployment is done and verified; see `pgbelay history`");
    }
    std::vector<std::pair<std::string, std::string>> fields{
        {"name", run.name},        {"digest", run.digest},        {"run", std::to_string(run.id)}, {"target", target.describe()},
        {"by", run.operator_name}, {"finished", run.finished_at},
    };
    const Likeness likeness = likeness_of(target);
    fields.emplace_back("postgres", likeness.version);
    for (const auto& [name, version] : likeness.extensions) {
        fields.emplace_back(fmt::format("{}{}", kExtension, name), version);
    }
    return sign(signed_head(kTitle, fields), key_file, target.stop());
}

Answer shown_by_receipt(Target& target, const std::string& digest, const runbook::Requirement& requirement) {
    const fs::path folder = fs::path(requirement.place.file).parent_path();
    const std::string file = (folder / requirement.options.at("receipt")).string();
    const std::string way_out = fmt::format("on {}: pgbelay report --receipt {}", requirement.subject, fs::path(file).filename().string());
    if (!fs::exists(file)) {
        return {false, fmt::format("there is no receipt {}", file), way_out};
    }
    SignedText text;
    try {
        text = read_signed(base::read_file(file, target.stop()), file);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::interrupted) {
            throw;
        }
        return {false, fmt::format("{}: {}", file, error.message()), way_out};
    }
    if (text.title != kTitle) {
        return {false, fmt::format("{} is no receipt, or one of a newer pgbelay", file), way_out};
    }
    const auto signers = requirement.options.find("allowed_signers");
    const fs::path allowed = signers == requirement.options.end() ? "allowed_signers" : signers->second;
    const Signer signer = verify(text, (folder / allowed).string(), target.stop());
    if (signer.principal.empty()) {
        return {false, fmt::format("{} does not count: {}", file, signer.why), way_out};
    }
    if (text.fields["digest"] != digest) {
        return {false,
                fmt::format("not this digest: run {} deployed {:.12} there, and this is {:.12}", text.fields["run"], text.fields["digest"],
                            digest),
                way_out};
    }
    const std::string differs = differences(likeness_of(target), likeness_in(text));
    return {true,
            fmt::format("run {} on {}, by {} on {}, as {} has signed{}", text.fields["run"], text.fields["target"], text.fields["by"],
                        text.fields["finished"], signer.principal, differs.empty() ? "" : "; " + differs),
            ""};
}

}  // namespace pgbelay::engine
