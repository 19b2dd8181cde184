#include "sql/script.h"

#include "base/file.h"
#include "sql/copy_data.h"
#include "sql/directive.h"
#include "sql/large_stack.h"
#include "sql/psql_arguments.h"
#include "sql/psql_commands.h"
#include "sql/psql_lexer.h"
#include "sql/utf8.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

namespace pgbelay::sql {

namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;
using base::Place;

constexpr std::size_t kDeepestInclude = 100;
constexpr std::size_t kMostIncludes = 10'000;
// Each is kept with its tree, and most are steps of their own.
constexpr std::size_t kMostStatements = 100'000;
// Variables within variables can grow exponentially, and so can includes of includes.
constexpr std::size_t kMostExpanded = std::size_t{16} << 20;
constexpr std::size_t kMostIncluded = std::size_t{256} << 20;

// A file while it is read. The bytes are those after a BOM.
struct File {
    std::string name;
    std::string canonical;  // "" when it is no file on disk (standard input, a Markdown fence)
    std::string_view bytes;
    PlaceCursor places;
    std::size_t at = 0;
    int statements = 0;
    int statement_ended_in_line = 0;  // where the last statement's semicolon stands
};

// Bytes that are looked at: a file's, or the value of a variable that is referred to at a place.
struct Input {
    std::string_view bytes;
    std::optional<Place> reference;
    std::size_t run_begin = 0;  // bytes that belong to the statement and were not copied yet
    std::size_t run_end = 0;
};

class Reader {
public:
    // Statements go to `taker`; without one they are kept.
    Reader(const Variables& variables, const base::StopSignal* stop, const std::function<void(Statement&&)>* taker = nullptr)
        : variables_(variables), stop_(stop), taker_(taker) {}

    void read_file(std::string_view bytes, const std::string& name, const std::string& canonical, int first_line);
    Script take() {
        script_.trailing_echoes = std::move(echoes_);
        return std::move(script_);
    }

private:
    void read_input(Input& input, std::size_t& at);
    void take_lexeme(Input& input, const Lexeme& lexeme);
    void take_comment(Input& input, const Lexeme& lexeme);
    void take_text(Input& input, const Lexeme& lexeme);
    void take_variable(Input& input, const Lexeme& lexeme);
    void finish_statement(Input& input, std::size_t& at);
    void finish_file(Input& input, std::size_t at);
    void read_rows(Statement& statement, const Input& input, std::size_t& at);
    void add_directive(const Place& place, std::string_view comment);
    void run_command(const Input& input, std::size_t& at);
    void include(const std::string& path, bool relative_to_file, const Place& place);
    fs::path include_path(const std::string& path, bool relative_to_file) const;
    void refuse_circle(const std::string& canonical, const std::string& name, const Place& place) const;

    Place place(const Input& input, std::size_t offset) { return input.reference ? *input.reference : file().places.at(offset); }
    void flush(Input& input);
    void count_expanded(std::size_t bytes, const Place& place);
    bool in_statement() const { return text_ != nullptr; }
    File& file() { return *files_.back(); }

