// A real pgbouncer between the program and the server: in session mode everything works, in transaction mode nothing is begun.
#include "base/subprocess.h"
#include "faults/stage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace pgbelay::test {
namespace {

// Debian's; not in everybody's PATH.
constexpr const char* kProgram = "/usr/sbin/pgbouncer";

class Pooler {
public:
    explicit Pooler(const std::string& mode, int size = 20) : configuration_(configure(mode, size)), daemon_(command(), log()) {
        eventually("pgbouncer listens", [&] {
            if (!daemon_.running()) {
                throw std::runtime_error(std::string(kProgram) + " does not run; see " + log());
            }
            return std::filesystem::exists(folder_.path() / ".s.PGSQL.6432");
        });
    }

    std::string url(const Database& database) const {
        return fmt::format("postgresql://postgres@/{}?host={}&port=6432", database.name(), folder_.path().string());
    }

private:
    std::string configure(const std::string& mode, int size) const {
        // As root it runs as another user, who has to get in and make his socket.
        std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
        folder_.write("users.txt", "\"postgres\" \"\"\n");
        folder_.write("pgbouncer.ini",
                      fmt::format("[databases]\n* = host=127.0.0.1 port={}\n"
                                  "[pgbouncer]\nlisten_port = 6432\nunix_socket_dir = {}\nauth_type = trust\nauth_file = {}\n"
                                  "pool_mode = {}\ndefault_pool_size = {}\n",
                                  server().port(), folder_.path().string(), (folder_.path() / "users.txt").string(), mode, size));
        return (folder_.path() / "pgbouncer.ini").string();
    }
    base::Command command() const {
        base::Command command{.argv = {kProgram, configuration_}, .working_directory = folder_.path().string()};
        if (geteuid() == 0) {
            command.as_user = "postgres";
        }
        return command;
    }
    std::string log() const { return (folder_.path() / "log").string(); }

    Folder folder_;
    std::string configuration_;
    base::Daemon daemon_;
};

const std::string kTables = large_table("busy") + "CREATE TABLE counter (n integer NOT NULL); INSERT INTO counter VALUES (0);";

// A run of the program through the pooler.
Stage::Ended through(const Pooler& pooler, const Stage& stage, const std::vector<std::string>& arguments) {
    Client::Setting setting = stage.setting();
    setting.url = pooler.url(stage.database);
    Client client(setting, arguments);
    const int status = client.wait();
    return {status, client.said()};
}

void write_migration(const Stage& stage) {
    stage.folder.write("1.sql",
                       "BEGIN;\nUPDATE counter SET n = n + 1;\nALTER TABLE busy ADD COLUMN region text;\nCOMMIT;\n"
                       "CREATE INDEX busy_a_idx ON busy (a);\n");
}

TEST(Pooler, InSessionModeADeploymentAndItsRollbackWork) {
    const Pooler pooler("session");
    Stage stage(kTables);
    write_migration(stage);
    const auto deployed = through(pooler, stage, {"deploy", "-y", "1.sql"});
    EXPECT_EQ(deployed.status, 0) << deployed.said;
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "1");
    EXPECT_EQ(stage.value("SELECT indisvalid FROM pg_index WHERE indexrelid = 'busy_a_idx'::regclass"), "t");
    EXPECT_EQ(stage.run_state(), "deployed");

    stage.folder.write("2.sql", "CREATE INDEX busy_id_a_idx ON busy (id, a);\n");
    EXPECT_EQ(through(pooler, stage, {"deploy", "-y", "2.sql"}).status, 0);
    const auto undone = through(pooler, stage, {"rollback", "-y"});
    EXPECT_EQ(undone.status, 0) << undone.said;
    EXPECT_EQ(stage.value("SELECT to_regclass('busy_id_a_idx')"), "");
}

// Nothing of ours may stay on the pooler's connections either: the next client would find it.
void must_be_refused(const Pooler& pooler) {
    Stage stage(kTables);
    write_migration(stage);
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"check"}, {"plan", "1.sql"}, {"deploy", "-y", "1.sql"}, {"resume", "-y"}}) {
        const auto ended = through(pooler, stage, arguments);
        EXPECT_NE(ended.status, 0) << arguments.front() << ":\n" << ended.said;
        EXPECT_NE(ended.said.find("pooler in transaction mode"), std::string::npos) << arguments.front() << ":\n" << ended.said;
    }
    EXPECT_EQ(stage.value("SELECT to_regnamespace('pgbelay')"), "");
    EXPECT_EQ(stage.value("SELECT n FROM counter"), "0");
    EXPECT_EQ(stage.value("SELECT count(*) FROM pg_attribute WHERE attrelid = 'busy'::regclass AND attname = 'region'"), "0");
    Session application(pooler.url(stage.database));
    EXPECT_EQ(application.value("SHOW search_path"), "\"$user\", public");
    EXPECT_EQ(application.value("SHOW idle_in_transaction_session_timeout"), "0");
    EXPECT_EQ(application.value("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
}

TEST(Pooler, InTransactionModeNothingIsBegun) {
    must_be_refused(Pooler("transaction"));
}

TEST(Pooler, InTransactionModeWithOneConnectionNothingIsBegun) {
    must_be_refused(Pooler("transaction", 1));
}

}  // namespace
}  // namespace pgbelay::test
