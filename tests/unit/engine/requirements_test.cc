// What can be required of a server with sessions on it; what only reads the catalog has cases.
#include "engine/requirements.h"

#include "engine/prepare.h"
#include "server.h"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace pgbelay::engine {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class File {
public:
    explicit File(const std::string& require) : path_(::testing::TempDir() + "/requirements_test.md") {
        std::ofstream(path_) << "---\npgbelay: 1\nrequire:\n" << require << "---\n```sql apply\nCREATE TABLE made (id bigint);\n```\n";
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

// "ok connections <50%: there are …", one for each requirement.
std::vector<std::string> asked(const engine::testing::Database& database, const std::string& require) {
    const File file(require);
    const runbook::Runbook runbook = runbook::read({file.path()}, {});
    Target target = database.target();
    const Prepared prepared = prepare(target, runbook, {});
    std::vector<std::string> words;
    for (const Finding& finding : check_requirements(target, runbook, prepared)) {
        words.push_back((finding.level == Finding::Level::ok ? "ok " : "refused ") + finding.message);
    }
    return words;
}

std::string server_url(pg::Connection& connection) {
    return engine::testing::server().url(engine::testing::value(connection, "SELECT current_database()"));
}

TEST(Requirements, CountConnectionsAgainstANumberAndAShare) {
    const engine::testing::Database database;
    const pg::Connection one = database.open();
    EXPECT_THAT(asked(database, "  connections: \"<1000 <100%\"\n"), ElementsAre(HasSubstr("ok connections <1000 <100%: there are ")));
    EXPECT_THAT(asked(database, "  connections: \"<=0\"\n"), ElementsAre(HasSubstr("refused connections <=0: there are ")));
    EXPECT_THAT(asked(database, "  connections: \"<1%\"\n"), ElementsAre(HasSubstr("refused connections <1%")));
}

TEST(Requirements, NameSessionsThatHaveBeenIdleInTheirTransaction) {
    const engine::testing::Database database;
    const std::string require = "  oldest_idle_in_transaction: 1ms\n";
    EXPECT_THAT(asked(database, require), ElementsAre(HasSubstr("ok")));
    pg::Connection idle = database.open();
    engine::testing::run(idle, "BEGIN");
    engine::testing::run(idle, "SELECT 1");
    const std::string pid = fmt::format("pid {}", idle.backend_pid());
    engine::testing::eventually("it is seen", [&] { return asked(database, require).front().find(pid) != std::string::npos; });
    EXPECT_THAT(asked(database, require), ElementsAre(AllOf(HasSubstr("refused"), HasSubstr(pid))));
    EXPECT_THAT(asked(database, "  oldest_idle_in_transaction: 1h\n"), ElementsAre(HasSubstr("ok")));
}

TEST(Requirements, SayWhatIsHiddenFromARole) {
    const engine::testing::Database database;
    pg::Connection admin = database.open();
    engine::testing::run(admin, "CREATE ROLE sees_little LOGIN; GRANT CREATE ON SCHEMA public TO sees_little");
    {
        const File file("  oldest_idle_in_transaction: 1h\n  replication_lag: 1s\n");
        const runbook::Runbook runbook = runbook::read({file.path()}, {});
        std::string url = server_url(admin);
        url.replace(url.find("postgres@"), 9, "sees_little@");
        Target target = Target::open(pg::Conninfo(url, "the test"), nullptr);
        const auto findings = check_requirements(target, runbook, prepare(target, runbook, {}));
        ASSERT_THAT(findings, SizeIs(2));
        for (const Finding& finding : findings) {
            EXPECT_EQ(finding.level, Finding::Level::refusal);
            EXPECT_THAT(finding.message, HasSubstr("hidden from this role"));
            EXPECT_THAT(finding.hint, HasSubstr("GRANT pg_read_all_stats TO sees_little"));
        }
    }
    engine::testing::run(admin, "DROP OWNED BY sees_little; DROP ROLE sees_little");
}

TEST(Requirements, AreNotAskedWhereNothingIsLeftToRun) {
    const engine::testing::Database database;
    pg::Connection connection = database.open();
    engine::testing::run(connection, "CREATE TABLE public.made (id bigint)");
    const File file("  no_relations: made\n");
    runbook::Runbook runbook = runbook::read({file.path()}, {});
    Target target = database.target();
    Prepared prepared = prepare(target, runbook, {});
    for (plan::Step& step : prepared.plan.steps) {
        step.skip = "it is there";
    }
    const auto findings = check_requirements(target, runbook, prepared);
    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings.front().level, Finding::Level::ok);
    EXPECT_THAT(findings.front().message, HasSubstr("nothing is left to run"));
}

}  // namespace
}  // namespace pgbelay::engine
