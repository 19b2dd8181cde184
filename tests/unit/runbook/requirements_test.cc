#include "runbook/requirements.h"

#include "workspace.h"

#include <gmock/gmock.h>

#include <map>
#include <utility>

namespace pgbelay::runbook {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string with(const std::string& yaml) {
    return "---\npgbelay: 1\n" + yaml + "---\n```sql apply\nSELECT 1;\n```\n";
}

Runbook read_text(const std::string& yaml, const std::map<std::string, std::string>& environment = {}) {
    const Workspace w;
    ReadOptions options;
    options.environment = [&](const std::string& name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
    return read({w.write("deploy.md", with(yaml))}, options);
}

base::Error error_of_text(const std::string& yaml, const std::map<std::string, std::string>& environment = {}) {
    try {
        read_text(yaml, environment);
    } catch (const base::Error& error) {
        return error;
    }
    ADD_FAILURE() << "no error from " << yaml;
    return base::Error(base::ErrorCode::internal, "no error");
}

std::vector<std::string> described(const Runbook& runbook) {
    std::vector<std::string> words;
    for (const Requirement& requirement : runbook.requirements) {
        words.push_back(describe(requirement));
    }
    return words;
}

TEST(Range, ComparesVersionsPartByPart) {
    const auto holds = [](const char* range, const char* version) {
        const auto parsed = parse_range(range);
        return parsed && parsed->holds(version_parts(version));
    };
    EXPECT_TRUE(holds(">=13", "13.23"));
    EXPECT_FALSE(holds(">=16", "15.20"));
    EXPECT_TRUE(holds("<=15", "15.20")) << "15 means all of 15";
    EXPECT_FALSE(holds(">15", "15.20"));
    EXPECT_TRUE(holds(">=1.2", "1.10"));
    EXPECT_TRUE(holds(">=14, <18", "17.1"));
    EXPECT_FALSE(holds(">=14 <18", "18.0"));
    EXPECT_TRUE(holds("15", "15.3"));
    EXPECT_TRUE(holds("<>15", "16.1"));
    EXPECT_FALSE(holds("!= 15", "15.1"));
    EXPECT_TRUE(holds(">=3.4", "3.4.0dev"));
    EXPECT_TRUE(holds(">=1.0.1", "1.1"));
}

TEST(Range, IsNothingForWhatIsNone) {
    for (const char* text :
         {"", " ", ">", ">=", "13x", ">=13<18x", "-1", ">=13.", "=> 13", "13 or 14", "99999999999999999999", "%", "≥13"}) {
        EXPECT_FALSE(parse_range(text)) << text;
    }
}

TEST(Requirements, AreReadInTheOrderWritten) {
    const Runbook runbook = read_text(
        "require:\n"
        "  postgres: \">=13 <18\"\n"
        "  database: [orders, orders_staging]\n"
        "  extensions: { pg_trgm: \">=1.5\", citext: any }\n"
        "  tables: [public.orders, \"\\\"Odd.Name\\\".\\\"T\\\"\\\"1\\\"\"]\n"
        "  columns: orders.id\n"
        "  no_relations: orders_new\n"
        "  no_columns: [public.orders.region]\n"
        "  rows: { public.orders: \">1000\" }\n"
        "  no_invalid_indexes: true\n"
        "  oldest_idle_in_transaction: 5min\n"
        "  connections: \"<200 <80%\"\n");
    EXPECT_THAT(described(runbook),
                ElementsAre("postgres >=13 <18", "database orders, orders_staging", "extensions.pg_trgm >=1.5", "extensions.citext any",
                            "tables public.orders", "tables \"Odd.Name\".\"T\"\"1\"", "columns orders.id", "no_relations orders_new",
                            "no_columns public.orders.region", "rows.public.orders >1000", "no_invalid_indexes",
                            "oldest_idle_in_transaction 5min", "connections <200 <80%"));
    EXPECT_EQ(runbook.requirements[5].name, (sql::QualifiedName{"Odd.Name", "T\"1"}));
    EXPECT_EQ(runbook.requirements[6].name, (sql::QualifiedName{"", "orders"}));
    EXPECT_EQ(runbook.requirements[8].column, "region");
    EXPECT_EQ(runbook.requirements[11].time, base::Millis(300'000));
    EXPECT_EQ(runbook.requirements[0].place.line, 4);
}

TEST(Requirements, TakeVariablesWithoutShowingThem) {
    const Runbook runbook =
        read_text("require: { database: \"${DB}\", host: \"${HOST:-db1}\", postgres: \">=${NONE}\" }\n", {{"DB", "orders"}});
    ASSERT_THAT(runbook.requirements, SizeIs(3));
    EXPECT_THAT(runbook.requirements[0].any_of, ElementsAre("orders"));
    EXPECT_EQ(describe(runbook.requirements[0]), "database ${DB}");
    EXPECT_THAT(runbook.requirements[1].any_of, ElementsAre("db1"));
    EXPECT_EQ(runbook.requirements[2].missing, "NONE");
    const base::Error error = error_of_text("require: { postgres: \"${V}\" }\n", {{"V", "hunter2"}});
    EXPECT_THAT(std::string(error.what()) + error.hint(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(error.message(), HasSubstr("${V}"));
}

TEST(Requirements, TakeWhatIsWantedOfEachName) {
    const Runbook runbook = read_text(
        "require:\n  after: { The base: backup.id, Other: a.b }\n  deployed_on: { staging: s.receipt }\n  allowed_signers: keys\n");
    EXPECT_THAT(described(runbook), ElementsAre("after The base (backup.id)", "after Other (a.b)", "deployed_on staging (s.receipt)"));
    EXPECT_EQ(runbook.requirements[0].options.at("value"), "backup.id");
    EXPECT_EQ(runbook.requirements[2].options.at("receipt"), "s.receipt");
    EXPECT_EQ(runbook.requirements[2].options.at("allowed_signers"), "keys");
}

TEST(Requirements, ArePartOfTheDigestAsTheyAreWritten) {
    const std::string none = read_text("").digest;
    const std::string yaml = "require: { database: \"${DB}\" }\n";
    EXPECT_NE(read_text(yaml).digest, none);
    EXPECT_EQ(read_text(yaml, {{"DB", "a"}}).digest, read_text(yaml, {{"DB", "b"}}).digest);
    EXPECT_NE(read_text("require: { postgres: \">=13\" }\n").digest, read_text("require: { postgres: \">=14\" }\n").digest);
    EXPECT_EQ(read_text("require: {}\n").digest, none);
}

struct BadRequirement {
    const char* yaml;
    int line;
    const char* message;
    const char* hint;
};

TEST(Requirements, SayWhereTheyAreWrongAndWhatWouldBeRight) {
    const std::vector<BadRequirement> bad = {
        {"require: { after: { The base: backup } }\n", 3, "\"backup\" is no recorded value", "RECORD.COLUMN"},
        {"require: { same_as: { staging: x } }\n", 3, "same_as", ""},
        {"require: { allowed_signers: x }\n", 3, "nothing has to be approved", "approvals"},
        {"require: 13\n", 3, "needs keys and values", "postgres"},
        {"require:\n  postgre: 13\n", 4, "unknown key \"postgre\" in require", "\"postgres\""},
        {"require:\n  postgres: thirteen\n", 4, "not a range", ">=13"},
        {"require:\n  postgres: 80%\n", 4, "not a range of versions", ">=13"},
        {"require:\n  postgres: [13, 14]\n", 4, "needs a single value", ""},
        {"require:\n  connections: \">10\"\n", 4, "not an upper bound", "<80%"},
        {"require:\n  connections: 80\n", 4, "not an upper bound", "<80%"},
        {"require:\n  rows: { t: 10% }\n", 4, "not a range of row counts", ">1000"},
        {"require:\n  rows: 5\n", 4, "needs keys and values", ""},
        {"require:\n  rows: { a.b.c: 5 }\n", 4, "does not hold a name", "public.orders"},
        {"require:\n  tables: [a.b.c]\n", 4, "does not hold a name", "public.orders"},
        {"require:\n  tables: [\"a..b\"]\n", 4, "does not hold a name", ""},
        {"require:\n  tables: ['\"open']\n", 4, "does not hold a name", ""},
        {"require:\n  columns: id\n", 4, "does not hold a column", "public.orders.region"},
        {"require:\n  database: []\n", 4, "names nothing", ""},
        {"require:\n  no_invalid_indexes: yes\n", 4, "not true or false", ""},
        {"require:\n  replication_lag: 10\n", 4, "not a time", "30s"},
        {"require:\n  replication_lag: \"${\"\n", 4, "no variable", "${NAME}"},
        {"require:\n  extensions: pg_trgm\n", 4, "needs keys and values", "pg_trgm"},
    };
    for (const BadRequirement& b : bad) {
        const base::Error error = error_of_text(b.yaml);
        EXPECT_EQ(error.place().line, b.line) << b.yaml;
        EXPECT_THAT(error.message(), HasSubstr(b.message)) << b.yaml;
        EXPECT_THAT(error.hint(), HasSubstr(b.hint)) << b.yaml;
    }
}

TEST(Requirements, NothingHostileBreaksTheReader) {
    for (const char* value :
         {"\"\\0\"", "'\"\"'", "'\"\".\"\"'", "'.'", "'..'", "'\"a\"b'", "~", "{}", "[[]]", "[{}]", "'\"'", "'\"\"\"'"}) {
        for (const char* key :
             {"postgres", "database", "host", "extensions", "tables", "columns", "no_relations", "no_columns", "rows", "no_invalid_indexes",
              "oldest_prepared_transaction", "oldest_idle_in_transaction", "connections", "replication_lag"}) {
            const std::string yaml = "require:\n  " + std::string(key) + ": " + value + "\n";
            try {
                const Runbook runbook = read_text(yaml);
                for (const Requirement& requirement : runbook.requirements) {
                    EXPECT_THAT(describe(requirement), Not(IsEmpty()));
                }
            } catch (const base::Error& error) {
                EXPECT_EQ(error.code(), base::ErrorCode::input) << yaml;
                EXPECT_GE(error.place().line, 3) << yaml;
            }
        }
    }
}

}  // namespace
}  // namespace pgbelay::runbook
