#include "pg/conninfo.h"

#include "base/error.h"
#include "base/wait.h"
#include "pg/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace pgbelay::pg {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string everything(const base::Error& error) {
    return std::string(error.what()) + "|" + error.hint() + "|" + error.detail() + "|" + error.cause();
}

std::string refusal(const std::string& url) {
    try {
        const Conninfo conninfo(url, "--db");
        return "accepted as " + conninfo.describe();
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::usage);
        return everything(error);
    }
}

TEST(Conninfo, DescribesUserHostAndDatabaseButNeverThePassword) {
    EXPECT_EQ(Conninfo("postgresql://app:s3cr%40t@db1:5433/orders", "--db").describe(), "app@db1:5433/orders");
    EXPECT_EQ(Conninfo("host=db1 user=app password=s3cr3t dbname=orders", "--db").describe(), "app@db1:5432/orders");
    EXPECT_EQ(Conninfo("postgresql://app@a:1,b:2/orders", "--db").describe(), "app@a:1,b:2/orders");
    EXPECT_EQ(Conninfo("postgresql://app@[::1]/orders", "--db").describe(), "app@[::1]:5432/orders");
    EXPECT_EQ(Conninfo("host=/run/pg user=app dbname=orders", "--db").describe(), "app@/run/pg:5432/orders");
}

TEST(Conninfo, NamesTheServiceInsteadOfGuessingWhatItHolds) {
    EXPECT_EQ(Conninfo("service=orders", "--db").describe(), "service orders");
}

TEST(Conninfo, SeveralHostsAreTriedOneByOne) {
    const Conninfo two("postgresql://app@a:1,b:2/orders", "--db");
    ASSERT_EQ(two.hosts(), 2U);
    EXPECT_EQ(two.only(0).describe(), "app@a:1/orders");
    EXPECT_EQ(two.only(1).describe(), "app@b:2/orders");
    EXPECT_EQ(Conninfo("host=a,b,c port=6000 user=app dbname=orders", "--db").only(2).describe(), "app@c:6000/orders");
    EXPECT_EQ(Conninfo("postgresql://app@a/orders", "--db").hosts(), 1U);
    // libpq alone can go over them twice, and refuses what does not fit.
    EXPECT_EQ(Conninfo("postgresql://app@a,b/orders?target_session_attrs=prefer-standby", "--db").hosts(), 1U);
    EXPECT_EQ(Conninfo("host=a,b,c port=1,2 user=app", "--db").hosts(), 1U);
}

TEST(Conninfo, TheHostsOfTheEnvironmentCountWhenTheUrlNamesNone) {
    setenv("PGHOST", "a,b", 1);
    setenv("PGPORT", "1,2", 1);
    EXPECT_EQ(Conninfo("dbname=orders user=app", "--db").only(1).describe(), "app@b:2/orders");
    EXPECT_EQ(Conninfo("", "libpq").hosts(), 2U);
    EXPECT_EQ(Conninfo("postgresql://app@c/orders", "--db").hosts(), 1U);
    unsetenv("PGHOST");
    unsetenv("PGPORT");
}

TEST(Conninfo, RemembersWhereItCameFrom) {
    EXPECT_EQ(Conninfo("", "$DATABASE_URL").source(), "$DATABASE_URL");
}

TEST(Conninfo, NeverRepeatsABrokenConnectionString) {
    const char* const kBroken[] = {
        "postgresql://app:hunter2@db1:5432/orders?hunter2=hunter2",
        "postgresql://app:hunter2@[db1/orders",
        "postgresql://app:hun/ter2@db1/orders",
        "postgresql://app:5432/hunter2@db1/orders",
        "postgresql://app:x@hunter2@db1/orders",
        "postgresql://app:hunter2@db1:hunter2/orders",
        "postgresql://app:%zzhunter2@db1/orders",
        "host=db1 password=x hunter2",
        "host=db1 password=x hunter2=y",
        "host=db1 password='hunter2",
        "dbname='postgresql://app:hunter2@db1/orders'",
        "hunter2",
        "mysql://app:hunter2@db1/orders",
    };
    for (const char* url : kBroken) {
        const std::string said = refusal(url);
        EXPECT_THAT(said, HasSubstr("the connection string from --db is not valid")) << url;
        EXPECT_THAT(said, Not(HasSubstr("hunter2"))) << url;
        EXPECT_THAT(said, Not(HasSubstr("ter2"))) << url;
    }
}

TEST(Conninfo, SaysThatAFrameworksParametersAreNotForTheServer) {
    EXPECT_THAT(refusal("postgresql://app:pw@db1/orders?schema=public"), HasSubstr("schema="));
}

TEST(Conninfo, AFailedConnectionSaysWhereToButNotWithWhichPassword) {
    const Conninfo conninfo("postgresql://app:hunter2@127.0.0.1:1/orders", "--db");
    try {
        Connection::open(conninfo, "test", base::in(std::chrono::seconds(5)), nullptr);
        FAIL() << "connected to port 1";
    } catch (const base::Error& error) {
        EXPECT_EQ(error.code(), base::ErrorCode::connection);
        EXPECT_THAT(everything(error), HasSubstr("cannot connect to app@127.0.0.1:1/orders (from --db)"));
        EXPECT_THAT(everything(error), Not(HasSubstr("hunter2")));
    }
}

}  // namespace
}  // namespace pgbelay::pg
