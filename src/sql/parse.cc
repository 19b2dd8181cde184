// The only file that calls libpg_query.
#include "sql/copy_message.h"
#include "sql/large_stack.h"
#include "sql/message.h"
#include "sql/nesting.h"
#include "sql/tokens.h"
#include "sql/tree.h"

#include <fmt/core.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <memory>
#include <utility>

namespace pgbelay::sql {

namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kLargestStatement = std::size_t{16} << 20;
// What the grammar is asked to parse at all: libpg_query's time and stack grow with the depth, quadratically and by more than
// a kilobyte a level.
constexpr std::size_t kDeepestParse = 5'000;
// What a tree may have in messages within messages, so that everybody can walk and free it on an ordinary stack.
constexpr std::size_t kDeepestTree = 4'000;

// libpg_query makes messages of trees and tokens, in memory that it frees before it returns, only to pack them into bytes, which costs
// several times what parsing does, and that a reader has to unpack again. What it calls to pack them is ours (the linker's
// --wrap, in cmake/Dependencies.cmake), and takes a copy instead. No exception may pass through C.
struct TakenTree {
    std::unique_ptr<Arena> arena = std::make_unique<Arena>();
    const PgQuery__ParseResult* result = nullptr;  // null: nested too deeply
    std::exception_ptr failure;
    void take(const PgQuery__ParseResult& made) {
        try {
            result = reinterpret_cast<const PgQuery__ParseResult*>(copy_message(made.base, kDeepestTree, *arena));
        } catch (...) {
            failure = std::current_exception();
        }
    }
};

struct Scanned {
    std::int32_t start;
    std::int32_t end;
    bool keyword;
    bool comment;
};

struct TakenTokens {
    std::vector<Scanned> tokens;
    std::exception_ptr failure;
    void take(const PgQuery__ScanResult& made) {
        try {
            tokens.reserve(made.n_tokens);
            for (std::size_t i = 0; i < made.n_tokens; ++i) {
                const PgQuery__ScanToken& token = *made.tokens[i];
                tokens.push_back({token.start, token.end, token.keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD,
                                  token.token == PG_QUERY__TOKEN__SQL_COMMENT || token.token == PG_QUERY__TOKEN__C_COMMENT});
            }
        } catch (...) {
            failure = std::current_exception();
        }
    }
};

thread_local TakenTree* taking_tree = nullptr;
thread_local TakenTokens* taking_tokens = nullptr;

extern "C" {
std::size_t __real_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* message);
std::size_t __real_pg_query__parse_result__pack(const PgQuery__ParseResult* message, std::uint8_t* out);
std::size_t __real_pg_query__scan_result__get_packed_size(const PgQuery__ScanResult* message);
std::size_t __real_pg_query__scan_result__pack(const PgQuery__ScanResult* message, std::uint8_t* out);

std::size_t __wrap_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* message) {
    if (taking_tree == nullptr) {
        return __real_pg_query__parse_result__get_packed_size(message);
    }
    taking_tree->take(*message);
    return 0;
}

std::size_t __wrap_pg_query__parse_result__pack(const PgQuery__ParseResult* message, std::uint8_t* out) {
    return taking_tree == nullptr ? __real_pg_query__parse_result__pack(message, out) : 0;
}

std::size_t __wrap_pg_query__scan_result__get_packed_size(const PgQuery__ScanResult* message) {
    if (taking_tokens == nullptr) {
        return __real_pg_query__scan_result__get_packed_size(message);
    }
    taking_tokens->take(*message);
    return 0;
}

std::size_t __wrap_pg_query__scan_result__pack(const PgQuery__ScanResult* message, std::uint8_t* out) {
    return taking_tokens == nullptr ? __real_pg_query__scan_result__pack(message, out) : 0;
}

// PgQueryInternalParsetreeAndError of pg_query_internal.h, whose other includes are no C++.
struct RawParse {
    void* tree;
    char* stderr_buffer;
    PgQueryError* error;
};
RawParse __real_pg_query_raw_parse(const char* input, int options);

