// Where a private server's programs are looked for.
#include "base/error.h"
#include "cluster/cluster.h"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

namespace pgbelay::cluster {
namespace {

namespace fs = std::filesystem;

// A folder with programs that only look like a server's, named by $PGBELAY_PG_BIN_<major> while the test runs.
class ServerBinaries : public testing::Test {
protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "pgbelay-binaries-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        directory_ = name;
    }
    void TearDown() override {
        unsetenv("PGBELAY_PG_BIN_99");
        fs::remove_all(directory_);
    }
    void add_program(const std::string& name) {
        std::ofstream(directory_ / name) << "#!/bin/sh\n";
        chmod((directory_ / name).c_str(), 0755);
    }

    fs::path directory_;
};

TEST_F(ServerBinaries, AreTakenFromTheEnvironmentFirst) {
    add_program("postgres");
    add_program("initdb");
    setenv("PGBELAY_PG_BIN_99", directory_.c_str(), 1);
    EXPECT_EQ(server_binaries("99"), directory_);
}

TEST_F(ServerBinaries, OfTheNewestVersionAreTakenWhenNoneIsAskedFor) {
    add_program("postgres");
    add_program("initdb");
    setenv("PGBELAY_PG_BIN_99", directory_.c_str(), 1);
    EXPECT_EQ(server_binaries(""), directory_);
}

TEST_F(ServerBinaries, MustBeWhereTheEnvironmentSaysTheyAre) {
    add_program("postgres");  // but no initdb
    setenv("PGBELAY_PG_BIN_99", directory_.c_str(), 1);
    try {
        server_binaries("99");
        FAIL() << "a folder without a server was taken";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::input);
        EXPECT_THAT(error.message(), testing::HasSubstr("PGBELAY_PG_BIN_99"));
    }
}

TEST_F(ServerBinaries, ThatAreMissingNameThePackageToInstall) {
    try {
        server_binaries("98");
        FAIL() << "a version that does not exist was found";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::input);
        EXPECT_THAT(error.hint(), testing::HasSubstr("postgresql-98"));
    }
}

TEST_F(ServerBinaries, RefuseAVersionThatIsNone) {
    EXPECT_THROW(server_binaries("15/../14"), base::Error);
    EXPECT_THROW(server_binaries("fifteen"), base::Error);
}

}  // namespace
}  // namespace pgbelay::cluster
