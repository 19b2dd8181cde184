#include "engine/ledger.h"

#include "pg/catalog_loader.h"
#include "plan/session.h"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>

namespace pgbelay::engine {

using base::Error;
using base::ErrorCode;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

// A file that is there must be the one that was run; `same_for_tool` is what the checksum in its tool's ledger says.
void refuse_changed(const runbook::File& file, const DeployedFile* record, bool same_for_tool) {
    const bool same_for_us = record == nullptr || record->digest == file.digest;
    if (same_for_us && same_for_tool) {
        return;
    }
    const std::string tool(runbook::to_string(file.layout));
    Error error(ErrorCode::conflict, same_for_us
                                         ? fmt::format("{} changed after it was deployed: {} has another checksum of it", file.path, tool)
                                         : fmt::format("{} changed after it was {} on {}", file.path, record->how, record->at));
    error.at({file.path, 0, 0}).hint("put the change into a new file; what was deployed is not run again");
    if (!same_for_us) {
        error.detail(difference(record->text, file.text));
    }
    throw error;
}

}  // namespace

// What both begin and end with is the same; between them everything is shown as taken out and put in.
std::string difference(const std::string& before, const std::string& after) {
    constexpr std::size_t kMost = 20;
    const auto a = lines_of(before);
    const auto b = lines_of(after);
    const std::size_t shorter = std::min(a.size(), b.size());
    std::size_t head = 0;
    while (head < shorter && a[head] == b[head]) {
        ++head;
    }
    std::size_t tail = 0;
    while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) {
        ++tail;
    }
    std::string text;
    std::size_t shown = 0;
    const auto show = [&](char sign, const std::vector<std::string>& lines) {
        for (std::size_t i = head; i < lines.size() - tail && shown < kMost; ++i, ++shown) {
            text += fmt::format("{}{} {}", text.empty() ? "" : "\n", sign, lines[i]);
        }
    };
    show('-', a);
    show('+', b);
    return text;
}

std::set<runbook::Layout> layouts(const plan::Plan& plan) {
    std::set<runbook::Layout> layouts;
    for (const auto& file : plan.files) {
        layouts.insert(file.layout);
    }
    return layouts;
}

Ledger::Ledger(Target& target, const std::set<runbook::Layout>& layouts) : target_(target) {
    const auto schemas = plan::split_path(target.control().default_search_path(), target.facts().role);
    for (const auto layout : layouts) {
        if (auto ledger = ToolLedger::find(target.control(), layout, schemas); ledger) {
            tools_.emplace(layout, std::move(*ledger));
        }
    }
}

Ledger::Histories Ledger::histories() {
    Histories histories;
    for (const auto& [layout, tool] : tools_) {
        histories[layout] = tool.history(target_.control());
    }
    return histories;
}

Ledger::Pending Ledger::pending(const runbook::Runbook& runbook) {
    std::vector<std::string> keys;
    for (const auto& file : runbook.files) {
        keys.push_back(file.key);
    }
    const bool journal = journal_state(target_.control()).journal;
    Journal reader(target_.control());
    const auto ours = journal ? reader.files(keys) : std::map<std::string, DeployedFile>{};
    Histories said = histories();
    Pending result;
    bool some_ledger = journal && reader.knows_any_file();
    std::map<runbook::Layout, std::vector<const runbook::File*>> of_tool;
    for (const auto& file : runbook.files) {
        const auto known = ours.find(file.key);
        const DeployedFile* record = known == ours.end() ? nullptr : &known->second;
        const auto tool = tools_.find(file.layout);
        // The tool's word counts: what it undid by itself is pending, whatever the journal remembers.
        const bool there = tool != tools_.end() ? tool->second.has(said[file.layout], file.version) : record != nullptr;
        if (there) {
            refuse_changed(file, record, tool == tools_.end() || tool->second.unchanged(said[file.layout], file));
            result.deployed.insert(file.key);
            result.deployed_paths.push_back(file.path);
        } else if (tool != tools_.end() && !tool->second.writable) {
            throw tool->second.no_right("write to");
        }
        if (tool != tools_.end()) {
            some_ledger = true;
            of_tool[file.layout].push_back(&file);
        }
    }
    for (const auto& [layout, files] : of_tool) {
        if (runbook.from_directory) {
            tools_.at(layout).refuse_gaps(said[layout], files);
        }
    }
    if (runbook.from_directory && !some_ledger && pg::has_user_objects(target_.control())) {
        throw Error(ErrorCode::refused,
                    fmt::format("database {} is not empty, and nothing says which of these files it already has", target_.facts().database))
            .hint("record them with `pgbelay mark PATH --db …`, then deploy the directory");
    }
    return result;
}

Also Ledger::deployed(const Journal& journal, const RunKey& key, const plan::PlannedFile& file) const {
    Also pieces;
    if (!file.key.empty()) {
        pieces.push_back(journal.file_deployed(file, key, "deployed"));
    }
    if (const auto tool = tools_.find(file.layout); tool != tools_.end()) {
        pieces.push_back(tool->second.insert(file));
    }
    return pieces;
}

Also Ledger::marked(const Journal& journal, const RunKey& key, const plan::PlannedFile& file, const Histories& histories) const {
    Also pieces{journal.file_deployed(file, key, "marked")};
    if (const auto tool = tools_.find(file.layout); tool != tools_.end() && !tool->second.has(histories.at(file.layout), file.version)) {
        pieces.push_back(tool->second.insert(file));
    }
    return pieces;
}

Also Ledger::undeployed(const Journal& journal, const plan::PlannedFile& file) const {
    Also pieces{journal.forget_file(file.key)};
    if (const auto tool = tools_.find(file.layout); tool != tools_.end()) {
        pieces.push_back(tool->second.remove(file));
    }
    return pieces;
}

}  // namespace pgbelay::engine
