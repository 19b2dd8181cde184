#include "runbook/requirements.h"

#include "runbook/text.h"
#include "runbook/values.h"

#include <optional>

namespace pgbelay::runbook {
namespace {

using Kind = Requirement::Kind;

constexpr std::string_view kAny = "any";

// A relation or a column as in SQL: parts with '.' between them, folded to lower case unless in double quotes. Nothing for no name.
std::vector<std::string> name_parts(std::string_view text) {
    std::vector<std::string> parts;
    for (;;) {
        std::string part;
        if (text.starts_with('"')) {
            text.remove_prefix(1);
            for (;; text.remove_prefix(1)) {
                const std::size_t quote = text.find('"');
                if (quote == std::string_view::npos) {
                    return {};
                }
                part += text.substr(0, quote);
                text.remove_prefix(quote + 1);
                if (!text.starts_with('"')) {
                    break;
                }
                part += '"';
            }
        } else {
            const std::string_view bare = text.substr(0, text.find('.'));
            if (bare.find_first_of("\" \t") != std::string_view::npos) {
                return {};
            }
            part = to_lower(bare);
            text.remove_prefix(bare.size());
        }
        if (part.empty() || (!text.empty() && text.front() != '.')) {
            return {};
        }
        parts.push_back(std::move(part));
        if (text.empty()) {
            return parts;
        }
        text.remove_prefix(1);
    }
}

// Reads the keys of `require` one by one.
class Reader {
public:
    explicit Reader(const Environment& environment) : environment_(environment) {}

    std::vector<Requirement> read(const YamlNode& node) {
        require_map(node, "require", "require: { postgres: \">=13\" }");
        using Read = std::pair<std::string_view, std::function<void(const YamlNode&)>>;
        const auto one_of = [this](Kind kind, std::string_view key) { return [=, this](const YamlNode& v) { read_any_of(kind, key, v); }; };
        const auto range = [this](Kind kind, std::string_view key) { return [=, this](const YamlNode& v) { read_range(kind, key, v); }; };
        const auto names = [this](Kind kind, std::string_view key) { return [=, this](const YamlNode& v) { read_names(kind, key, v); }; };
        const auto subject = [this](Kind kind, std::string_view key, std::string_view of_each = "") {
            return [=, this](const YamlNode& v) { read_subjects(kind, key, of_each, v); };
        };
        const auto time = [this](Kind kind, std::string_view key) { return [=, this](const YamlNode& v) { read_time(kind, key, v); }; };
        const std::array<Read, 21> readers = {
            Read{"postgres", range(Kind::postgres, "postgres")},
            Read{"database", one_of(Kind::database, "database")},
            Read{"host", one_of(Kind::host, "host")},
            Read{"extensions", [this](const YamlNode& v) { read_extensions(v); }},
            Read{"tables", names(Kind::table, "tables")},
            Read{"columns", names(Kind::column, "columns")},
            Read{"no_relations", names(Kind::no_relation, "no_relations")},
            Read{"no_columns", names(Kind::no_column, "no_columns")},
            Read{"rows", [this](const YamlNode& v) { read_rows(v); }},
            Read{"no_invalid_indexes", [this](const YamlNode& v) { read_no_invalid_indexes(v); }},
            Read{"oldest_prepared_transaction", time(Kind::oldest_prepared, "oldest_prepared_transaction")},
            Read{"oldest_idle_in_transaction", time(Kind::oldest_idle, "oldest_idle_in_transaction")},
            Read{"connections", range(Kind::connections, "connections")},
            Read{"replication_lag", time(Kind::replication_lag, "replication_lag")},
            Read{"deployed_on", subject(Kind::deployed_on, "deployed_on", "receipt")},
            Read{"after", subject(Kind::after, "after", "value")},
            Read{"same_as", subject(Kind::same_as, "same_as")},
            Read{"disk_free", [this](const YamlNode& v) { read_disk_free(v); }},
            Read{"approvals", [this](const YamlNode& v) { read_approvals(v); }},
            Read{"allowed_signers", [this](const YamlNode& v) { approval_option("allowed_signers", v); }},
            Read{"deployer_may_approve", [this](const YamlNode& v) { approval_option("deployer_may_approve", v); }},
        };
        read_keys(node, "require", readers);
        settle_approvals();
        return std::move(requirements_);
    }

private:
    // The requirement without its value, which is expanded: nothing when a variable in it is not set.
    std::optional<std::string> begin(Kind kind, std::string key, const YamlNode& value) {
        const std::string& written = scalar(value, key);
        Expanded expanded = expand(written, environment_, key, value.place);
        requirements_.push_back({.kind = kind, .place = value.place, .key = std::move(key), .written = written});
        requirements_.back().missing = std::move(expanded.missing);
        return requirements_.back().missing.empty() ? std::optional(std::move(expanded.text)) : std::nullopt;
    }

