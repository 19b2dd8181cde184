#include "runbook/markdown.h"

#include "base/digest.h"
#include "runbook/fence_info.h"
#include "runbook/fences.h"
#include "runbook/front_matter.h"
#include "runbook/items.h"
#include "runbook/layout.h"
#include "runbook/text.h"
#include "runbook/transaction_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

namespace pgbelay::runbook {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kWhen = "-- when:";

// The names of steps: those that authors gave, and for the others heading and number.
class Names {
public:
    void reserve(const Command::Value& name) {
        const auto allowed = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
        };
        if (!std::all_of(name.text.begin(), name.text.end(), allowed)) {
            throw input_error(fmt::format("\"{}\" cannot be a step's name", name.text), name.place)
                .hint("use letters, digits, \"-\", \"_\" and \".\"");
        }
        const auto [first, added] = taken_.emplace(name.text, name.place);
        if (!added) {
            throw input_error(fmt::format("two steps are called \"{}\"; the first is at line {}", name.text, first->second.line),
                              name.place)
                .hint("give each step a name of its own");
        }
    }

    std::string next(const std::string& heading, const base::Place& place) {
        const std::string stem = slug(heading);
        while (true) {
            std::string name = fmt::format("{}-{}", stem.empty() ? "step" : stem, ++counters_[stem]);
            if (taken_.emplace(name, place).second) {
                return name;
            }
        }
    }

private:
    std::map<std::string, base::Place> taken_;
    std::map<std::string, int> counters_;
};

struct When {
    std::string query;
    base::Place place;
};

// `-- when: …` among the comment lines at the top of a fence.
std::optional<When> read_when(const Fence& fence) {
    std::optional<When> when;
    int number = fence.place.line;
    for (const std::string_view line : split_lines(fence.content)) {
        ++number;
        const std::string_view text = trim(line);
        if (!text.starts_with("--")) {
            break;
        }
        if (!text.starts_with(kWhen)) {
            continue;
        }
        const base::Place place{fence.place.file, number, column_at(line, line.find("--"))};
        if (when) {
            throw input_error(fmt::format("a second condition; the first is at line {}", when->place.line), place)
                .hint("join them with AND");
        }
        when = When{std::string(trim(text.substr(kWhen.size()))), place};
        if (when->query.empty()) {
            throw input_error("an empty condition", place).hint("write a query with one boolean, such as -- when: SELECT NOT EXISTS (…)");
        }
    }
    return when;
}

void refuse_when(const Fence& fence, std::string_view verb) {
    if (const auto when = read_when(fence)) {
        throw input_error(fmt::format("a condition on sql {} is not supported", verb), when->place).hint("conditions belong to sql apply");
    }
}

void add_when(std::vector<sql::Statement>& statements, const When& when) {
    for (sql::Statement& statement : statements) {
        if (begins_transaction(statement) || ends_transaction(statement)) {
            continue;
        }
        const auto own =
            std::find_if(statement.directives.begin(), statement.directives.end(), [](const auto& d) { return d.name == "when"; });
        if (own != statement.directives.end()) {
            throw input_error(fmt::format("a condition of its own inside a fence that has one at line {}", when.place.line), own->place)
                .hint("join them with AND, or make two fences");
        }
        statement.directives.push_back({"when", when.query, when.place});
    }
}

bool only_comments(std::string_view content) {
    const std::vector<std::string_view> lines = split_lines(content);
    return std::all_of(lines.begin(), lines.end(),
                       [](std::string_view line) { return trim(line).empty() || trim(line).starts_with("--"); });
}

class MarkdownReader {
public:
    MarkdownReader(std::string path, std::string key, const ReadOptions& options) : path_(std::move(path)), options_(options) {
        file_.path = path_;
        file_.key = std::move(key);
    }

