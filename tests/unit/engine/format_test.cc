// Journals of other formats: older ones are brought to ours by whoever holds the database, newer ones are refused.
#include "engine/journal/format.h"

#include "base/file.h"
#include "engine/journal/journal.h"
#include "engine/session.h"
#include "server.h"

#include <gmock/gmock.h>

#include <fmt/core.h>

namespace pgbelay::engine {
namespace {

using testing::Database;
using ::testing::HasSubstr;
using testing::value;

constexpr base::Millis kPatience{300};

// Everything about the schema that a program or a person with rights could notice, but for the order of columns.
constexpr const char* kTables =
    "SELECT string_agg(line, E'\\n' ORDER BY line) FROM ("
    "SELECT format('%s.%s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, "
    "pg_get_expr(d.adbin, d.adrelid)) "
    "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
    "WHERE c.relnamespace = 'pgbelay'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r' "
    "UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'pgbelay'::regnamespace "
    "UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'pgbelay' "
    "UNION ALL SELECT format('%s %s %s %s', relname, relkind, relowner::regrole, (SELECT string_agg(acl::text, ' ' ORDER BY acl::text) "
    "FROM unnest(relacl) acl)) "
    "FROM pg_class WHERE relnamespace = 'pgbelay'::regnamespace "
    "UNION ALL SELECT format('%s %s %s', nspowner::regrole, (SELECT string_agg(acl::text, ' ' ORDER BY acl::text) FROM unnest(nspacl) "
    "acl), "
    "obj_description(oid)) FROM pg_namespace WHERE nspname = 'pgbelay') x (line)";

class Format : public ::testing::Test {
protected:
    void make_old(const std::string& more = "", int format = 1) {
        const std::string file = fmt::format("{}/tests/unit/engine/journal_format_{}.sql", PGBELAY_SOURCE_DIR, format);
        testing::run(target_.control(), base::read_file(file) + more);
    }
    std::string look(const std::string& sql) {
        pg::Connection connection = database_.open();
        return value(connection, sql);
    }
    std::string refusal_of_a_session(Target& target) {
        try {
            const Session session(target, kPatience);
        } catch (const base::Error& error) {
            EXPECT_EQ(error.code(), base::ErrorCode::refused);
            return error.message() + " | " + error.hint();
        }
        return "not refused";
    }