    // Says what the author wrote, never what a variable holds.
    base::Error not_a(std::string_view what) const {
        const Requirement& current = requirements_.back();
        return input_error(fmt::format("{} is \"{}\", which is not {}", current.key, current.written, what), current.place);
    }

    void take_range(const std::string& text, std::string_view example) {
        auto range = parse_range(text);
        if (!range) {
            throw not_a("a range").hint(fmt::format("such as {}", example));
        }
        requirements_.back().range = std::move(*range);
    }

    void read_range(Kind kind, std::string_view key, const YamlNode& value) {
        const bool connections = kind == Kind::connections;
        const std::string_view example = connections ? "\"<80%\" or \"<200 <80%\"" : "\">=13\" or \">=14 <18\"";
        const auto text = begin(kind, std::string(key), value);
        if (!text) {
            return;
        }
        take_range(*text, example);
        for (const Range::Bound& bound : requirements_.back().range.bounds) {
            if (bound.percent && !connections) {
                throw not_a("a range of versions").hint(fmt::format("such as {}", example));
            }
            if (connections && (bound.parts.size() != 1 || (bound.op != Range::Operator::less && bound.op != Range::Operator::at_most))) {
                throw not_a("an upper bound").hint(fmt::format("such as {}", example));
            }
        }
    }

    void read_any_of(Kind kind, std::string_view key, const YamlNode& value) {
        if (value.kind != YamlNode::Kind::sequence) {
            if (auto text = begin(kind, std::string(key), value)) {
                requirements_.back().any_of = {std::move(*text)};
            }
            return;
        }
        Requirement whole{.kind = kind, .place = value.place, .key = std::string(key)};
        for (const YamlNode& item : value.sequence) {
            auto text = begin(kind, std::string(key), item);
            whole.written += (whole.written.empty() ? "" : ", ") + item.scalar;
            if (text) {
                whole.any_of.push_back(std::move(*text));
            } else {
                whole.missing = requirements_.back().missing;
            }
            requirements_.pop_back();
        }
        if (value.sequence.empty()) {
            throw input_error(fmt::format("{} names nothing", key), value.place).hint("give one name, or a list of those that will do");
        }
        requirements_.push_back(std::move(whole));
    }

    void read_time(Kind kind, std::string_view key, const YamlNode& value) {
        const auto text = begin(kind, std::string(key), value);
        if (!text) {
            return;
        }
        const auto time = base::parse_duration(*text);
        if (!time || all_digits(*text)) {
            throw not_a("a time").hint("write it with its unit, such as 30s or 5min");
        }
        requirements_.back().time = *time;
    }

    void read_no_invalid_indexes(const YamlNode& value) {
        const auto text = begin(Kind::invalid_indexes, "no_invalid_indexes", value);
        if (!text) {
            return;
        }
        if (*text == "false") {
            requirements_.pop_back();
        } else if (*text != "true") {
            throw not_a("true or false");
        }
    }

