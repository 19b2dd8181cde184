#include "runbook/sections.h"

#include "runbook/text.h"

#include <fmt/format.h>

#include <array>

namespace pgbelay::runbook {
namespace {

constexpr int kNoLine = 0;

// What follows `prefix` in a `--` comment that begins its line; nothing for every other line.
std::optional<std::string_view> annotation(std::string_view line, std::string_view prefix) {
    if (!line.starts_with("--")) {
        return std::nullopt;
    }
    const std::string_view comment = trim(line.substr(2));
    if (!to_lower(comment.substr(0, prefix.size())).starts_with(prefix)) {
        return std::nullopt;
    }
    return comment.substr(prefix.size());
}

// dbmate: `-- migrate:up` and `-- migrate:down`, each with options after white space. `-- migrate: prose` is a comment.
std::optional<std::string_view> dbmate_annotation(std::string_view line) {
    const auto rest = annotation(line, "migrate:");
    return rest && !rest->empty() && rest->front() != ' ' && rest->front() != '\t' ? rest : std::nullopt;
}

std::optional<std::string_view> goose_annotation(std::string_view line) {
    const auto rest = annotation(line, "+goose");
    return rest && (rest->empty() || rest->front() == ' ' || rest->front() == '\t') ? std::optional(trim(*rest)) : std::nullopt;
}

std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find_first_of(" \t"));
}

bool blank_or_comment(std::string_view line) {
    const std::string_view text = trim(line);
    return text.empty() || text.starts_with("--");
}

// Collects sections while a file is read line by line.
class SectionReader {
public:
    SectionReader(std::string_view text, std::string file, std::string marker)
        : text_(text), lines_(split_lines(text)), file_(std::move(file)), marker_(std::move(marker)) {}

    const std::vector<std::string_view>& lines() const { return lines_; }

    base::Error error(std::size_t line, std::string message) const {
        return input_error(std::move(message), {file_, static_cast<int>(line) + 1, 1});
    }

    void begin_up(std::size_t line) {
        if (up_line_ != kNoLine) {
            throw error(line, fmt::format("a second \"{}up\" section; the first is at line {}", marker_, up_line_))
                .hint("a migration is one section: make two files of it");
        }
        if (down_line_ != kNoLine) {
            throw error(line, fmt::format("\"{}up\" after \"{}down\"", marker_, marker_)).hint("write the up section first");
        }
        up_line_ = static_cast<int>(line) + 1;
        sections_.up = section_after(line);
    }

    void begin_down(std::size_t line) {
        if (up_line_ == kNoLine) {
            throw error(line, fmt::format("\"{}down\" before \"{}up\"", marker_, marker_)).hint("write the up section first");
        }
        if (down_line_ != kNoLine) {
            throw error(line, fmt::format("a second \"{}down\" section; the first is at line {}", marker_, down_line_));
        }
        down_line_ = static_cast<int>(line) + 1;
        sections_.down = section_after(line);
        const auto begin = static_cast<std::size_t>(sections_.up.bytes.data() - text_.data());
        sections_.up.bytes = text_.substr(begin, static_cast<std::size_t>(lines_[line].data() - text_.data()) - begin);
    }

    bool started() const { return up_line_ != kNoLine; }
    Section& current() { return sections_.down ? *sections_.down : sections_.up; }

    Sections finish() const {
        if (!started()) {
            throw base::Error(base::ErrorCode::input, fmt::format("no \"{}up\" section", marker_)).at({file_, 0, 0});
        }
        return sections_;
    }

private:
    Section section_after(std::size_t line) const {
        const std::size_t end = line + 1 < lines_.size() ? static_cast<std::size_t>(lines_[line + 1].data() - text_.data()) : text_.size();
        return Section{.bytes = text_.substr(end), .first_line = static_cast<int>(line) + 2};
    }

    std::string_view text_;
    std::vector<std::string_view> lines_;
    std::string file_;
    std::string marker_;
    int up_line_ = kNoLine;
    int down_line_ = kNoLine;
    Sections sections_;
};

void read_dbmate_options(const SectionReader& reader, std::size_t line, std::string_view options, Section& section) {
    for (options = trim(options); !options.empty();) {
        const std::string_view option = first_word(options);
        options = trim(options.substr(option.size()));
        if (option == "transaction:false" || option == "transaction:true") {
            section.transaction = option == "transaction:true";
            continue;
        }
        throw reader.error(line, fmt::format("unknown option \"{}\" of a dbmate section", option)).hint("known is transaction:false");
    }
}