    Database database_;
    Target target_ = database_.target();
};

TEST_F(Format, AnOlderJournalBecomesTheSameAsANewOneAndKeepsItsRuns) {
    make_old(
        "INSERT INTO pgbelay.run (kind, name, digest, plan_digest, plan, state, operator, client, url_source, system_identifier, "
        "database_oid) "
        "VALUES ('deploy', 'old', 'd', 'p', '', 'stopped', 'o', 'c', 'u', '', 1);");
    EXPECT_EQ(journal_state(target_.control()).version, 1);
    EXPECT_EQ(journal_state(target_.control()).refusal, "");
    // Whoever only looks needs no upgrade.
    EXPECT_EQ(list_runs(target_.control(), 5).at(0).name, "old");
    {
        const Session session(target_, kPatience);
    }
    EXPECT_EQ(journal_state(target_.control()).version, kJournalFormat);
    EXPECT_EQ(look("SELECT id || ' ' || name || ' ' || incarnation FROM pgbelay.run"), "1 old ");

    const Database fresh;
    Target other = fresh.target();
    ensure_journal(other.control());
    EXPECT_EQ(look(kTables), value(other.control(), kTables));
}

TEST_F(Format, TheOneBeforeBecomesTheSameAsANewOne) {
    make_old(
        "INSERT INTO pgbelay.run (kind, name, digest, plan_digest, plan, state, operator, client, url_source, system_identifier, "
        "database_oid) "
        "VALUES ('deploy', 'old', 'd', 'p', '', 'stopped', 'o', 'c', 'u', '', 1);",
        2);
    EXPECT_TRUE(read_evidence(target_.control(), 1).empty()) << "whoever only looks needs no upgrade";
    {
        const Session session(target_, kPatience);
    }
    EXPECT_EQ(journal_state(target_.control()).version, kJournalFormat);
    const Database fresh;
    Target other = fresh.target();
    ensure_journal(other.control());
    EXPECT_EQ(look(kTables), value(other.control(), kTables));
    EXPECT_EQ(look("SELECT name FROM pgbelay.run"), "old");
}

// `init-db --owner journal_owner --grant journal_deployer` as format 1 had it, upgraded by someone else whom the owner's rights cover.
TEST_F(Format, AnUpgradeLeavesOwnerAndGrantsAsInANewJournal) {
    testing::run(target_.control(),
                 "DROP ROLE IF EXISTS journal_owner, journal_deployer; CREATE ROLE journal_owner; CREATE ROLE journal_deployer");
    make_old(
        "GRANT USAGE ON SCHEMA pgbelay TO journal_deployer;"
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgbelay TO journal_deployer;"
        "ALTER SCHEMA pgbelay OWNER TO journal_owner;"
        "DO $$ DECLARE t regclass; BEGIN FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'pgbelay'::regnamespace AND relkind = 'r' "
        "LOOP EXECUTE format('ALTER TABLE %s OWNER TO journal_owner', t); END LOOP; END $$;");
    {
        const Session session(target_, kPatience);
    }
    const JournalState upgraded = journal_state(target_.control());
    EXPECT_EQ(upgraded.refusal, "");
    EXPECT_EQ(upgraded.version, kJournalFormat);

    {
        const Database fresh;
        Target other = fresh.target();
        ensure_journal(other.control(), "journal_owner", {"journal_deployer"});
        EXPECT_EQ(look(kTables), value(other.control(), kTables));
    }
    // Whoever was granted rights of format 1 deploys on.
    pg::Connection deployer = database_.open();
    testing::run(deployer, "SET ROLE journal_deployer");
    EXPECT_EQ(journal_state(deployer).refusal, "");
    testing::run(target_.control(),
                 "DROP SCHEMA pgbelay CASCADE; DROP OWNED BY journal_owner, journal_deployer; DROP ROLE journal_owner, journal_deployer");
}

TEST_F(Format, ARunOfAnOlderFormatIsTakenOver) {
    make_old(
        "INSERT INTO pgbelay.run (kind, name, digest, plan_digest, plan, state, operator, client, url_source, system_identifier, "
        "database_oid) "
        "VALUES ('deploy', 'old', 'd', 'p', '', 'stopped', 'o', 'c', 'u', '', 1);");
    Session session(target_, kPatience);
    session.take_over(1, [](const std::string&) {});
    EXPECT_EQ(session.key().epoch, 2);
    EXPECT_EQ(session.take_up_again(session.key(), [](const std::string&) {}), Session::TakenUp::unfinished);
}

TEST_F(Format, ANewerJournalIsRefusedForReadingToo) {
    ensure_journal(target_.control());
    testing::run(target_.control(), "UPDATE pgbelay.journal SET version = 9");
    EXPECT_THAT(refusal_of_a_session(target_),
                HasSubstr(fmt::format("has format 9, and this version of pgbelay knows formats up to {}", kJournalFormat)));
    EXPECT_THROW(journal_exists(target_.control()), base::Error);
    EXPECT_THROW(ensure_journal(target_.control()), base::Error);
    EXPECT_EQ(look("SELECT version FROM pgbelay.journal"), "9");
}

TEST_F(Format, WhoDoesNotOwnAnOlderJournalIsToldWhoMayUpgradeIt) {
    make_old(
        "DROP ROLE IF EXISTS journal_user; CREATE ROLE journal_user;"
        "GRANT USAGE ON SCHEMA pgbelay TO journal_user; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgbelay TO "
        "journal_user;");
    pg::Connection user = database_.open();
    testing::run(user, "SET ROLE journal_user");
    const JournalState state = journal_state(user);
    EXPECT_THAT(state.refusal, HasSubstr("only its owner postgres may do"));
    EXPECT_THAT(state.way_out, HasSubstr("init-db"));
    EXPECT_THROW(upgrade_journal(user), base::Error);
    testing::run(target_.control(), "DROP OWNED BY journal_user; DROP ROLE journal_user");
}

}  // namespace
}  // namespace pgbelay::engine
