// What SET and its relatives do to the statements after them.
#include "plan/session.h"

#include "planning.h"

#include <gmock/gmock.h>

namespace pgbelay::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SessionContext after(std::string_view sql) {
    SessionContext context;
    for (const auto& statement : statements(sql)) {
        fold(statement, context);
    }
    return context;
}

Folded fold_one(const std::string& sql) {
    SessionContext context;
    return fold(sql::read_statement(sql), context);
}

TEST(Session, KeepsTheAuthorsBytesInBothForms) {
    const auto context = after("SET SESSION work_mem = '64MB';");
    ASSERT_EQ(context.settings.size(), 1U);
    EXPECT_EQ(context.settings[0], (Setting{"work_mem", "SET LOCAL work_mem = '64MB'", "SET work_mem = '64MB'"}));
}

TEST(Session, LaterValueReplacesTheEarlier) {
    EXPECT_THAT(local_settings(after("SET work_mem = '1MB'; SET jit = off; SET Work_Mem TO '2MB';")),
                ElementsAre("SET LOCAL jit = off", "SET LOCAL Work_Mem TO '2MB'"));
}

TEST(Session, ResetForgets) {
    EXPECT_THAT(local_settings(after("SET work_mem = '1MB'; SET jit = off; RESET work_mem;")), ElementsAre("SET LOCAL jit = off"));
    EXPECT_THAT(local_settings(after("SET work_mem = '1MB'; SET work_mem TO DEFAULT;")), IsEmpty());
    EXPECT_EQ(after("SET search_path = app; RESET search_path;").search_path, "");
}

TEST(Session, ResetAllLeavesTheRole) {
    const auto context = after("SET ROLE owner; SET search_path = app; SET jit = off; RESET ALL;");
    EXPECT_EQ(context.role, "owner");
    EXPECT_EQ(context.search_path, "");
    EXPECT_THAT(local_settings(context), ElementsAre("SET LOCAL ROLE owner"));
}

TEST(Session, RoleIsKnownUntilItIsReset) {
    EXPECT_EQ(after("SET ROLE \"App Owner\";").role, "App Owner");
    EXPECT_EQ(after("SET ROLE a; SET ROLE NONE;"), SessionContext{});
    EXPECT_EQ(after("SET ROLE a; RESET ROLE;"), SessionContext{});
    EXPECT_EQ(after("SELECT set_config('role', 'a', false);").role, "a");
}

TEST(Session, SearchPathIsReadAsTheServerReadsIt) {
    EXPECT_EQ(split_path(after("SET search_path TO App, \"My \"\"Own\"\", x\", public;").search_path, "me"),
              (std::vector<std::string>{"app", "My \"Own\", x", "public"}));
    EXPECT_EQ(split_path(after("SET SCHEMA 'app';").search_path, "me"), (std::vector<std::string>{"app"}));
    EXPECT_EQ(split_path("\"$user\", public", "me"), (std::vector<std::string>{"me", "public"}));
    EXPECT_EQ(split_path(" $user ,Public ", ""), (std::vector<std::string>{"public"}));
    EXPECT_EQ(split_path("\"\"", "me"), (std::vector<std::string>{}));
}

TEST(Session, EmptySearchPathIsNotTheDefault) {
    const auto context = after("SELECT pg_catalog.set_config('search_path', '', false);");
    EXPECT_EQ(context.search_path, "\"\"");
    EXPECT_THAT(local_settings(context), ElementsAre("SELECT pg_catalog.set_config('search_path', '', true)"));
    EXPECT_NE(after("SET search_path = '';").search_path, "");
}

TEST(Session, TimeoutsAreSupersededWhateverTheirForm) {
    for (const auto* sql :
         {"SET lock_timeout = '5s'", "SET LOCAL statement_timeout = 0", "SET SESSION idle_in_transaction_session_timeout = 1",
          "RESET lock_timeout", "SELECT set_config('lock_timeout', '5s', false)", "SELECT set_config('lock_timeout', '5s', true)",
          "SET transaction_timeout = 0"}) {
        const auto folded = fold_one(sql);
        EXPECT_EQ(folded.effect, SessionEffect::superseded) << sql;
        EXPECT_THAT(folded.word, HasSubstr("is superseded by limits"));
    }
}

TEST(Session, RefusesWhatLaterStepsCannotCarry) {
    for (const auto* sql : {"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
                            "SET SESSION AUTHORIZATION bob", "SELECT set_config('work_mem', current_setting('x'), false)"}) {
        EXPECT_EQ(fold_one(sql).effect, SessionEffect::refused) << sql;
    }
}

TEST(Session, LocalSettingsLeaveTheContext) {
    SessionContext context;
    const auto set = sql::read_statement("SET LOCAL search_path = app");
    EXPECT_EQ(fold(set, context).effect, SessionEffect::local);
    EXPECT_EQ(context, SessionContext{});

    EXPECT_TRUE(fold_local(set, context));
    EXPECT_EQ(split_path(context.search_path, ""), (std::vector<std::string>{"app"}));
    EXPECT_TRUE(fold_local(sql::read_statement("SELECT set_config('search_path', 'other', true)"), context));
    EXPECT_EQ(context.search_path, "other");
    EXPECT_FALSE(fold_local(sql::read_statement("SET CONSTRAINTS ALL DEFERRED"), context));
}

TEST(Session, OtherStatementsAreNoneOfIt) {
    for (const auto* sql : {"SELECT 1", "SELECT set_config('a.b', 'c', false) FROM t", "CREATE TABLE t ()", "SELECT lower('x')"}) {
        EXPECT_EQ(fold_one(sql).effect, SessionEffect::none) << sql;
    }
}

TEST(Session, SaysASettingForTheRestOfATransaction) {
    const auto local = [](const std::string& sql) { return as_local(sql::read_statement(sql)); };
    EXPECT_EQ(local("SET SESSION jit = off"), "SET LOCAL jit = off");
    EXPECT_EQ(local("RESET jit"), "SET LOCAL jit TO DEFAULT");
    EXPECT_EQ(local("SELECT set_config('jit', 'off', false)"), "SELECT pg_catalog.set_config('jit', 'off', true)");
    EXPECT_EQ(local("RESET ALL"), std::nullopt);
    EXPECT_EQ(local("RESET search_path"), std::nullopt);
    EXPECT_EQ(local("SELECT 1"), std::nullopt);
}

}  // namespace
}  // namespace pgbelay::plan
