// The only file that calls libpg_query.
#include "sql/message.h"
#include "sql/nesting.h"
#include "sql/tokens.h"
#include "sql/tree.h"

#include <fmt/core.h>
#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>
#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>

namespace pgbelay::sql {

namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t kLargestStatement = std::size_t{16} << 20;
constexpr std::size_t kStackSize = std::size_t{512} << 20;
// What the grammar is asked to parse at all: libpg_query's time and stack grow with the depth, quadratically and by more than
// a kilobyte a level.
constexpr std::size_t kDeepestParse = 5'000;
// What a tree may have in messages within messages, so that everybody can walk and free it on an ordinary stack.
constexpr std::size_t kDeepestTree = 4'000;

extern "C" void* serve_parsing(void* thread);

// One thread for all parsing, with a stack that is large (reserved, not used, so that it costs nothing). One and not one a statement:
// libpg_query takes one of the process's 1024 thread keys for every thread that it sees, and never gives it back.
class ParsingThread {
public:
    ParsingThread() {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, kStackSize);
        const int failed = pthread_create(&thread_, &attributes, serve_parsing, this);
        pthread_attr_destroy(&attributes);
        if (failed != 0) {
            throw Error(ErrorCode::internal, fmt::format("cannot start a thread to parse on: {}", std::strerror(failed)))
                .hint("allow the process 512 MB more of address space (ulimit -v)");
        }
    }
    ~ParsingThread() {
        {
            const std::lock_guard lock(mutex_);
            over_ = true;
        }
        changed_.notify_all();
        pthread_join(thread_, nullptr);
    }
    ParsingThread(const ParsingThread&) = delete;
    ParsingThread& operator=(const ParsingThread&) = delete;

    // Runs `work` to its end; one caller at a time.
    void run(const std::function<void()>& work) {
        const std::lock_guard turn(turn_);
        std::unique_lock lock(mutex_);
        work_ = &work;
        changed_.notify_all();
        changed_.wait(lock, [&] { return work_ == nullptr; });
    }

    void serve() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return over_ || work_ != nullptr; });
            if (over_) {
                return;
            }
            (*work_)();
            work_ = nullptr;
            changed_.notify_all();
        }
    }

private:
    std::mutex turn_;
    std::mutex mutex_;
    std::condition_variable changed_;
    const std::function<void()>* work_ = nullptr;
    bool over_ = false;
    pthread_t thread_{};
};

extern "C" void* serve_parsing(void* thread) {
    static_cast<ParsingThread*>(thread)->serve();
    return nullptr;
}

// What `work` throws is thrown here.
void on_large_stack(const std::function<void()>& work) {
    static ParsingThread thread;
    std::exception_ptr failure;
    thread.run([&] {
        try {
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    });
    if (failure) {
        std::rethrow_exception(failure);
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

Token to_token(std::string_view sql, const PgQuery__ScanToken& raw) {
    Token token{.begin = static_cast<std::size_t>(raw.start), .end = static_cast<std::size_t>(raw.end)};
    token.end = std::clamp(token.end, token.begin, sql.size());
    token.keyword = raw.keyword_kind != PG_QUERY__KEYWORD_KIND__NO_KEYWORD;
    token.comment = raw.token == PG_QUERY__TOKEN__SQL_COMMENT || raw.token == PG_QUERY__TOKEN__C_COMMENT;
    const auto written = sql.substr(token.begin, token.end - token.begin);
    token.text = token.keyword ? lower(written) : std::string(written);
    return token;
}

bool is_unicode_quote(std::string_view text) {
    return text.size() > 2 && (text[0] == 'U' || text[0] == 'u') && text[1] == '&' && (text[2] == '\'' || text[2] == '"');
}

std::variant<std::vector<Token>, SyntaxError> try_scan(std::string_view sql) {
    const std::string text(sql);
    const PgQueryScanResult result = pg_query_scan(text.c_str());
    struct Free {
        const PgQueryScanResult& result;
        ~Free() { pg_query_free_scan_result(result); }
    } free_result{result};
    if (result.error != nullptr) {
        return to_syntax_error(sql, *result.error);
    }
    auto* scanned = pg_query__scan_result__unpack(nullptr, result.pbuf.len, reinterpret_cast<const std::uint8_t*>(result.pbuf.data));
    if (scanned == nullptr) {
        throw Error(ErrorCode::internal, "libpg_query gave tokens that cannot be read");
    }
    std::vector<Token> tokens;
    tokens.reserve(scanned->n_tokens);
    for (std::size_t i = 0; i < scanned->n_tokens; ++i) {
        auto& raw = *scanned->tokens[i];
        if (is_unicode_quote(sql.substr(static_cast<std::size_t>(raw.start)))) {
            // libpg_query 15 does not know where these end: nothing but white space stands before the next token.
            const auto next = i + 1 < scanned->n_tokens ? static_cast<std::size_t>(scanned->tokens[i + 1]->start) : sql.size();
            raw.end = static_cast<std::int32_t>(sql.substr(0, next).find_last_not_of(" \t\r\n\f\v") + 1);
        }
        tokens.push_back(to_token(sql, raw));
    }
    pg_query__scan_result__free_unpacked(scanned, nullptr);
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

void free_tree(PgQuery__ParseResult* result) {
    pg_query__parse_result__free_unpacked(result, nullptr);
}

std::variant<Tree, SyntaxError> parse_here(const std::string& sql) {
    const PgQueryProtobufParseResult result = pg_query_parse_protobuf(sql.c_str());
    struct Free {
        const PgQueryProtobufParseResult& result;
        ~Free() { pg_query_free_protobuf_parse_result(result); }
    } free_result{result};
    if (result.error != nullptr) {
        return to_syntax_error(sql, *result.error);
    }
    auto* unpacked =
        pg_query__parse_result__unpack(nullptr, result.parse_tree.len, reinterpret_cast<const std::uint8_t*>(result.parse_tree.data));
    if (unpacked == nullptr) {
        throw Error(ErrorCode::internal, "libpg_query gave a tree that cannot be read");
    }
    if (deeper_than(unpacked->base, kDeepestTree)) {
        free_tree(unpacked);
        return SyntaxError{"nested too deeply to be analysed", 0};
    }
    return Tree(unpacked);
}

std::variant<Tree, SyntaxError> prepare_and_parse(std::string_view sql) {
    auto scanned = try_scan(sql);
    if (const auto* error = std::get_if<SyntaxError>(&scanned)) {
        return *error;
    }
    const auto& tokens = std::get<std::vector<Token>>(scanned);
    if (const auto offset = nested_beyond(tokens, kDeepestParse)) {
        return SyntaxError{"nested too deeply to be analysed", *offset};
    }
    return parse_here(blank_comments(sql, tokens));
}

}  // namespace

void Tree::Free::operator()(PgQuery__ParseResult* result) const {
    free_tree(result);
}

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
    on_large_stack([&] { result = prepare_and_parse(sql); });
    return result;
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