    // One name, or a list of those that are all needed.
    // A name, a list of names, or, where each may have something that is wanted of it, a map from name to that.
    void read_subjects(Kind kind, std::string_view key, std::string_view of_each, const YamlNode& node) {
        if (node.kind == YamlNode::Kind::map && !of_each.empty()) {
            for (const auto& [name, wanted] : node.map) {
                add_subject(kind, key, name);
                Requirement& requirement = requirements_.back();
                requirement.options[std::string(of_each)] = scalar(wanted, fmt::format("{}.{}", key, name.scalar));
                requirement.written += fmt::format(" ({})", wanted.scalar);
                if (kind == Kind::after && !is_recorded_value(wanted.scalar)) {
                    throw input_error(fmt::format("\"{}\" is no recorded value", wanted.scalar), wanted.place)
                        .hint("write RECORD.COLUMN, such as backup.id for a check with record=backup that selects id");
                }
            }
            return;
        }
        for (const YamlNode& value : node.kind == YamlNode::Kind::sequence ? node.sequence : std::vector<YamlNode>{node}) {
            add_subject(kind, key, value);
        }
    }

    static bool is_recorded_value(std::string_view text) {
        const std::size_t dot = text.find('.');
        return dot != std::string_view::npos && is_record_name(text.substr(0, dot)) && dot + 1 < text.size();
    }

    void add_subject(Kind kind, std::string_view key, const YamlNode& value) {
        if (scalar(value, key).empty()) {
            throw input_error(fmt::format("{} names nothing", key), value.place);
        }
        require_short(value.scalar, value.place);
        Requirement requirement{.kind = kind, .place = value.place, .key = std::string(key), .written = value.scalar};
        requirement.subject = value.scalar;
        requirements_.push_back(std::move(requirement));
    }

    void read_extensions(const YamlNode& node) {
        if (node.kind == YamlNode::Kind::sequence) {
            for (const YamlNode& name : node.sequence) {
                require_short(scalar(name, "extensions"), name.place);
                Requirement extension{.kind = Kind::extension, .place = name.place, .key = "extensions." + name.scalar};
                extension.written = kAny;
                extension.subject = name.scalar;
                requirements_.push_back(std::move(extension));
            }
            return;
        }
        require_map(node, "extensions", "extensions: { pg_trgm: \">=1.5\", citext: any }");
        for (const auto& [name, value] : node.map) {
            require_short(name.scalar, name.place);
            const auto text = begin(Kind::extension, "extensions." + name.scalar, value);
            requirements_.back().subject = name.scalar;
            if (text && *text != kAny) {
                take_range(*text, "\">=1.5\", or any");
            }
        }
    }

    void take_name(const std::string& text, const base::Place& place) {
        Requirement& current = requirements_.back();
        std::vector<std::string> parts = name_parts(text);
        const bool column = current.kind == Kind::column || current.kind == Kind::no_column;
        const std::size_t most = column ? 3 : 2;
        if (parts.empty() || parts.size() > most || (column && parts.size() < 2)) {
            throw input_error(fmt::format("{} does not hold {}", current.key, column ? "a column" : "a name"), place)
                .hint(column ? "such as public.orders.region" : "such as public.orders");
        }
        if (column) {
            current.column = std::move(parts.back());
            parts.pop_back();
        }
        current.name = {parts.size() == 2 ? parts.front() : "", parts.back()};
    }

    void read_names(Kind kind, std::string_view key, const YamlNode& node) {
        const auto read_one = [&](const YamlNode& value) {
            if (const auto text = begin(kind, std::string(key), value)) {
                take_name(*text, value.place);
            }
        };
        if (node.kind == YamlNode::Kind::sequence) {
            for (const YamlNode& value : node.sequence) {
                read_one(value);
            }
        } else {
            read_one(node);
        }
    }

    void read_rows(const YamlNode& node) {
        require_map(node, "rows", "rows: { public.users: \">1000\" }");
        for (const auto& [name, value] : node.map) {
            const auto text = begin(Kind::rows, "rows." + name.scalar, value);
            take_name(name.scalar, name.place);
            if (!text) {
                continue;
            }
            take_range(*text, "\">1000\" or \">1000 <50000\"");
            for (const Range::Bound& bound : requirements_.back().range.bounds) {
                if (bound.percent || bound.parts.size() != 1) {
                    throw not_a("a range of row counts").hint("such as \">1000\"");
                }
            }
        }
    }

