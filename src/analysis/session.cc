#include "analysis/session.h"

#include <pg_query/pg_query.pb-c.h>

#include <map>

namespace pgbelay::analysis {

namespace {

struct Words {
    std::string_view name;
    std::string_view message;
    std::string_view hint;
};

constexpr Words kPrepared{"prepare", "a prepared statement cannot outlive its transaction here: later steps run on other connections",
                          "write the statement itself where it is executed"};
constexpr Words kCursor{"cursor", "a cursor cannot outlive its transaction here, and nobody reads from it",
                        "write the loop as a DO block, or the whole as one statement"};
constexpr Words kListen{"listen", "LISTEN belongs to a session that ends with its step: nobody would hear it",
                        "leave it to the application"};
constexpr Words kLoad{"load", "LOAD changes one session only, and later steps run on other connections",
                      "use session_preload_libraries, or leave it out"};
constexpr Words kDiscard{"discard", "DISCARD changes one session only, and every step has a clean one anyway", "leave it out"};

const Words& words_for(const std::string& kind) {
    static const std::map<std::string_view, const Words*> kinds{
        {"PrepareStmt", &kPrepared},     {"ExecuteStmt", &kPrepared}, {"DeallocateStmt", &kPrepared},
        {"DeclareCursorStmt", &kCursor}, {"FetchStmt", &kCursor},     {"ClosePortalStmt", &kCursor},
        {"ListenStmt", &kListen},        {"UnlistenStmt", &kListen},  {"LoadStmt", &kLoad},
    };
    const auto found = kinds.find(kind);
    return found == kinds.end() ? kDiscard : *found->second;
}

}  // namespace

Analysis analyze_session(const sql::Statement& statement, const Context& /*ctx*/) {
    const auto& words = words_for(statement.kind);
    Analysis analysis;
    analysis.name = std::string(words.name);
    analysis.refusal = Refusal{std::string(words.message), std::string(words.hint)};
    return analysis;
}

}  // namespace pgbelay::analysis
