#include "surroundings/hostile_input.h"

#include <fmt/format.h>

#include <random>
#include <string_view>
#include <utility>

namespace pgbelay::test {

namespace {

// One of everything that a lexer or parser keeps a state for.
constexpr std::string_view kScript =
    "\\set limit 10\n\\echo begin :limit\n-- pgbelay: when SELECT true\nCREATE TABLE orders (id bigint PRIMARY KEY, \"Note\" text DEFAULT "
    "'it''s', "
    "at timestamptz DEFAULT now());\n/* outer /* inner */ outer */\nCREATE FUNCTION total(a integer) RETURNS integer LANGUAGE plpgsql AS "
    "$body$\n"
    "BEGIN\n  IF a > 0 THEN RETURN a * 2; END IF;\n  RETURN E'\\\\n'::text::integer;\nEND $body$;\nBEGIN;\n"
    "ALTER TABLE orders ADD COLUMN region text, ADD CHECK (id > 0);\nUPDATE orders SET region = U&'\\0441' WHERE id < :limit;\nCOMMIT;\n"
    "CREATE INDEX orders_region ON orders (lower(region)) WHERE region IS NOT NULL;\nCOPY orders (id) FROM stdin;\n1\n2\n\\.\n"
    "CREATE FUNCTION one() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END;\n\\if true\nSELECT B'101', x'1F', 1.5e10, $1$ a "
    "$1$;\n\\endif\n";

constexpr std::string_view kRunbook =
    "---\npgbelay: 1\nname: \"Orders\"\ntargets:\n  staging: ${STAGING_URL:-}\nlimits: { lock_timeout: 100ms, hold: 2s }\non_breach: "
    "pause\n"
    "blockers: cancel:30s\n---\n# Orders\n\nSome *prose* with `code` and [a link](http://example.org).\n\n## Before\n\n"
    "```sql check expect=empty name=nothing-there\nSELECT 1 WHERE false;\n```\n\n> quoted\n\n1. a list\n   - inside\n\n## Apply\n\n"
    "```sql baseline\n-- fail: after.n < before.n\nSELECT 1 AS n;\n```\n\n"
    "```sql explain max_ms=60000 runs=2\n-- not: Seq Scan\n-- with: $1 = 7\nSELECT $1;\n```\n\n"
    "```sql probe every=1s max_ratio=60000 on_breach=abort\n-- fail: value > baseline\nSELECT 1;\n```\n\n"
    "```sql apply\nCREATE TABLE orders (id bigint);\nCREATE INDEX ON orders (id);\n```\n\n~~~sql rollback\nDROP TABLE orders;\n~~~\n\n"
    "```sh\necho documentation\n```\n";

std::string repeat(std::string_view text, std::size_t times) {
    std::string all;
    all.reserve(text.size() * times);
    for (std::size_t i = 0; i < times; ++i) {
        all += text;
    }
    return all;
}

std::string runbook_of(std::string_view front_matter, std::string_view body = "```sql apply\nSELECT 1;\n```\n") {
    return fmt::format("---\npgbelay: 1\n{}---\n{}", front_matter, body);
}

class Maker {
public:
    std::vector<HostileInput> make() {
        binary();
        huge();
        nested();
        cut();
        changed();
        encodings();
        many();
        includes();
        variables();
        unfinished();
        yaml();
        markdown();
        return std::move(all_);
    }

private:
    void add(std::string name, std::string bytes, std::map<std::string, std::string> others = {}) {
        all_.push_back({std::move(name), std::move(bytes), std::move(others)});
    }

    std::string random_bytes(std::size_t n) {
        std::string bytes(n, '\0');
        for (char& c : bytes) {
            c = static_cast<char>(random_() & 0xFF);
        }
        return bytes;
    }