    void read_disk_free(const YamlNode& node) {
        require_map(node, "disk_free", "disk_free: { available: 50GB } or disk_free: { ask: df, keep: 10GB }");
        Requirement disk{.kind = Kind::disk_free, .place = node.place, .key = "disk_free"};
        bool asks = false;
        const auto bytes = [&](const char* name) {
            return [&, name](const YamlNode& v) {
                disk.options[name] = std::to_string(size(v, fmt::format("disk_free.{}", name)));
                disk.written += fmt::format("{}{}: {}", disk.written.empty() ? "" : ", ", name, v.scalar);
            };
        };
        using Read = std::pair<std::string_view, std::function<void(const YamlNode&)>>;
        const std::array<Read, 3> readers = {Read{"available", bytes("available")}, Read{"keep", bytes("keep")},
                                             Read{"ask", [&](const YamlNode& v) {
                                                      if (scalar(v, "disk_free.ask") != "df") {
                                                          throw input_error(fmt::format("\"{}\" cannot be asked", v.scalar), v.place)
                                                              .hint("df is run on the server, by COPY … FROM PROGRAM");
                                                      }
                                                      asks = true;
                                                      disk.written += disk.written.empty() ? "ask: df" : ", ask: df";
                                                  }}};
        read_keys(node, "disk_free", readers);
        if (asks == disk.options.contains("available")) {
            throw input_error("disk_free needs either available or ask", node.place)
                .hint("no query tells what is free: write available: 50GB, or ask: df for a role that may run programs on the server");
        }
        requirements_.push_back(std::move(disk));
    }

    void read_approvals(const YamlNode& node) {
        static constexpr std::array<std::string_view, 3> kRoles = {"prepared", "reviewed", "approved"};
        require_map(node, "approvals", "approvals: { reviewed: 1, approved: 1 }");
        for (const auto& [role, value] : node.map) {
            if (std::ranges::find(kRoles, role.scalar) == kRoles.end()) {
                throw input_error(fmt::format("nothing is approved as \"{}\"", role.scalar), role.place).hint(suggest(role.scalar, kRoles));
            }
            const std::string key = "approvals." + role.scalar;
            const int wanted = count(value, key);
            if (wanted < 1) {
                throw input_error(fmt::format("{} must be at least 1", key), value.place);
            }
            Requirement approvals{.kind = Kind::approvals, .place = value.place, .key = key, .written = value.scalar};
            approvals.subject = role.scalar;
            approvals.range.bounds.push_back({.op = Range::Operator::at_least, .parts = {wanted}});
            requirements_.push_back(std::move(approvals));
        }
    }

    void approval_option(const std::string& name, const YamlNode& value) {
        if (scalar(value, name).empty()) {
            throw input_error(fmt::format("{} is empty", name), value.place);
        }
        if (name != "deployer_may_approve" || boolean(value, name)) {
            approval_options_[name] = value.scalar;
        }
        approval_option_place_ = value.place;
    }

    // They may stand before or after what is signed, and are part of what is digested.
    void settle_approvals() {
        bool any = false;
        for (Requirement& requirement : requirements_) {
            const bool shows_receipt = requirement.kind == Kind::deployed_on && requirement.options.contains("receipt");
            if (requirement.kind == Kind::approvals || shows_receipt) {
                requirement.options.insert(approval_options_.begin(), approval_options_.end());
                any = true;
            }
        }
        if (!any && !approval_options_.empty()) {
            throw input_error("nothing has to be approved or shown by a receipt", approval_option_place_)
                .hint("add approvals: { reviewed: 1 }, or remove this");
        }
    }

    const Environment& environment_;
    std::vector<Requirement> requirements_;
    std::map<std::string, std::string> approval_options_;
    base::Place approval_option_place_;
};

}  // namespace

std::vector<Requirement> read_requirements(const YamlNode& node, const Environment& environment) {
    return Reader(environment).read(node);
}

std::string describe(const Requirement& requirement) {
    return requirement.kind == Kind::invalid_indexes ? requirement.key : fmt::format("{} {}", requirement.key, requirement.written);
}

}  // namespace pgbelay::runbook