    Runbook read(std::string_view bytes) {
        const std::string_view text = without_bom(bytes);
        require_utf8(text, path_);
        refuse_lone_carriage_returns(text);
        const FrontMatterText front = find_front_matter(text, path_);
        FrontMatter matter = read_front_matter(front, path_, options_.environment);
        runbook_.name = matter.name.empty() ? fs::path(path_).stem().string() : std::move(matter.name);
        runbook_.targets = std::move(matter.targets);
        runbook_.replicas = std::move(matter.replicas);
        runbook_.limits = matter.limits;
        runbook_.on_breach = matter.on_breach;
        runbook_.blockers = matter.blockers;
        runbook_.requirements = matter.requirements;
        runbook_.windows = matter.windows;
        runbook_.notifications = matter.notifications;
        read_steps(read_fences(front.body, path_, front.body_first_line));
        finish();
        return std::move(runbook_);
    }

private:
    // Markdown takes it for the end of a line, editors and our places do not.
    void refuse_lone_carriage_returns(std::string_view text) const {
        int line = 1;
        for (std::size_t i = 0; i < text.size(); ++i) {
            line += text[i] == '\n' ? 1 : 0;
            if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) {
                throw input_error("a carriage return without a line feed", {path_, line, 0})
                    .hint("save the file with Unix or Windows line ends");
            }
        }
    }

    void read_steps(const std::vector<Fence>& fences) {
        std::vector<std::optional<Command>> commands;
        for (const Fence& fence : fences) {
            commands.push_back(read_command(fence));
            if (commands.back()) {
                require_top_level(fence);
                if (const auto* name = commands.back()->find("name")) {
                    names_.reserve(*name);
                }
            } else {
                runbook_.documentation.push_back(fmt::format("{}:{}", path_, fence.place.line));
            }
        }
        runbook_.fences = static_cast<int>(fences.size());
        for (std::size_t i = 0; i < fences.size(); ++i) {
            if (commands[i]) {
                add_step(fences[i], *commands[i]);
            }
        }
        if (runbook_.items.empty()) {
            throw input_error("this runbook has no step", {path_, 0, 0})
                .hint("a step is a fence such as ```sql apply; fences without a verb are documentation");
        }
    }

    static void require_top_level(const Fence& fence) {
        if (fence.in_quote) {
            throw input_error("a step inside a quote", fence.place)
                .hint("take it out of the quote, or remove its verb to make it documentation");
        }
        if (fence.in_list) {
            throw input_error("a step inside a list item", fence.place)
                .hint(
                    "begin the fence at the start of its line, with an empty line before it, or remove its verb to make it documentation");
        }
    }

    void add_step(const Fence& fence, const Command& command) {
        switch (command.verb) {
            case Verb::apply: return add_item(fence, command, read_apply(fence, command));
            case Verb::check: return add_item(fence, command, read_check(fence, command));
            case Verb::rollback: return add_rollback(fence);
        }
    }

    template <typename What>
    void add_item(const Fence& fence, const Command& command, What what) {
        const auto* name = command.find("name");
        if (name != nullptr) {
            require_short(name->text, name->place);
        }
        Item item{.name = name != nullptr ? name->text : names_.next(fence.heading, fence.place), .place = fence.place, .file = 0};
        if constexpr (std::is_same_v<What, SqlItem>) {
            last_applied_ = item.name;
        }
        item.what = std::move(what);
        runbook_.items.push_back(std::move(item));
    }

    std::vector<sql::Statement> numbered(sql::Script& script) {
        for (sql::Statement& statement : script.statements) {
            statement.n = ++statements_;
        }
        return std::move(script.statements);
    }

    SqlItem read_apply(const Fence& fence, const Command& command) {
        SqlItem item;
        if (const auto* file = command.find("file")) {
            item = read_applied_file(fence, *file);
        } else {
            sql::Script script = sql::read_script(fence.content, path_, options_.variables, fence.place.line + 1, options_.stop);
            item.statements = numbered(script);
            item.trailing_echoes = std::move(script.trailing_echoes);
        }
        if (item.statements.empty()) {
            throw input_error("a step without a statement", fence.place).hint("write its SQL between the fences, or name it with file=");
        }
        if (const auto when = read_when(fence)) {
            add_when(item.statements, *when);
        }
        return item;
    }

    SqlItem read_applied_file(const Fence& fence, const Command::Value& file) {
        if (!only_comments(fence.content)) {
            throw input_error("SQL in a fence that names a file", fence.place).hint("keep one of them: the file, or the SQL in the fence");
        }
        const fs::path applied = fs::path(path_).parent_path() / file.text;
        if (!fs::exists(applied)) {
            throw input_error(fmt::format("the file {} does not exist", applied.string()), file.place)
                .hint("the path is relative to the Markdown file");
        }
        if (fs::is_directory(applied)) {
            throw input_error(fmt::format("{} is a directory", applied.string()), file.place)
                .hint("name a file, or deploy the directory itself");
        }
        SqlItem item = sql_item(read_migration(applied, options_.stop), options_);
        for (sql::Statement& statement : item.statements) {
            statement.n = ++statements_;
        }
        return item;
    }

    CheckItem read_check(const Fence& fence, const Command& command) {
        refuse_when(fence, "check");
        CheckItem check;
        read_expectation(fence, command, check);
        sql::Script script = sql::read_script(fence.content, path_, options_.variables, fence.place.line + 1, options_.stop);
        std::vector<sql::Statement> statements = numbered(script);
        if (statements.empty()) {
            throw input_error("a check without a query", fence.place);
        }
        if (statements.size() > 1) {
            throw input_error("a second statement in a check", statements[1].place).hint("make a check of its own of it");
        }
        check.statement = std::move(statements.front());
        const std::string& kind = check.statement.kind;
        if (!check.statement.opaque() && kind != "SelectStmt" && kind != "VariableShowStmt" && kind != "ExplainStmt") {
            throw input_error("a check is a query that reads", check.statement.place).hint("write a SELECT; changes belong to sql apply");
        }
        return check;
    }

    static void read_expectation(const Fence& fence, const Command& command, CheckItem& check) {
        const auto* expect = command.find("expect");
        if (expect == nullptr) {
            throw input_error("a check without an expectation", fence.place)
                .hint("add expect=empty, expect=true or expect=N, a number of rows");
        }
        const std::string& text = expect->text;
        if (text == "empty") {
            check.expect = Expect::empty;
            return;
        }
        if (text == "true") {
            check.expect = Expect::is_true;
            return;
        }
        check.expect = Expect::count;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), check.count);
        if (!all_digits(text) || error != std::errc() || end != text.data() + text.size()) {
            throw input_error(fmt::format("expect={} is nothing that can be expected", text), expect->place)
                .hint("write expect=empty, expect=true or expect=N, a number of rows");
        }
    }

    // Undoes all that stands before it, and so takes the place of rollback files beside the applied ones. Kept at the last step that
    // applies, after what other rollback fences put there.
    void add_rollback(const Fence& fence) {
        refuse_when(fence, "rollback");
        SqlItem* last = nullptr;
        for (Item& item : runbook_.items) {
            auto* applied = std::get_if<SqlItem>(&item.what);
            last = applied != nullptr ? applied : last;
            if (applied != nullptr && !with_rollback_fence_.contains(item.name)) {
                applied->rollback.clear();
                applied->rollback_from.clear();
            }
        }
        if (last == nullptr) {
            throw input_error("a rollback before any step that it could undo", fence.place).hint("put it after the sql apply fences");
        }
        sql::Script script = sql::read_script(fence.content, path_, options_.variables, fence.place.line + 1, options_.stop);
        if (script.statements.empty()) {
            throw input_error("a rollback without a statement", fence.place);
        }
        keep_rollback(*last, std::move(script.statements), fence);
    }

    void keep_rollback(SqlItem& item, std::vector<sql::Statement> statements, const Fence& fence) {
        with_rollback_fence_.insert(last_applied_);
        last_rollback_line_ = fence.place.line;
        item.rollback_rule = TransactionRule::each_statement;
        if (item.rollback.empty()) {
            item.rollback_from = fmt::format("{}:{}", path_, fence.place.line);
        }
        for (sql::Statement& statement : statements) {
            statement.n = static_cast<int>(item.rollback.size()) + 1;
            item.rollback.push_back(std::move(statement));
        }
    }

    // A runbook is one entry in the ledger and is undone as a whole: what the author wrote to undo it must undo all of it.
    void settle_rollbacks() {
        std::vector<SqlItem*> applied;
        for (Item& item : runbook_.items) {
            auto* sql = std::get_if<SqlItem>(&item.what);
            if (sql != nullptr) {
                applied.push_back(sql);
            }
            if (sql != nullptr && !with_rollback_fence_.empty() && item.place.line > last_rollback_line_) {
                throw input_error("this step stands after the last sql rollback, which would not undo it", item.place)
                    .hint("move the rollback below it, or add one for it");
            }
        }
        if (with_rollback_fence_.empty() && !applied.empty()) {
            join_rollback_files(applied);
        }
    }

    // Of files that lie beside the applied ones: the last first, and only when every step has one; the steps' own inverses otherwise.
    static void join_rollback_files(const std::vector<SqlItem*>& applied) {
        const bool all = std::all_of(applied.begin(), applied.end(), [](const SqlItem* item) { return !item->rollback.empty(); });
        SqlItem& last = *applied.back();
        for (auto item = std::next(applied.rbegin()); item != applied.rend(); ++item) {
            if (all && (*item)->rollback_rule == TransactionRule::each_statement) {
                last.rollback_rule = TransactionRule::each_statement;
            }
            if (all) {
                std::move((*item)->rollback.begin(), (*item)->rollback.end(), std::back_inserter(last.rollback));
                last.rollback_from += ", " + (*item)->rollback_from;
            }
            (*item)->rollback.clear();
            (*item)->rollback_from.clear();
        }
        if (!all) {
            last.rollback.clear();
            last.rollback_from.clear();
        }
        int n = 0;
        for (sql::Statement& statement : last.rollback) {
            statement.n = ++n;
        }
    }

    // One entry in the ledger for the whole runbook: checks and expectations are part of what was given.
    void finish() {
        settle_rollbacks();
        base::DigestBuilder digest;
        for (const Item& item : runbook_.items) {
            std::string text;
            if (const auto* sql = std::get_if<SqlItem>(&item.what)) {
                digest.add(digest_of(*sql));
                text = statement_text(sql->statements);
            } else {
                const auto& check = std::get<CheckItem>(item.what);
                digest.add(digest_of(check));
                text = statement_text({check.statement});
            }
            file_.text += (file_.text.empty() ? "" : ";\n") + text;
        }
        file_.digest = digest.hex();
        runbook_.files.push_back(std::move(file_));
    }

    std::string path_;
    const ReadOptions& options_;
    File file_;
    Names names_;
    int statements_ = 0;
    std::string last_applied_;  // the name of the last step that applies
    int last_rollback_line_ = 0;
    std::set<std::string> with_rollback_fence_;  // names of steps whose rollback is a fence's
    Runbook runbook_;
};

}  // namespace

Runbook read_markdown(std::string_view bytes, const std::string& path, const std::string& key, const ReadOptions& options) {
    return MarkdownReader(path, key, options).read(bytes);
}

std::string slug(std::string_view heading) {
    // Lead bytes of Latin-1's signs, of general punctuation and symbols, of variation selectors, of emoji.
    constexpr std::string_view kSigns = "\xC2\xE2\xEF\xF0";
    std::string result;
    bool gap = false;
    bool sign = false;
    for (const char c : to_lower(heading)) {
        const auto byte = static_cast<unsigned char>(c);
        sign = byte >= 0xC0 ? kSigns.find(c) != std::string_view::npos : sign;
        const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (byte >= 0x80 && !sign);
        if (kept && gap && !result.empty()) {
            result += '-';
        }
        gap = !kept;
        if (kept) {
            result += c;
        }
    }
    return result;
}

}  // namespace pgbelay::runbook