// What the parser wrote to stderr, which is nothing: pg_query_parse_plpgsql() loses it where a body is wrong.
RawParse __wrap_pg_query_raw_parse(const char* input, int options) {
    RawParse result = __real_pg_query_raw_parse(input, options);
    std::free(result.stderr_buffer);
    result.stderr_buffer = nullptr;
    return result;
}
}

void check_size(std::string_view sql) {
    if (sql.size() > kLargestStatement) {
        throw Error(ErrorCode::input, fmt::format("a statement of {} MiB: 16 MiB are the limit", sql.size() >> 20))
            .hint("load large data with COPY … FROM stdin, or split the statement");
    }
    if (sql.find('\0') != std::string_view::npos) {
        throw Error(ErrorCode::input, "a statement contains a NUL byte");
    }
}

// libpg_query counts characters from 1 and says 0 when it does not know.
std::size_t byte_offset(std::string_view sql, int cursor) {
    std::size_t at = 0;
    for (int character = 1; character < cursor && at < sql.size(); ++character) {
        ++at;
        while (at < sql.size() && (static_cast<unsigned char>(sql[at]) & 0xC0U) == 0x80U) {
            ++at;
        }
    }
    return at;
}

SyntaxError to_syntax_error(std::string_view sql, const PgQueryError& error) {
    const std::string message = error.message != nullptr ? error.message : "syntax error";
    return {message, byte_offset(sql, error.cursorpos)};
}

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return result;
}

Token to_token(std::string_view sql, const Scanned& raw) {
    Token token{.begin = static_cast<std::size_t>(raw.start), .end = static_cast<std::size_t>(raw.end)};
    token.end = std::clamp(token.end, token.begin, sql.size());
    token.keyword = raw.keyword;
    token.comment = raw.comment;
    const auto written = sql.substr(token.begin, token.end - token.begin);
    token.text = token.keyword ? lower(written) : std::string(written);
    return token;
}

bool is_unicode_quote(std::string_view text) {
    return text.size() > 2 && (text[0] == 'U' || text[0] == 'u') && text[1] == '&' && (text[2] == '\'' || text[2] == '"');
}

std::variant<std::vector<Token>, SyntaxError> try_scan(std::string_view sql) {
    const std::string text(sql);
    TakenTokens taken;
    taking_tokens = &taken;
    const PgQueryScanResult result = pg_query_scan(text.c_str());
    taking_tokens = nullptr;
    struct Free {
        const PgQueryScanResult& result;
        ~Free() { pg_query_free_scan_result(result); }
    } free_result{result};
    if (result.error != nullptr) {
        return to_syntax_error(sql, *result.error);
    }
    if (taken.failure) {
        std::rethrow_exception(taken.failure);
    }
    std::vector<Token> tokens;
    tokens.reserve(taken.tokens.size());
    for (std::size_t i = 0; i < taken.tokens.size(); ++i) {
        Scanned& raw = taken.tokens[i];
        if (is_unicode_quote(sql.substr(static_cast<std::size_t>(raw.start)))) {
            // libpg_query 15 does not know where these end: nothing but white space stands before the next token.
            const auto next = i + 1 < taken.tokens.size() ? static_cast<std::size_t>(taken.tokens[i + 1].start) : sql.size();
            raw.end = static_cast<std::int32_t>(sql.substr(0, next).find_last_not_of(" \t\r\n\f\v") + 1);
        }
        tokens.push_back(to_token(sql, raw));
    }
    return tokens;
}

// The grammar looks one token ahead after NOT, NULLS, WITH and string constants, and stumbles over a comment there
// (`NOT /* c */ IN`). Between two string constants a block comment stays: blanks could join them into one.
std::string blank_comments(std::string_view sql, const std::vector<Token>& tokens) {
    std::string text(sql);
    char before = '\0';
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (!tokens[i].comment) {
            before = tokens[i].end > 0 ? text[tokens[i].end - 1] : '\0';
            continue;
        }
        const bool joins = before == '\'' && text[tokens[i].begin] == '/' && i + 1 < tokens.size() && text[tokens[i + 1].begin] == '\'';
        if (!joins) {
            std::fill(text.begin() + static_cast<std::ptrdiff_t>(tokens[i].begin),
                      text.begin() + static_cast<std::ptrdiff_t>(tokens[i].end), ' ');
        }
    }
    return text;
}