// Reads goose's annotations, one call for each.
class GooseReader {
public:
    GooseReader(std::string_view text, const std::string& file) : reader_(text, file, "-- +goose ") {}

    Sections read() {
        for (std::size_t i = 0; i < reader_.lines().size(); ++i) {
            read_line(i, reader_.lines()[i]);
        }
        if (begin_) {
            throw reader_.error(*begin_, "\"-- +goose StatementBegin\" without \"-- +goose StatementEnd\"");
        }
        Sections sections = reader_.finish();
        sections.up.transaction = transaction_;
        if (sections.down) {
            sections.down->transaction = transaction_;
        }
        return sections;
    }

private:
    void read_line(std::size_t i, std::string_view line) {
        if (const auto word = goose_annotation(line)) {
            take(i, *word);
            return;
        }
        if (goose_annotation(trim(line))) {
            throw reader_.error(i, "white space before a goose annotation: goose takes it for a comment")
                .hint("begin the annotation at the start of its line");
        }
        if (!reader_.started() && !blank_or_comment(line)) {
            throw reader_.error(i, "a statement before \"-- +goose Up\"").hint("put it into the up section");
        }
    }

    void take(std::size_t i, std::string_view word) {
        static constexpr std::array<std::string_view, 5> kKnown = {"up", "down", "statementbegin", "statementend", "no transaction"};
        const std::string lower = to_lower(word);
        if (begin_ && lower != "statementend") {
            throw reader_.error(i, fmt::format("\"-- +goose {}\" inside a statement that begins at line {}", word, *begin_ + 1))
                .hint("end the statement with \"-- +goose StatementEnd\" first");
        }
        if (lower == "up") {
            reader_.begin_up(i);
        } else if (lower == "down") {
            reader_.begin_down(i);
        } else if (lower == "statementbegin") {
            begin_statement(i);
        } else if (lower == "statementend") {
            end_statement(i);
        } else if (lower == "no transaction") {
            transaction_ = false;
        } else if (lower.starts_with("envsub")) {
            throw reader_.error(i, "goose's ENVSUB is not supported").hint("write the value itself, or a file for each environment");
        } else {
            throw reader_.error(i, fmt::format("unknown goose annotation \"{}\"", word)).hint(suggest(word, kKnown));
        }
    }

    void begin_statement(std::size_t i) {
        if (!reader_.started()) {
            throw reader_.error(i, "\"-- +goose StatementBegin\" before \"-- +goose Up\"");
        }
        begin_ = i;
    }

    void end_statement(std::size_t i) {
        if (!begin_) {
            throw reader_.error(i, "\"-- +goose StatementEnd\" without \"-- +goose StatementBegin\"");
        }
        reader_.current().blocks.emplace_back(static_cast<int>(*begin_) + 1, static_cast<int>(i) + 1);
        begin_.reset();
    }

    SectionReader reader_;
    std::optional<std::size_t> begin_;
    bool transaction_ = true;
};

}  // namespace

bool has_dbmate_marker(std::string_view text) {
    for (const std::string_view line : split_lines(text)) {
        const auto rest = dbmate_annotation(line);
        if (rest && first_word(*rest) == "up") {
            return true;
        }
    }
    return false;
}

bool has_goose_marker(std::string_view text) {
    for (const std::string_view line : split_lines(text)) {
        const auto word = goose_annotation(line);
        if (word && to_lower(*word) == "up") {
            return true;
        }
    }
    return false;
}

Sections dbmate_sections(std::string_view text, const std::string& file) {
    SectionReader reader(text, file, "-- migrate:");
    for (std::size_t i = 0; i < reader.lines().size(); ++i) {
        const std::string_view line = reader.lines()[i];
        const auto rest = dbmate_annotation(line);
        if (!rest) {
            if (!reader.started() && !blank_or_comment(line)) {
                throw reader.error(i, "a statement before \"-- migrate:up\"").hint("put it into the up section");
            }
            continue;
        }
        const std::string_view word = first_word(*rest);
        if (word == "up") {
            reader.begin_up(i);
        } else if (word == "down") {
            reader.begin_down(i);
        } else {
            throw reader.error(i, fmt::format("\"-- migrate:{}\" is not a dbmate section", word))
                .hint("known are migrate:up and migrate:down");
        }
        read_dbmate_options(reader, i, rest->substr(word.size()), reader.current());
    }
    return reader.finish();
}

Sections goose_sections(std::string_view text, const std::string& file) {
    return GooseReader(text, file).read();
}

}  // namespace pgbelay::runbook
