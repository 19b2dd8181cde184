#include "case_runner/case.h"

#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <span>
#include <sstream>
#include <stdexcept>

namespace pgbelay::test {

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kDefaultVersions{"15", "13", "14", "16", "17", "18"};

void only_keys(const YAML::Node& node, const std::set<std::string>& known) {
    for (const auto& entry : node) {
        if (const auto key = entry.first.as<std::string>(); !known.contains(key)) {
            throw std::runtime_error(fmt::format("unknown key {}", key));
        }
    }
}

template <typename T>
T value_or(const YAML::Node& node, T fallback) {
    return node ? node.as<T>() : fallback;
}

std::optional<base::Millis> duration(const YAML::Node& node) {
    if (!node) {
        return std::nullopt;
    }
    const auto parsed = base::parse_duration(node.as<std::string>());
    if (!parsed) {
        throw std::runtime_error(fmt::format("{} is not a duration", node.as<std::string>()));
    }
    return parsed;
}

Action read_action(const YAML::Node& node) {
    only_keys(node, {"run", "sql", "copy", "exit", "expect", "mentions"});
    Action action;
    if (node["run"]) {
        action.argument = node["run"].as<std::string>();
    } else if (node["sql"]) {
        action.what = Action::What::sql;
        action.argument = node["sql"].as<std::string>();
    } else if (node["copy"]) {
        action.what = Action::What::copy;
        action.argument = node["copy"].as<std::string>();
    } else {
        throw std::runtime_error("an action needs run, sql or copy");
    }
    action.exit = value_or(node["exit"], 0);
    action.expect = value_or<std::string>(node["expect"], "");
    action.mentions = value_or<std::vector<std::string>>(node["mentions"], {});
    return action;
}

std::vector<Action> read_actions(const YAML::Node& nodes) {
    std::vector<Action> actions;
    for (const auto& node : nodes) {
        actions.push_back(read_action(node));
    }
    return actions;
}

// Where deploy/ holds one file, that is what is deployed.
std::vector<std::string> only_file(const fs::path& directory) {
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(directory / "deploy")) {
        files.push_back("deploy/" + entry.path().filename().string());
    }
    if (files.size() != 1) {
        throw std::runtime_error(fmt::format("deploy/ holds {} entries: name the paths", files.size()));
    }
    return files;
}

Case parse(const fs::path& directory) {
    const YAML::Node yaml = YAML::LoadFile((directory / "case.yaml").string());
    only_keys(yaml, {"why", "versions", "fixture", "role", "paths", "options", "deploy_options", "stdin", "setup", "then", "exit",
                     "rollback_exit", "rollback", "transcript", "mentions", "release_after", "longest_wait", "not_by_hand"});
    if (!yaml["why"]) {
        throw std::runtime_error("say why in one sentence");
    }
    Case one;
    one.name = directory.filename().string();
    one.directory = directory;
    one.why = yaml["why"].as<std::string>();
    one.versions = value_or(yaml["versions"], kDefaultVersions);
    one.fixture = value_or<std::string>(yaml["fixture"], "shop");
    one.role = value_or<std::string>(yaml["role"], "postgres");
    one.paths = yaml["paths"] ? yaml["paths"].as<std::vector<std::string>>() : only_file(directory);
    one.options = value_or<std::vector<std::string>>(yaml["options"], {});
    one.deploy_options = value_or<std::vector<std::string>>(yaml["deploy_options"], {});
    one.standard_input = value_or<std::string>(yaml["stdin"], "");
    one.setup = read_actions(yaml["setup"]);
    one.then = read_actions(yaml["then"]);
    one.exit = value_or(yaml["exit"], 0);
    if (one.exit == 0 && value_or(yaml["rollback"], true)) {
        one.rollback_exit = value_or(yaml["rollback_exit"], 0);
    }
    one.transcript = value_or(yaml["transcript"], one.exit != 0);
    one.mentions = value_or<std::vector<std::string>>(yaml["mentions"], {});
    one.release_after = duration(yaml["release_after"]);
    one.longest_wait = duration(yaml["longest_wait"]);
    one.not_by_hand = value_or<std::string>(yaml["not_by_hand"], "");
    return one;
}

std::string contents(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush()) {
        throw std::runtime_error(fmt::format("cannot write {}", file.string()));
    }
}

// The first of these places that has it.
std::string read_from(std::span<const fs::path> places, const std::string& name) {
    const auto found = std::ranges::find_if(places, [&](const fs::path& place) { return fs::exists(place / name); });
    return found == places.end() ? "" : contents(*found / name);
}

}  // namespace

Case read_case(const fs::path& directory) {
    try {
        return parse(directory);
    } catch (const std::exception& error) {
        throw std::runtime_error(fmt::format("{}: {}", directory.filename().string(), error.what()));
    }
}

std::vector<Case> read_cases(const fs::path& root) {
    std::vector<Case> cases;
    for (const auto& entry : fs::directory_iterator(root)) {
        if (fs::exists(entry.path() / "case.yaml")) {
            cases.push_back(read_case(entry.path()));
        }
    }
    std::ranges::sort(cases, {}, &Case::name);
    return cases;
}

Expectations::Expectations(const Case& one, const std::string& major) {
    const fs::path directory = one.directory / "expect";
    const int own = std::stoi(major);
    const int owner = std::stoi(one.versions.front());
    const int towards_owner = own < owner ? 1 : -1;
    for (int version = own; version != owner; version += towards_owner) {
        places_.push_back(directory / std::to_string(version));
    }
    places_.push_back(directory);
}

std::string Expectations::read(const std::string& name) const {
    return read_from(places_, name);
}

void Expectations::accept(const std::string& name, const std::string& text) const {
    const fs::path file = places_.front() / name;
    if (text != read_from(std::span(places_).subspan(1), name)) {
        write(file, text);
    } else {
        fs::remove(file);
    }
}

}  // namespace pgbelay::test