std::variant<Tree, SyntaxError> parse_here(const std::string& sql) {
    TakenTree taken;
    taking_tree = &taken;
    const PgQueryProtobufParseResult result = pg_query_parse_protobuf(sql.c_str());
    taking_tree = nullptr;
    struct Free {
        const PgQueryProtobufParseResult& result;
        ~Free() { pg_query_free_protobuf_parse_result(result); }
    } free_result{result};
    if (result.error != nullptr) {
        return to_syntax_error(sql, *result.error);
    }
    if (taken.failure) {
        std::rethrow_exception(taken.failure);
    }
    if (taken.result == nullptr) {
        return SyntaxError{"nested too deeply to be analysed", 0};
    }
    return Tree(std::move(taken.arena), *taken.result);
}

bool has_comment_marks(std::string_view sql) {
    return sql.find("--") != std::string_view::npos || sql.find("/*") != std::string_view::npos;
}

// The text that libpg_query is asked to read, byte for byte in the place of the one given.
std::variant<std::string, SyntaxError> prepared(std::string_view sql) {
    // A level takes a token, which takes a byte.
    if (sql.size() <= kDeepestParse && !has_comment_marks(sql)) {
        return std::string(sql);
    }
    auto scanned = try_scan(sql);
    if (const auto* error = std::get_if<SyntaxError>(&scanned)) {
        return *error;
    }
    const auto& tokens = std::get<std::vector<Token>>(scanned);
    if (const auto offset = nested_beyond(tokens, kDeepestParse)) {
        return SyntaxError{"nested too deeply to be analysed", *offset};
    }
    return blank_comments(sql, tokens);
}

}  // namespace

std::size_t Tree::size() const {
    return result_->n_stmts;
}

const PgQuery__Node& Tree::statement(std::size_t i) const {
    return *result_->stmts[i]->stmt;
}

std::vector<Token> scan(std::string_view sql) {
    check_size(sql);
    auto scanned = try_scan(sql);
    if (const auto* error = std::get_if<SyntaxError>(&scanned)) {
        throw Error(ErrorCode::input, error->message);
    }
    return std::get<std::vector<Token>>(std::move(scanned));
}

std::variant<Tree, SyntaxError> parse(std::string_view sql) {
    check_size(sql);
    std::variant<Tree, SyntaxError> result = SyntaxError{};
    on_large_stack([&] {
        auto text = prepared(sql);
        if (const auto* error = std::get_if<SyntaxError>(&text)) {
            result = *error;
        } else {
            result = parse_here(std::get<std::string>(text));
        }
    });
    return result;
}

std::variant<std::string, SyntaxError> plpgsql_json(std::string_view statement) {
    check_size(statement);
    std::variant<std::string, SyntaxError> answer = SyntaxError{};
    on_large_stack([&] {
        const auto text = prepared(statement);
        if (const auto* error = std::get_if<SyntaxError>(&text)) {
            answer = *error;
            return;
        }
        const PgQueryPlpgsqlParseResult result = pg_query_parse_plpgsql(std::get<std::string>(text).c_str());
        if (result.error != nullptr) {
            answer = to_syntax_error(statement, *result.error);
        } else {
            answer = std::string(result.plpgsql_funcs);
        }
        pg_query_free_plpgsql_parse_result(result);
    });
    return answer;
}

std::string node_kind(const PgQuery__Node& node) {
    for (const auto& field : fields_of(node.base)) {
        if (count_of(node.base, field) == 1) {
            const auto* child = child_of(node.base, field, 0);
            return child != nullptr ? std::string(type_of(*child)) : std::string();
        }
    }
    return {};
}

bool same_tree(std::string_view a, std::string_view b) {
    const auto x = parse(a);
    const auto y = parse(b);
    const auto* first = std::get_if<Tree>(&x);
    const auto* second = std::get_if<Tree>(&y);
    return first != nullptr && second != nullptr && equal_but_for_locations(first->root().base, second->root().base);
}

std::string parser_name() {
    return fmt::format("PostgreSQL {} grammar (libpg_query)", PG_MAJORVERSION);
}

int parser_major() {
    return PG_VERSION_NUM / 10'000;
}

}  // namespace pgbelay::sql
