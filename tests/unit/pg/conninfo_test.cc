#include "pg/conninfo.h"

#include "base/error.h"
#include "base/wait.h"
#include "pg/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(Conninfo, RemembersWhereItCameFrom) { EXPECT_EQ(Conninfo("", "$DATABASE_URL").source(), "$DATABASE_URL"); }

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
