// docs/runbook.schema.json and the reader of front matter, held against each other: by every example of docs/runbook.md, by what both must
// refuse, and by the keys that both know.
#include "runbook/front_matter.h"
#include "runbook/yaml.h"

#include "base/file.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <regex>
#include <set>

namespace pgbelay::runbook {
namespace {

using nlohmann::json;
using Kind = YamlNode::Kind;

std::string read_source(const std::string& path) {
    return base::read_file(std::string(PGBELAY_SOURCE_DIR) + "/" + path);
}

json schema() {
    return json::parse(read_source("docs/runbook.schema.json"));
}

// As much of JSON Schema as ours uses; an unknown word in it is an error of the test. Scalars of YAML fit each type that they can be read
// as.
class Validator {
public:
    explicit Validator(const json& root) : root_(root) {}

    bool valid(const json& rule, const YamlNode& node) const {
        return std::ranges::all_of(rule.items(), [&](const auto& entry) { return fits(rule, entry.key(), entry.value(), node); });
    }

private:
    bool fits(const json& rule, const std::string& word, const json& value, const YamlNode& node) const {
        if (word == "$ref") {
            return valid(root_.at(json::json_pointer(value.get<std::string>().substr(1))), node);
        }
        if (word == "type") {
            return value.is_array() ? std::ranges::any_of(value, [&](const json& type) { return of_type(type, node); })
                                    : of_type(value, node);
        }
        if (word == "oneOf" || word == "anyOf") {
            const auto n = std::ranges::count_if(value, [&](const json& one) { return valid(one, node); });
            return word == "anyOf" ? n > 0 : n == 1;
        }
        if (word == "enum") {
            return node.kind == Kind::scalar && std::ranges::any_of(value, [&](const json& one) {
                       return node.scalar == (one.is_string() ? one.get<std::string>() : one.dump());
                   });
        }
        if (word == "pattern") {
            return node.kind != Kind::scalar || std::regex_search(node.scalar, std::regex(value.get<std::string>()));
        }
        if (word == "minLength") {
            return node.kind != Kind::scalar || node.scalar.size() >= value.get<std::size_t>();
        }
        if (word == "minimum" || word == "maximum") {
            if (!of_type("number", node)) {
                return true;
            }
            const double number = std::stod(node.scalar);
            return word == "minimum" ? number >= value.get<double>() : number <= value.get<double>();
        }
        if (word == "items") {
            return std::ranges::all_of(node.sequence, [&](const YamlNode& item) { return valid(value, item); });
        }
        if (word == "minItems") {
            return node.kind != Kind::sequence || node.sequence.size() >= value.get<std::size_t>();
        }
        if (word == "required") {
            return std::ranges::all_of(value, [&](const json& key) { return node.find(key.get<std::string>()) != nullptr; });
        }
        if (word == "properties" || word == "additionalProperties") {
            return word == "properties" || properties_fit(rule, node);
        }
        EXPECT_TRUE(word == "$schema" || word == "title" || word == "description" || word == "definitions") << word;
        return true;
    }

    bool properties_fit(const json& rule, const YamlNode& node) const {
        const json& others = rule.at("additionalProperties");
        return std::ranges::all_of(node.map, [&](const auto& entry) {
            const bool known = rule.contains("properties") && rule.at("properties").contains(entry.first.scalar);
            if (known) {
                return valid(rule.at("properties").at(entry.first.scalar), entry.second);
            }
            return !others.is_boolean() && valid(others, entry.second);
        });
    }

    static bool of_type(const json& type, const YamlNode& node) {
        if (type == "object") {
            return node.kind == Kind::map;
        }
        if (type == "array") {
            return node.kind == Kind::sequence;
        }
        if (node.kind != Kind::scalar) {
            return false;
        }
        if (type == "boolean") {
            return node.scalar == "true" || node.scalar == "false";
        }
        if (type == "integer" || type == "number") {
            return std::regex_match(node.scalar, std::regex(type == "integer" ? "-?[0-9]+" : "-?[0-9]+(\\.[0-9]+)?"));
        }
        return type == "string";
    }