    Variables variables_;
    const base::StopSignal* stop_;
    const std::function<void(Statement&&)>* taker_;
    Script script_;
    PsqlLexer lexer_;
    std::vector<File*> files_;                 // each includes the next
    std::vector<std::string_view> expanding_;  // variables whose values are being read
    std::shared_ptr<SourceText> text_;         // the statement so far; null between statements
    std::size_t text_end_ = 0;                 // its length without trailing blanks and comments
    Place opened_at_;                          // of the quote or comment that is open
    std::vector<Directive> directives_;
    std::vector<std::string> echoes_;
    std::size_t expanded_ = 0;  // bytes that variables have become
    std::size_t included_ = 0;
};

void check_bytes(std::string_view bytes, PlaceCursor places) {
    if (const auto invalid = first_invalid_utf8(bytes)) {
        throw Error(ErrorCode::input, fmt::format("byte 0x{:02x} is not valid UTF-8", static_cast<unsigned char>(bytes[*invalid])))
            .at(places.at(*invalid))
            .hint("convert the file, such as with iconv -f latin1 -t utf-8");
    }
    if (const auto nul = bytes.find('\0'); nul != std::string_view::npos) {
        throw Error(ErrorCode::input, "a NUL byte, which PostgreSQL does not accept")
            .at(places.at(nul))
            .hint("is this a text file in UTF-8?");
    }
}

std::string_view without_bom(std::string_view bytes) {
    constexpr std::string_view kBom = "\xEF\xBB\xBF";
    return bytes.starts_with(kBom) ? bytes.substr(kBom.size()) : bytes;
}

std::string canonical_path(const std::string& name) {
    std::error_code failure;
    auto path = fs::canonical(name, failure);
    return failure ? std::string() : path.string();
}

void Reader::read_file(std::string_view bytes, const std::string& name, const std::string& canonical, int first_line) {
    bytes = without_bom(bytes);
    File current{.name = name, .canonical = canonical, .bytes = bytes, .places = PlaceCursor(bytes, {name, first_line, 1})};
    check_bytes(bytes, current.places);
    files_.push_back(&current);
    Input input{.bytes = bytes};
    read_input(input, current.at);
    finish_file(input, current.at);
    files_.pop_back();
}

void Reader::read_input(Input& input, std::size_t& at) {
    while (at < input.bytes.size()) {
        const bool outside = lexer_.inside() == Inside::nothing;
        const auto lexeme = lexer_.next(input.bytes, at);
        if (outside && lexer_.inside() != Inside::nothing) {
            opened_at_ = place(input, lexeme.begin);
        }
        at = lexeme.end;
        if (lexeme.kind == LexemeKind::semicolon) {
            finish_statement(input, at);
        } else if (lexeme.kind == LexemeKind::backslash) {
            flush(input);
            at = lexeme.begin;
            run_command(input, at);
            input.run_begin = input.run_end = at;
        } else {
            take_lexeme(input, lexeme);
        }
    }
    flush(input);
}

void Reader::take_lexeme(Input& input, const Lexeme& lexeme) {
    switch (lexeme.kind) {
        case LexemeKind::comment: take_comment(input, lexeme); break;
        case LexemeKind::variable: take_variable(input, lexeme); break;
        case LexemeKind::space: input.run_end = lexeme.end; break;
        default: take_text(input, lexeme); break;
    }
}

void Reader::take_comment(Input& input, const Lexeme& lexeme) {
    const auto comment = input.bytes.substr(lexeme.begin, lexeme.end - lexeme.begin);
    if (comment.starts_with("--") && comment.find("pgbelay:") != std::string_view::npos) {
        add_directive(place(input, lexeme.begin), comment);
    }
    input.run_end = lexeme.end;
}

void Reader::add_directive(const Place& place, std::string_view comment) {
    auto directive = read_directive(comment, place);
    if (!directive) {
        return;
    }
    if (in_statement() || (file().statement_ended_in_line == place.line && place.line > 0)) {
        throw Error(ErrorCode::input, fmt::format("the directive \"{}\" does not stand above a statement", directive->name))
            .at(place)
            .hint("put it on a line of its own, right above the statement that it is for");
    }
    for (const auto& given : directives_) {
        if (given.name == directive->name) {
            throw Error(ErrorCode::input, fmt::format("the directive \"{}\" is given twice", given.name)).at(place);
        }
    }
    directives_.push_back(std::move(*directive));
}

void Reader::take_text(Input& input, const Lexeme& lexeme) {
    if (!in_statement()) {
        text_ = std::make_shared<SourceText>();
        input.run_begin = lexeme.begin;
    }
    input.run_end = lexeme.end;
    text_end_ = text_->bytes().size() + (input.run_end - input.run_begin);
}

// Copies what has been gone through to the statement; between statements it is dropped.
void Reader::flush(Input& input) {
    if (in_statement() && input.run_end > input.run_begin) {
        const auto bytes = input.bytes.substr(input.run_begin, input.run_end - input.run_begin);
        if (input.reference) {
            text_->append_from_variable(bytes, *input.reference);
        } else {
            text_->append_from_file(bytes, file().places.at(input.run_begin));
        }
    }
    input.run_begin = input.run_end;
}

void Reader::count_expanded(std::size_t bytes, const Place& at) {
    expanded_ += bytes;
    if (expanded_ > kMostExpanded) {
        throw Error(ErrorCode::input, "the variables expand to more than 16 MiB").at(at);
    }
}

void Reader::take_variable(Input& input, const Lexeme& lexeme) {
    const auto reference = place(input, lexeme.begin);
    const auto found = variables_.find(std::string(lexeme.name));
    const bool recursive = std::find(expanding_.begin(), expanding_.end(), lexeme.name) != expanding_.end();
    if (lexeme.form != VariableForm::is_set && (found == variables_.end() || recursive || expanding_.size() >= kDeepestInclude)) {
        take_text(input, {.begin = lexeme.begin, .end = lexeme.end});
        return;
    }
    flush(input);
    const auto written = input.bytes.substr(lexeme.begin, lexeme.end - lexeme.begin);
    const std::string value = expand(written, lexeme, variables_);
    count_expanded(value.size(), reference);
    Input inner{.bytes = value, .reference = reference};
    if (lexeme.form == VariableForm::plain) {
        expanding_.push_back(lexeme.name);
        std::size_t at = 0;
        read_input(inner, at);
        expanding_.pop_back();
    } else {
        take_text(inner, {.begin = 0, .end = value.size()});
        flush(inner);
    }
    input.run_begin = input.run_end = lexeme.end;
}

void Reader::finish_statement(Input& input, std::size_t& at) {
    flush(input);
    input.run_begin = input.run_end = at;
    lexer_.begin_statement();
    if (!input.reference) {
        file().statement_ended_in_line = place(input, at - std::min<std::size_t>(at, 1)).line;
    }
    if (!in_statement()) {
        return;  // an empty statement
    }
    base::heed(stop_);
    std::shared_ptr<const SourceText> source = std::exchange(text_, nullptr);
    if (script_.statements.size() >= kMostStatements) {
        throw Error(ErrorCode::input, "more than 100,000 statements")
            .at(source->place(0))
            .hint("load data with COPY … FROM stdin, or deploy in parts; `plan --format jsonl` reads any number");
    }
    auto statement = read_statement(source->bytes().substr(0, text_end_), source->place(0), ++file().statements);
    statement.source = std::move(source);
    statement.directives = std::exchange(directives_, {});
    statement.echoes = std::exchange(echoes_, {});
    if (copies_from_stdin(statement)) {
        read_rows(statement, input, at);
        input.run_begin = input.run_end = at;
    }
    if (taker_ != nullptr) {
        (*taker_)(std::move(statement));
    } else {
        script_.statements.push_back(std::move(statement));
    }
}

// The rows begin in the line after the statement's; psql would read the rest of that line after them.
void Reader::read_rows(Statement& statement, const Input& input, std::size_t& at) {
    const std::size_t newline = std::min(input.bytes.find('\n', at), input.bytes.size());
    const auto rest = input.bytes.substr(at, newline - at);
    const std::size_t text = std::min(rest.find_first_not_of(" \t\r\f\v"), rest.size());
    if (input.reference || !(text == rest.size() || rest.substr(text).starts_with("--"))) {
        throw Error(ErrorCode::input, "text after COPY … FROM stdin on its line")
            .at(place(input, at + text))
            .hint("the rows begin in the next line; put other statements after the line \\.");
    }
    auto data = read_copy_data(input.bytes, std::min(newline + 1, input.bytes.size()));
    statement.copy_data = std::move(data.rows);
    at = data.end;
}

std::string_view name_of(Inside inside) {
    switch (inside) {
        case Inside::quoted_name: return "unterminated quoted identifier";
        case Inside::dollar_quote: return "unterminated dollar-quoted string";
        case Inside::block_comment: return "unterminated /* comment";
        default: return "unterminated quoted string";
    }
}

void Reader::finish_file(Input& input, std::size_t at) {
    if (lexer_.inside() != Inside::nothing) {
        throw Error(ErrorCode::input, std::string(name_of(lexer_.inside())))
            .at(opened_at_)
            .hint(lexer_.inside() == Inside::block_comment ? "close it with */ for each /* inside it" : "close the quote");
    }
    finish_statement(input, at);
    if (!directives_.empty()) {
        throw Error(ErrorCode::input, fmt::format("the directive \"{}\" has no statement below it", directives_.front().name))
            .at(directives_.front().place)
            .hint("delete it, or put it above the statement that it is for");
    }
}

std::string join(const std::vector<std::string>& values, std::string_view separator) {
    std::string joined;
    for (std::size_t i = 0; i < values.size(); ++i) {
        joined += i == 0 ? "" : separator;
        joined += values[i];
    }
    return joined;
}

std::string_view command_name(std::string_view bytes, std::size_t at) {
    const std::size_t begin = at + 1;
    const std::size_t end = std::min(bytes.find_first_of(" \t\r\n\f\v\\", begin), bytes.size());
    const bool escape = begin < bytes.size() && (bytes[begin] == ';' || bytes[begin] == ':');
    return bytes.substr(begin, escape ? 1 : end - begin);
}

void Reader::run_command(const Input& input, std::size_t& at) {
    const auto where = place(input, at);
    const auto name = command_name(input.bytes, at);
    const bool includes = name == "i" || name == "ir" || name == "include" || name == "include_relative";
    const bool echoes = name == "echo" || name == "qecho";
    if (input.reference || (!includes && !echoes && name != "set" && name != "unset")) {
        throw unsupported_command(name).at(where);
    }
    Arguments arguments;
    try {
        arguments = read_arguments(input.bytes, at + 1 + name.size(), variables_);
    } catch (const BadArguments& bad) {
        throw Error(ErrorCode::input, fmt::format("\\{}: {}", name, bad.message)).at(place(input, bad.offset)).hint(bad.hint);
    }
    at = arguments.end;
    auto& values = arguments.values;
    if (includes) {
        if (values.empty()) {
            throw Error(ErrorCode::input, fmt::format("\\{} without a file", name)).at(where);
        }
        include(values.front(), name == "ir" || name == "include_relative", where);
    } else if (echoes) {
        const bool no_newline = !values.empty() && values.front() == "-n";
        values.erase(values.begin(), values.begin() + (no_newline ? 1 : 0));
        echoes_.push_back(join(values, " "));
    } else if (name == "unset" && !values.empty()) {
        variables_.erase(values.front());
    } else if (name == "set" && !values.empty()) {
        const std::string variable = values.front();
        values.erase(values.begin());
        const std::string value = join(values, "");
        try {
            check_setting(variable, value);
        } catch (Error& error) {
            error.at(where);
            throw;
        }
        count_expanded(value.size(), where);
        variables_[variable] = value;
    }
}

fs::path Reader::include_path(const std::string& path, bool relative_to_file) const {
    const fs::path given(path);
    const auto beside = (fs::path(files_.back()->name).parent_path() / given).lexically_normal();
    std::error_code ignored;
    const bool take_given = given.is_absolute() || (!relative_to_file && fs::exists(given, ignored));
    return take_given ? given.lexically_normal() : beside;
}

void Reader::refuse_circle(const std::string& canonical, const std::string& name, const Place& at) const {
    std::string chain;
    for (const auto* outer : files_) {
        if (!chain.empty() || (!canonical.empty() && outer->canonical == canonical)) {
            chain += outer->name + " → ";
        }
    }
    if (!chain.empty()) {
        throw Error(ErrorCode::input, fmt::format("circular include: {}{}", chain, name)).at(at).hint("delete this include");
    }
}

void Reader::include(const std::string& given, bool relative_to_file, const Place& at) {
    // As in psql, semicolons after the file's name are not part of it.
    const std::string path = given.substr(0, given.find_last_not_of(';') + 1);
    if (in_statement()) {
        throw Error(ErrorCode::input, "an include in the middle of a statement").at(at).hint("end the statement above with a semicolon");
    }
    if (!directives_.empty()) {
        throw Error(ErrorCode::input, fmt::format("the directive \"{}\" stands above an include", directives_.front().name))
            .at(directives_.front().place)
            .hint("put it above a statement in the included file");
    }
    if (path.empty() || path == "-") {
        throw Error(ErrorCode::input, "an include needs the name of a file").at(at);
    }
    if (files_.size() > kDeepestInclude || script_.includes.size() >= kMostIncludes) {
        throw Error(ErrorCode::input,
                    files_.size() > kDeepestInclude ? "includes nested more than 100 levels deep" : "more than 10,000 includes")
            .at(at);
    }
    base::heed(stop_);
    const std::string name = include_path(path, relative_to_file).string();
    const std::string canonical = canonical_path(name);
    refuse_circle(canonical, name, at);
    std::error_code missing;
    if (const auto status = fs::status(name, missing); fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) {
        throw Error(ErrorCode::input, fmt::format("cannot include \"{}\": it is not a regular file", name)).at(at);
    }
    std::string bytes;
    try {
        bytes = base::read_file(name);
    } catch (Error& error) {
        error.at(at);
        throw;
    }
    included_ += bytes.size();
    if (included_ > kMostIncluded) {
        throw Error(ErrorCode::input, "the included files hold more than 256 MiB").at(at);
    }
    script_.includes.push_back(name);
    read_file(bytes, name, canonical, 1);
}

}  // namespace

namespace {

void check_values(const Variables& variables) {
    for (const auto& [variable, value] : variables) {
        if (first_invalid_utf8(value) || value.find('\0') != std::string::npos) {
            throw Error(ErrorCode::input, fmt::format("the value of the variable \"{}\" is not valid UTF-8", variable));
        }
    }
}

}  // namespace

Script read_script(std::string_view bytes, const std::string& name, const Variables& variables, int first_line,
                   const base::StopSignal* stop) {
    check_values(variables);
    Script script;
    on_large_stack([&] {
        Reader reader(variables, stop);
        reader.read_file(bytes, name, canonical_path(name), first_line);
        script = reader.take();
    });
    return script;
}

void read_statements(std::string_view bytes, const std::string& name, const Variables& variables,
                     const std::function<void(Statement&&)>& take, const base::StopSignal* stop) {
    check_values(variables);
    on_large_stack([&] { Reader(variables, stop, &take).read_file(bytes, name, canonical_path(name), 1); });
}

}  // namespace pgbelay::sql
