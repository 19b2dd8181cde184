// Input that nobody meant: snippets cut in mid-token, put together at random, and random bytes.
#include "sql/script.h"
#include "sql/tokens.h"

#include "base/clock.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <string_view>

namespace pgbelay::sql {
namespace {

constexpr std::array<std::string_view, 22> kSnippets = {
    "CREATE TABLE \"Üser\" (id serial PRIMARY KEY, note text DEFAULT 'it''s', CHECK (id > 0));\n",
    "ALTER TABLE ONLY public.orders ADD COLUMN a numeric(10, 2) DEFAULT 1.5, ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES s.c (d);\n",
    "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN a = 1 THEN 2 END; END;\n",
    "DO $body$ BEGIN IF EXISTS (SELECT 1) THEN RAISE NOTICE 'x;'; END IF; END $body$;\n",
    "COPY t (a, b) FROM stdin;\n1\t\\N\n2\tx;y\n\\.\n",
    "-- pgbelay: when SELECT true\nDROP INDEX i;\n",
    "-- pgbelay: as-written\n",
    "\\set name 'va''lue' :'name' \\\\ SELECT :\"name\", :'name', :name, :{?name};\n",
    "\\echo one 'two' \\set a :name\n",
    "\\i missing.sql\n",
    "SELECT E'a\\'b' -- c\n 'd\\\\', U&'\\0041', B'01', $1, a::int[], b[1:2] /* /* x */ */;\n",
    "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x ON CONFLICT DO NOTHING RETURNING *;\n",
    "SELECT 1 WHERE 1 NOT /* c */ IN (2) ORDER BY 1 NULLS -- d\n LAST;\r\n",
    "COMMENT ON COLUMN a.b.c IS $$x$$; GRANT SELECT ON a, b TO PUBLIC; DROP FUNCTION f(int), g;\n",
    "CREATE TRIGGER t BEFORE UPDATE ON x FOR EACH ROW EXECUTE FUNCTION y.z();\n",
    "((((((",
    "]]))",
    "/*",
    "'",
    "$$",
    "\xEF\xBB\xBF",
    "\\",
};

class Random {
public:
    std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>(0, limit - 1)(generator_); }

    std::string text() {
        std::string result;
        for (std::size_t pieces = 1 + below(6); pieces > 0; --pieces) {
            const auto snippet = kSnippets[below(kSnippets.size())];
            const std::size_t begin = below(4) == 0 ? below(snippet.size()) : 0;
            const std::size_t end = below(2) == 0 ? begin + below(snippet.size() - begin + 1) : snippet.size();
            result += snippet.substr(begin, end - begin);
        }
        if (below(8) == 0 && !result.empty()) {
            result[below(result.size())] = static_cast<char>(below(256));
        }
        return result;
    }

private:
    std::mt19937 generator_{20240229};  // fixed: a failure can be seen again
};

// What every reader of a script relies on.
void check_script(const std::string& text) {
    Script script;
    try {
        script = read_script(text, "a.sql", {{"name", "1; SELECT ':name"}, {"a", ":a :name"}});
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::input) << error.what();
        EXPECT_GT(error.place().line, 0) << error.what();
        return;
    }
    int n = 0;
    for (const auto& statement : script.statements) {
        EXPECT_EQ(statement.n, ++n);
        EXPECT_FALSE(statement.sql.empty());
        EXPECT_NE(statement.opaque(), !statement.syntax_error.has_value());
        EXPECT_EQ(statement.place, statement.place_at(0));
        EXPECT_EQ(statement.source->bytes().substr(0, statement.sql.size()), statement.sql);
        if (statement.syntax_error) {
            EXPECT_LE(statement.syntax_error->offset, statement.sql.size());
        }
        for (const auto& name : relations_named(statement)) {
            EXPECT_FALSE(name.empty());
        }
        functions_named(statement);
        types_named(statement);
        cut_alter_table(statement.sql);
    }
}

TEST(HostileInput, EndsInAnErrorWithItsPlaceOrInStatements) {
    Random random;
    const auto deadline = base::in(std::chrono::seconds(2));
    int tried = 0;
    for (; base::Clock::now() < deadline && !testing::Test::HasFailure(); ++tried) {
        const auto text = random.text();
        SCOPED_TRACE(text);
        check_script(text);
    }
    EXPECT_GT(tried, 10);
}

TEST(HostileInput, MayBeRandomBytes) {
    Random random;
    for (int i = 0; i < 300; ++i) {
        std::string text;
        for (std::size_t length = random.below(300); length > 0; --length) {
            // Mostly ASCII, so that more than the first check is reached.
            text += static_cast<char>(random.below(20) == 0 ? random.below(256) : 1 + random.below(127));
        }
        SCOPED_TRACE(text);
        check_script(text);
    }
}

}  // namespace
}  // namespace pgbelay::sql