    void binary() {
        std::size_t n = 0;
        for (const std::size_t size : {1, 2, 7, 64, 500, 4'096, 70'000}) {
            add(fmt::format("binary-{}.sql", n), random_bytes(size));
            add(fmt::format("binary-{}.md", n++), random_bytes(size));
        }
        add("elf.sql",
            "\x7F"
            "ELF\x02\x01\x01" +
                std::string(100, '\0') + random_bytes(2'000));
        add("gzip.sql", "\x1F\x8B\x08" + random_bytes(2'000));
        add("zeros.sql", std::string(100'000, '\0'));
        add("runbook-with-binary.md", runbook_of("", "```sql apply\n" + random_bytes(300) + "\n```\n"));
        add("custom-dump.sql", "PGDMP\x01\x0E" + random_bytes(500));
    }

    void huge() {
        add("huge-comment.sql", "-- " + std::string(20'000'000, 'x') + "\nSELECT 1;\n");
        add("huge-string.sql", "SELECT '" + std::string(8'000'000, 'x') + "';\n");
        add("huge-values.sql", "INSERT INTO nowhere VALUES (1)" + repeat(", (1, 'text of a row')", 2'200'000) + ";\n");
        add("huge-body.sql", "DO $$ BEGIN " + repeat("PERFORM 1 FROM nowhere; ", 2'200'000) + "END $$;\n");
        add("huge-name.sql", "CREATE TABLE \"" + std::string(1'000'000, 'x') + "\" (id integer);\n");
        add("huge-list.sql", "SELECT 1 WHERE 1 IN (" + repeat("1,", 400'000) + "1);\n");
        add("huge-columns.sql", "CREATE TABLE wide (" + repeat("c integer,", 20'000) + "z integer);\n");
        add("huge-blank.sql", std::string(20'000'000, ' ') + "SELECT 1;\n");
        add("huge-dollar.sql", "DO $$" + std::string(5'000'000, '\n') + "$$;\n");
        add("huge-copy.sql", "COPY nowhere FROM stdin;\n" + repeat("1\tabc\n", 300'000) + "\\.\n");
        add("huge-prose.md", runbook_of("", repeat("word ", 2'000'000) + "\n"));
        add("huge-scalar.md", runbook_of("name: \"" + std::string(3'000'000, 'x') + "\"\n"));
    }

    void nested() {
        for (const std::size_t deep : {1'000, 10'000, 200'000}) {
            add(fmt::format("parentheses-{}.sql", deep), "SELECT " + repeat("(", deep) + "1" + repeat(")", deep) + ";\n");
            add(fmt::format("parentheses-open-{}.sql", deep), "SELECT " + repeat("(", deep) + "1;\n");
            add(fmt::format("not-{}.sql", deep), "SELECT " + repeat("NOT ", deep) + "true;\n");
            add(fmt::format("plus-{}.sql", deep), "SELECT 1" + repeat(" + 1", deep) + ";\n");
            add(fmt::format("selects-{}.sql", deep), repeat("SELECT * FROM (", deep) + "SELECT 1" + repeat(") AS a", deep) + ";\n");
            add(fmt::format("cases-{}.sql", deep), "SELECT " + repeat("CASE WHEN true THEN ", deep) + "1" + repeat(" END", deep) + ";\n");
            add(fmt::format("arrays-{}.sql", deep), "SELECT " + repeat("ARRAY[", deep) + "1" + repeat("]", deep) + ";\n");
            add(fmt::format("comments-{}.sql", deep), repeat("/*", deep) + repeat("*/", deep) + "SELECT 1;\n");
            add(fmt::format("comments-open-{}.sql", deep), repeat("/*", deep) + "SELECT 1;\n");
            add(fmt::format("minus-{}.sql", deep), "SELECT " + repeat("- ", deep) + "1;\n");
            add(fmt::format("unions-{}.sql", deep), "SELECT 1" + repeat(" UNION SELECT 1", deep) + ";\n");
            add(fmt::format("begins-{}.sql", deep), repeat("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; ", deep));
            add(fmt::format("if-{}.sql", deep), repeat("\\if true\n", deep) + "SELECT 1;\n");
        }
    }

    void cut() {
        constexpr std::size_t kCuts = 30;
        for (std::size_t i = 1; i <= kCuts; ++i) {
            add(fmt::format("cut-sql-{}.sql", i), std::string(kScript.substr(0, kScript.size() * i / (kCuts + 1))));
            add(fmt::format("cut-runbook-{}.md", i), std::string(kRunbook.substr(0, kRunbook.size() * i / (kCuts + 1))));
        }
    }

    // Bytes exchanged, doubled and taken out, a few at a time.
    std::string mutate(std::string_view text) {
        std::string bytes(text);
        for (int i = 0; i < 4; ++i) {
            const std::size_t at = random_() % bytes.size();
            switch (random_() % 4) {
                case 0: bytes[at] = static_cast<char>(random_() & 0x7F); break;
                case 1: bytes.erase(at, 1 + random_() % 9); break;
                case 2: bytes.insert(at, bytes.substr(random_() % bytes.size(), 1 + random_() % 40)); break;
                default: bytes.insert(at, 1, "'\"$;\\/*():{}`-\n"[random_() % 15]); break;
            }
        }
        return bytes;
    }
    void changed() {
        for (int i = 0; i < 25; ++i) {
            add(fmt::format("changed-sql-{}.sql", i), mutate(kScript));
            add(fmt::format("changed-runbook-{}.md", i), mutate(kRunbook));
        }
    }

    static std::string utf16(std::string_view text, bool little) {
        std::string bytes = little ? "\xFF\xFE" : "\xFE\xFF";
        for (const char c : text) {
            little ? (bytes += c, bytes += '\0') : (bytes += '\0', bytes += c);
        }
        return bytes;
    }
    void encodings() {
        add("utf16-le.sql", utf16(kScript, true));
        add("utf16-be.sql", utf16(kScript, false));
        add("utf16.md", utf16(kRunbook, true));
        add("latin1.sql",
            "CREATE TABLE gr\xF6\xDF"
            "e (id integer);\n");
        add("latin1-later.sql", "CREATE TABLE t (id integer);\n-- \xE9t\xE9\n");
        add("mixed.sql", "SELECT '\xC3\xA9', '\xE9';\n");
        add("overlong.sql", "SELECT '\xC0\xA7';\n");
        add("surrogate.sql", "SELECT '\xED\xA0\x80';\n");
        add("beyond.sql", "SELECT '\xF4\x90\x80\x80';\n");
        add("half-character.sql", "SELECT '\xE2\x82");
        add("nul-in-string.sql", std::string("SELECT 'a\0b';\n", 14));
        add("two-boms.sql", "\xEF\xBB\xBF\xEF\xBB\xBFSELECT 1;\n");
        add("bom-later.sql", "SELECT 1;\n\xEF\xBB\xBFSELECT 2;\n");
        add("carriage-returns.sql", "SELECT 1;\r-- x\rSELECT 2;\r");
        add("carriage-returns.md", "---\rpgbelay: 1\r---\r");
        add("bidi.sql", "CREATE TABLE \"\xE2\x80\xAEstresu\" (id integer); -- \xE2\x80\xAE\n");
        add("no-break-space.sql",
            "SELECT\xC2\xA0"
            "1;\n");
        add("escapes.sql", "SELECT '\x1B[2J\x1B]0;x\x07';\n\x1B[31m\n");
    }

    void many() {
        add("many-selects.sql", repeat("SELECT 1;\n", 3'000));
        add("many-more-selects.sql", repeat("SELECT 1;\n", 100'001));
        add("many-semicolons.sql", repeat(";", 200'000));
        std::string tables;
        for (int i = 0; i < 1'500; ++i) {
            tables += fmt::format("CREATE TABLE hostile_{} (id integer);\n", i);
        }
        add("many-tables.sql", "BEGIN;\n" + tables + "COMMIT;\n");
        add("many-errors.sql", repeat("SELEC 1;\n", 3'000));
        add("many-begins.sql", repeat("BEGIN;\n", 3'000));
        add("many-commits.sql", repeat("COMMIT;\n", 3'000));
        add("many-comments.sql", repeat("-- pgbelay: when SELECT true\n", 20'000) + "SELECT 1;\n");
        add("empty.sql", "");
        add("only-comment.sql", "-- nothing\n");
        add("empty.md", "");
    }

    void includes() {
        add("include-itself.sql", "\\i include-itself.sql\n");
        add("include-itself-relative.sql", "SELECT 1;\n\\ir ./include-itself-relative.sql\n");
        add("include-circle.sql", "\\ir a.sql\n", {{"a.sql", "\\ir b.sql\n"}, {"b.sql", "SELECT 1;\n\\ir include-circle.sql\n"}});
        add("include-through-folder.sql", "\\ir x/../include-through-folder.sql\n", {{"x/y.sql", "SELECT 1;\n"}});
        std::map<std::string, std::string> chain;
        for (int i = 0; i < 300; ++i) {
            chain[fmt::format("chain-{}.sql", i)] = fmt::format("\\ir chain-{}.sql\n", i + 1);
        }
        add("include-chain.sql", "\\ir chain-0.sql\n", std::move(chain));
        // Each takes in the next one twice: two to the power of forty.
        std::map<std::string, std::string> tree;
        for (int i = 0; i < 40; ++i) {
            tree[fmt::format("tree-{}.sql", i)] = fmt::format("\\ir tree-{0}.sql\n\\ir tree-{0}.sql\n", i + 1);
        }
        tree["tree-40.sql"] = "SELECT 1;\n";
        add("include-tree.sql", "\\ir tree-0.sql\n", std::move(tree));
        add("include-missing.sql", "\\i nowhere/at/all.sql\n");
        add("include-folder.sql", "\\i .\n");
        add("include-zeros.sql", "\\i /dev/zero\n");
        add("include-null.sql", "\\i /dev/null\n");
        add("include-terminal.sql", "\\i /dev/tty\n");
        add("include-binary.sql", "\\ir binary.bin\n", {{"binary.bin", random_bytes(3'000)}});
        add("include-missing.md", runbook_of("", "```sql apply file=nowhere.sql\n```\n"));
        add("include-runbook.md", runbook_of("", "```sql apply file=include-runbook.md\n```\n"));
    }

    void variables() {
        add("variable-of-itself.sql", "\\set a :a\nSELECT :a, :'a', :\"a\";\n");
        std::string doubling = "\\set v0 xxxxxxxxxx\n";
        for (int i = 0; i < 40; ++i) {
            doubling += fmt::format("\\set v{} :v{}:v{}\n", i + 1, i, i);
        }
        add("variable-doubles.sql", doubling + "SELECT ':v40', :'v40';\n");
        add("variable-unset.sql", "SELECT :nothing FROM :\"nowhere\";\n");
        add("variable-with-end.sql", "\\set a ';DROP TABLE x;--'\nSELECT :a;\n");
    }

    void unfinished() {
        const std::pair<const char*, const char*> all[] = {
            {"quote", "SELECT 'abc"},
            {"name", "SELECT \"abc"},
            {"dollar", "DO $x$ BEGIN"},
            {"comment", "SELECT 1 /* x"},
            {"if", "\\if true\nSELECT 1;\n"},
            {"endif", "\\endif\nSELECT 1;\n"},
            {"else", "\\else\n"},
            {"copy", "COPY t FROM stdin;\n1\n2\n"},
            {"begin", "BEGIN;\nSELECT 1;\n"},
            {"gexec", "SELECT 1 \\gexec\n"},
            {"shell", "\\! touch touched\n"},
            {"copy-command", "\\copy t from x\n"},
            {"backslash", "\\\n\\\\\n\\ \n"},
            {"set", "\\set\n\\set a\n"},
            {"crosstab", "\\crosstabview"},
            {"e-string", "SELECT E'\\"},
        };
        for (const auto& [name, text] : all) {
            add(fmt::format("unfinished-{}.sql", name), text);
        }
    }

    void yaml() {
        std::string laughs = "limits: &a0 [x]\n";
        for (int i = 1; i < 30; ++i) {
            laughs += fmt::format("k{0}: &a{0} [*a{1},*a{1},*a{1}]\n", i, i - 1);
        }
        const std::pair<const char*, std::string> all[] = {
            {"laughs", laughs},
            {"flow-deep", "limits: " + repeat("[", 50'000) + repeat("]", 50'000) + "\n"},
            {"flow-open", "limits: " + repeat("{a: ", 50'000)},
            {"block-deep",
             [] {
                 std::string text;
                 for (std::size_t i = 0; i < 3'000; ++i) {
                     text += std::string(i, ' ') + "a:\n";
                 }
                 return text;
             }()},
            {"sequences-deep", repeat("- ", 30'000) + "x\n"},
            {"duplicate", "name: a\nname: b\n"},
            {"merge", "limits: {<<: {hold: 1s}}\n"},
            {"tag", "name: !!binary SGVsbG8=\n"},
            {"tab", "limits:\n\thold: 1s\n"},
            {"two-documents", "name: a\n...\nname: b\n"},
            {"key-of-map", "{a: b}: c\n"},
            {"number", "name: 1e999\nlimits: {hold: 99999999999999999999s}\n"},
            {"octal", "limits: {blocked_sessions: 0777}\n"},
            {"null", "name: ~\nlimits: ~\n"},
            {"list", "- a\n- b\n"},
            {"scalar", "just words\n"},
            {"quotes", "name: \"\\x41\\u263A\\U0001F600\\q\"\n"},
            {"folded", "name: >\n  a\n   b\n\n  c\nlimits: |\n  x\n"},
            {"directive", "%YAML 9.9\nname: a\n"},
            {"many-keys", repeat("a: 1\n", 20'000)},
            {"variables", "targets: {a: \"" + repeat("${A:-", 5'000) + "\"}\n"},
        };
        for (const auto& [name, text] : all) {
            add(fmt::format("yaml-{}.md", name), runbook_of(text));
        }
    }

    void markdown() {
        const std::pair<const char*, std::string> all[] = {
            {"open-fence", "```sql apply\nSELECT 1;\n"},
            {"fence-in-quote", "> ```sql apply\n> SELECT 1;\n> ```\n"},
            {"fence-in-list", "- ```sql apply\n  SELECT 1;\n  ```\n"},
            {"quotes-deep", repeat("> ", 30'000) + "x\n"},
            {"brackets", repeat("[", 60'000) + "\n"},
            {"emphasis", repeat("*a **a ", 30'000) + "\n"},
            {"backticks", repeat("`` ` ", 30'000) + "\n"},
            {"headings", repeat("# same\n", 20'000)},
            {"fences", repeat("```sql check expect=empty\nSELECT 1 WHERE false;\n```\n", 800)},
            {"names", repeat("```sql apply name=same\nSELECT 1;\n```\n", 3)},
            {"verb", "```sql aply\nSELECT 1;\n```\n"},
            {"attribute", "```sql apply nmae=x\nSELECT 1;\n```\n"},
            {"attribute-entity", "```sql apply name=&amp;&lt;\\*\nSELECT 1;\n```\n"},
            {"attribute-huge", "```sql apply name=" + std::string(200'000, 'x') + "\nSELECT 1;\n```\n"},
            {"attribute-empty", "```sql apply name= = ==\nSELECT 1;\n```\n"},
            {"empty-fence", "```sql apply\n```\n"},
            {"tilde", "~~~~sql apply\n```\nSELECT 1;\n```\n~~~~\n"},
            {"html", "<!--\n```sql apply\nDROP TABLE x;\n```\n-->\n<script>\n"},
            {"no-end", ""},
        };
        for (const auto& [name, text] : all) {
            add(fmt::format("markdown-{}.md", name), runbook_of("", text));
        }
        add("no-front-matter.md", "# Title\n\n```sql apply\nSELECT 1;\n```\n");
        add("open-front-matter.md", "---\npgbelay: 1\nname: x\n");
        add("front-matter-alone.md", "---\n---\n");
        add("newer.md", "---\npgbelay: 2\n---\n");
    }

    std::vector<HostileInput> all_;
    std::mt19937_64 random_{20'261'121};
};

}  // namespace

std::vector<HostileInput> hostile_inputs() {
    return Maker().make();
}

}  // namespace pgbelay::test
