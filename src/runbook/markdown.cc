#include "runbook/markdown.h"

#include "base/digest.h"
#include "runbook/apply_fence.h"
#include "runbook/check_fence.h"
#include "runbook/fence_comments.h"
#include "runbook/fence_info.h"
#include "runbook/fences.h"
#include "runbook/front_matter.h"
#include "runbook/items.h"
#include "runbook/layout.h"
#include "runbook/measure_fence.h"
#include "runbook/text.h"
#include "runbook/transaction_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <type_traits>
#include <utility>

namespace pgbelay::runbook {
namespace fs = std::filesystem;
namespace {

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

void add_when(std::vector<sql::Statement>& statements, const FenceComment& when) {
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
        statement.directives.push_back({"when", when.value, when.place});
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
        runbook_.document = {path_, front.body_first_line, std::string(front.body)};
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
            if (commands[i] && commands[i]->verb != Verb::expect) {
                add_step(fences[i], *commands[i], table_after(fences, commands, i));
            } else if (commands[i]) {
                require_check_before(fences, commands, i);
            }
        }
        require_recorded(runbook_.items);
        require_steps_to_wait_for(runbook_.items);
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

    using Commands = std::vector<std::optional<Command>>;

    static bool takes_table(const std::optional<Command>& command) {
        return command && (command->verb == Verb::check || command->verb == Verb::attempt);
    }

    // The `expect` fence that follows a check, prose between them aside.
    static TableFence table_after(const std::vector<Fence>& fences, const Commands& commands, std::size_t i) {
        const bool follows = takes_table(commands[i]) && i + 1 < fences.size() && commands[i + 1] && commands[i + 1]->verb == Verb::expect;
        return follows ? TableFence{&fences[i + 1], &*commands[i + 1]} : TableFence{};
    }

    static void require_check_before(const std::vector<Fence>& fences, const Commands& commands, std::size_t i) {
        if (i == 0 || !takes_table(commands[i - 1])) {
            throw input_error("an expect fence that follows no check", fences[i].place)
                .hint("put it right after a sql check or sql try; for documentation take another word for its language");
        }
    }

    void add_step(const Fence& fence, const Command& command, const TableFence& table) {
        switch (command.verb) {
            case Verb::apply: return add_item(fence, command, read_apply(fence, command));
            case Verb::check: return add_item(fence, command, read_check(fence, command, table));
            case Verb::attempt: return add_item(fence, command, read_try(fence, command, table));
            case Verb::confirm: return add_item(fence, command, read_confirm(fence));
            case Verb::baseline: return add_item(fence, command, read_baseline(fence, command, statements_in(fence)));
            case Verb::explain: return add_item(fence, command, read_explain(fence, command, statements_in(fence)));
            case Verb::probe: return add_item(fence, command, read_probe(fence, command, statements_in(fence)));
            case Verb::rollback: return add_rollback(fence);
            case Verb::expect: return;
        }
    }

    template <typename What>
    void add_item(const Fence& fence, const Command& command, What what) {
        const auto* name = command.find("name");
        if (name != nullptr) {
            require_short(name->text, name->place);
        }
        Item item{.name = name != nullptr ? name->text : names_.next(fence.heading, fence.place), .place = fence.place, .file = 0};
        item.section = fence.heading;
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
        const auto comments = read_comments(fence, {"when", "not_before"}, "sql apply");
        if (const auto when = only_comment(comments, "when", "join them with AND")) {
            add_when(item.statements, *when);
        }
        read_apply_attributes(command, comments, item);
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

    CheckItem read_check(const Fence& fence, const Command& command, const TableFence& table) {
        CheckItem check;
        check.record = read_record(command);
        const std::optional<Expect> otherwise = check.record.empty() ? std::nullopt : std::optional(Expect::anything);
        check.expects = read_expectation(fence, command, read_comments(fence, {"expect"}, "sql check"), table, otherwise);
        std::vector<sql::Statement> statements = statements_in(fence);
        if (statements.empty()) {
            throw input_error("a check without a query", fence.place);
        }
        if (statements.size() > 1) {
            throw input_error("a second statement in a check", statements[1].place).hint("make a check of its own of it");
        }
        check.statement = std::move(statements.front());
        const std::string& kind = check.statement.kind;
        if (!check.statement.opaque() && kind != "SelectStmt" && kind != "VariableShowStmt" && kind != "ExplainStmt") {
            throw input_error("a check is a query that reads", check.statement.place)
                .hint("write a SELECT; changes belong to sql apply, and changes that are only tried to sql try");
        }
        return check;
    }

    TryItem read_try(const Fence& fence, const Command& command, const TableFence& table) {
        TryItem attempt;
        attempt.timeout = read_timeout(command);
        attempt.expects = read_expectation(fence, command, read_comments(fence, {"expect"}, "sql try"), table, Expect::anything);
        attempt.statements = statements_in(fence);
        if (attempt.statements.empty()) {
            throw input_error("a try without a statement", fence.place);
        }
        for (const sql::Statement& statement : attempt.statements) {
            if (statement.kind == "TransactionStmt" || begins_transaction(statement) || ends_transaction(statement)) {
                throw input_error(fmt::format("\"{}\" in a try", statement.sql), statement.place)
                    .hint("leave it out: a try is one transaction, which is rolled back");
            }
        }
        return attempt;
    }

    std::vector<sql::Statement> statements_in(const Fence& fence) {
        sql::Script script = sql::read_script(fence.content, path_, options_.variables, fence.place.line + 1, options_.stop);
        return numbered(script);
    }

    // Undoes all that stands before it, and so takes the place of rollback files beside the applied ones. Kept at the last step that
    // applies, after what other rollback fences put there.
    void add_rollback(const Fence& fence) {
        read_comments(fence, {}, "sql rollback");
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
            digest.add(digest_of(item));
            const std::string text = text_of(item);
            file_.text += (file_.text.empty() ? "" : ";\n") + text;
        }
        file_.digest = digest.hex();
        runbook_.files.push_back(std::move(file_));
    }

    // To show what a later edit changed.
    static std::string text_of(const Item& item) {
        if (const auto* confirm = std::get_if<ConfirmItem>(&item.what)) {
            return fmt::format("confirm {}", fmt::join(confirm->lines, "; "));
        }
        std::string text;
        for (const sql::Statement* statement : statements_of(item)) {
            text += (text.empty() ? "" : ";\n") + statement_text({*statement});
        }
        return text;
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