    const json& root_;
};

bool schema_accepts(const std::string& yaml) {
    const json root = schema();
    return Validator(root).valid(root, parse_yaml(yaml, "example", 1));
}

// "" or the reader's error.
std::string reader_says(const std::string& yaml) {
    try {
        read_front_matter({.yaml = yaml}, "example", [](const std::string&) { return std::optional<std::string>("https://x"); });
    } catch (const base::Error& error) {
        return fmt::format("{} ({})", error.what(), error.hint());
    }
    return "";
}

// The yaml fences of docs/runbook.md, each as a front matter.
std::vector<std::string> examples() {
    const std::string text = read_source("docs/runbook.md");
    constexpr std::string_view kBegin = "\n```yaml\n";
    std::vector<std::string> found;
    for (std::size_t at = text.find(kBegin); at != std::string::npos; at = text.find(kBegin, at)) {
        at += kBegin.size();
        const std::string yaml = text.substr(at, text.find("\n```", at) + 1 - at);
        found.push_back(yaml.find("pgbelay: 1") == std::string::npos ? "pgbelay: 1\n" + yaml : yaml);
    }
    return found;
}

TEST(Schema, AcceptsTheExamplesThatTheReaderAccepts) {
    const auto found = examples();
    EXPECT_GE(found.size(), 6U);
    for (const std::string& yaml : found) {
        EXPECT_TRUE(schema_accepts(yaml)) << yaml;
        EXPECT_EQ(reader_says(yaml), "") << yaml;
    }
    for (const std::string yaml :
         {"replicas: [a, b]", "replicas: { production: a, staging: [b, c] }", "limits: { hold: 2s, tiny: 8 MB, jobs: 4 }",
          "blockers: terminate:1min,dumps", "require: { no_invalid_indexes: false, extensions: [citext] }",
          "require: { postgres: 15, connections: \"<10\", database: \"${DB}\" }", "limits: { statement_timeout: 0 }",
          "limits: { rollbacks_per_second: 0.5, blocked_sessions: 3 }", "require: { disk_free: { ask: df } }",
          "require: { after: [a, b], approvals: { prepared: 2 }, deployer_may_approve: true }", "window: Sat 00:00-24:00 UTC",
          "notify: { command: logger, events: resume }", "limits: { lock_waiters: 10:pause, blocked_by_us: { max: 3, samples: 5 } }",
          "limits: { rollbacks_per_second: 3x:abort, deadlocks_per_second: { max: 0.5, action: rollback, samples: 1 } }",
          "limits: { replication_lag: 10s:rollback, replication_lag_bytes: 64MB, active_sessions: 1.5x, oldest_transaction: 3x }",
          "limits: { run_time: 30min:abort, step_time: { max: 5min, action: rollback } }"}) {
        EXPECT_TRUE(schema_accepts("pgbelay: 1\n" + yaml + "\n")) << yaml;
        EXPECT_EQ(reader_says("pgbelay: 1\n" + yaml + "\n"), "") << yaml;
    }
}

TEST(Schema, RefusesWhatTheReaderRefuses) {
    EXPECT_FALSE(schema_accepts("name: x\n"));
    for (const std::string yaml : {"limit: {}",
                                   "limits: { hold: 5 }",
                                   "limits: { jobs: 0 }",
                                   "limits: { jobs: 65 }",
                                   "limits: { tiny: 8X }",
                                   "limits: { hold: [1s] }",
                                   "limits: { lock_waiters: 10:stop }",
                                   "limits: { lock_waiters: -1 }",
                                   "limits: { lock_waiters: { action: abort } }",
                                   "limits: { lock_waiters: { max: 10, after: 5 } }",
                                   "limits: { lock_waiters: { max: 10, samples: 0 } }",
                                   "limits: { run_time: 30min:pause }",
                                   "limits: { run_time: 3x }",
                                   "limits: { step_time: { max: 5min, action: pause } }",
                                   "limits: { step_time: { max: 5min, samples: 2 } }",
                                   "limits: { replication_lag: 10 }",
                                   "on_breach: stop",
                                   "blockers: kill",
                                   "replicas: \"\"",
                                   "targets: { a: \"\" }",
                                   "targets: [a]",
                                   "require: 13",
                                   "require: { postgre: 13 }",
                                   "require: { postgres: new }",
                                   "require: { connections: \">5\" }",
                                   "require: { rows: 5 }",
                                   "require: { rows: { t: many } }",
                                   "require: { database: [] }",
                                   "require: { tables: { a: b } }",
                                   "require: { no_invalid_indexes: maybe }",
                                   "require: { replication_lag: 5 }",
                                   "require: { disk_free: 10GB }",
                                   "require: { disk_free: { keep: 1GB } }",
                                   "require: { disk_free: { ask: df, available: 1GB } }",
                                   "require: { disk_free: { ask: du } }",
                                   "require: { approvals: { approved: 0 } }",
                                   "require: { approvals: { seen: 1 } }",
                                   "window: 02:00-04:00",
                                   "window: []",
                                   "window: always",
                                   "notify: { slack: ftp://x }",
                                   "notify: { events: [end] }",
                                   "notify: { url: http://x, command: x }",
                                   "notify: { url: http://x, events: [all] }",
                                   "notify: { command: [] }"}) {
        EXPECT_FALSE(schema_accepts("pgbelay: 1\n" + yaml + "\n")) << yaml;
        EXPECT_NE(reader_says("pgbelay: 1\n" + yaml + "\n"), "") << yaml;
    }
}

std::set<std::string> keys_of(const json& object) {
    std::set<std::string> keys;
    for (const auto& entry : object.at("properties").items()) {
        keys.insert(entry.key());
    }
    return keys;
}

// The keys that the reader names when it meets one that it does not know.
std::set<std::string> keys_that_the_reader_knows(const std::string& yaml) {
    const std::string said = reader_says("pgbelay: 1\n" + yaml);
    const std::size_t begin = said.find("known are ");
    EXPECT_NE(begin, std::string::npos) << said;
    std::set<std::string> keys;
    const std::regex word("[a-z_]+");
    const std::string list = said.substr(begin + 10);
    for (auto key = std::sregex_iterator(list.begin(), list.end(), word); key != std::sregex_iterator(); ++key) {
        keys.insert(key->str());
    }
    return keys;
}

TEST(Schema, KnowsTheKeysThatTheReaderKnows) {
    const json root = schema();
    EXPECT_EQ(keys_of(root), keys_that_the_reader_knows("zzz: 1\n"));
    EXPECT_EQ(keys_of(root["properties"]["limits"]), keys_that_the_reader_knows("limits: { zzz: 1 }\n"));
    EXPECT_EQ(keys_of(root["properties"]["require"]), keys_that_the_reader_knows("require: { zzz: 1 }\n"));
    EXPECT_EQ(keys_of(root["definitions"]["notification"]), keys_that_the_reader_knows("notify: { zzz: 1 }\n"));
}

}  // namespace
}  // namespace pgbelay::runbook
