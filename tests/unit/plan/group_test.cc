// Cutting a file into groups, and the transaction control that is refused.
#include "plan/group.h"

#include "planning.h"

#include <gmock/gmock.h>

namespace pgbelay::plan {
namespace {

using runbook::Layout;
using runbook::TransactionRule;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Grouped {
    std::vector<sql::Statement> statements;
    Grouping grouping;
};

Grouped grouped(std::string_view sql, TransactionRule rule = TransactionRule::each_statement, Layout layout = Layout::plain) {
    Grouped result{statements(sql), {}};
    result.grouping = group(result.statements, rule, layout);
    return result;
}

// The groups' statements by number: "1", "[2 3]" for one transaction.
std::vector<std::string> shape(const Grouped& grouped) {
    std::vector<std::string> all;
    for (const Group& g : grouped.grouping.groups) {
        std::vector<int> numbers;
        for (const auto* statement : g.statements) {
            numbers.push_back(statement->n);
        }
        all.push_back(g.one_transaction ? fmt::format("[{}]", fmt::join(numbers, " ")) : fmt::format("{}", fmt::join(numbers, " ")));
    }
    return all;
}

std::vector<std::string> refusals(std::string_view sql, TransactionRule rule = TransactionRule::each_statement,
                                  Layout layout = Layout::plain) {
    return lines(grouped(sql, rule, layout).grouping.refusals);
}

TEST(Grouping, StatementsStandAloneUnlessTheAuthorGroupsThem) {
    const auto g = grouped("SELECT 1;\nBEGIN;\nSELECT 2;\nSELECT 3;\nCOMMIT;\nSELECT 4;");
    EXPECT_THAT(shape(g), ElementsAre("1", "[3 4]", "6"));
    EXPECT_EQ(g.grouping.groups[1].begin->n, 2);
    EXPECT_EQ(g.grouping.groups[1].end->n, 5);
    EXPECT_THAT(g.grouping.refusals, IsEmpty());
}

TEST(Grouping, OneStatementBetweenBeginAndCommitIsNoGroup) {
    EXPECT_THAT(shape(grouped("BEGIN; SELECT 1; END;")), ElementsAre("2"));
    EXPECT_THAT(shape(grouped("BEGIN; COMMIT;")), IsEmpty());
}

TEST(Grouping, ToolsMakeOneTransactionOfTheFile) {
    EXPECT_THAT(shape(grouped("SELECT 1; SELECT 2;", TransactionRule::whole_file, Layout::dbmate)), ElementsAre("[1 2]"));
    EXPECT_THAT(shape(grouped("SELECT 1;", TransactionRule::whole_file, Layout::dbmate)), ElementsAre("1"));
    EXPECT_THAT(shape(grouped("", TransactionRule::whole_file, Layout::dbmate)), IsEmpty());
}

TEST(Grouping, AuthorsGroupsWinOverTheToolsTransaction) {
    EXPECT_THAT(shape(grouped("BEGIN; SELECT 1; SELECT 2; COMMIT;", TransactionRule::whole_file, Layout::prisma)), ElementsAre("[2 3]"));
}

TEST(Grouping, RefusesRollback) {
    EXPECT_THAT(refusals("BEGIN;\nSELECT 1;\nROLLBACK;"), ElementsAre(AllOf(HasSubstr("m.sql:3:1: ROLLBACK"), HasSubstr("COMMIT"))));
}

TEST(Grouping, RefusesSavepoints) {
    EXPECT_THAT(refusals("BEGIN;\nSAVEPOINT a;\nSELECT 1;\nROLLBACK TO a;\nRELEASE a;\nCOMMIT;"),
                ElementsAre(HasSubstr("m.sql:2:1: savepoints"), HasSubstr("m.sql:4:1: savepoints"), HasSubstr("m.sql:5:1: savepoints")));
}

TEST(Grouping, RefusesABeginWithoutEnd) {
    EXPECT_THAT(refusals("SELECT 1;\nBEGIN;\nSELECT 2;"), ElementsAre(HasSubstr("m.sql:2:1: this transaction is never committed")));
}

TEST(Grouping, RefusesABeginInsideOfATransaction) {
    EXPECT_THAT(refusals("BEGIN;\nSELECT 1;\nBEGIN;\nCOMMIT;"),
                ElementsAre(HasSubstr("m.sql:3:1: BEGIN inside of the transaction that begins at line 1")));
}

TEST(Grouping, RefusesACommitWithoutBegin) {
    EXPECT_THAT(refusals("SELECT 1;\nCOMMIT;"), ElementsAre(HasSubstr("m.sql:2:1: COMMIT without a BEGIN")));
}

TEST(Grouping, RefusesCommitAndChain) {
    EXPECT_THAT(refusals("BEGIN; SELECT 1;\nCOMMIT AND CHAIN;"), ElementsAre(HasSubstr("m.sql:2:1: COMMIT AND CHAIN")));
}

TEST(Grouping, RefusesTwoPhaseCommit) {
    EXPECT_THAT(refusals("BEGIN;\nSELECT 1;\nPREPARE TRANSACTION 'a';\nCOMMIT;"), ElementsAre(HasSubstr("m.sql:3:1: two-phase commit")));
}

TEST(Grouping, RefusesModesThatAStepCannotKeep) {
    for (const auto* begin :
         {"BEGIN ISOLATION LEVEL SERIALIZABLE", "BEGIN ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION READ ONLY"}) {
        EXPECT_THAT(refusals(fmt::format("{}; SELECT 1; COMMIT;", begin)),
                    ElementsAre(HasSubstr("these transaction modes cannot be kept")));
    }
    EXPECT_THAT(refusals("BEGIN ISOLATION LEVEL READ COMMITTED; SELECT 1; COMMIT;"), IsEmpty());
}

TEST(Grouping, NamesBothLinesOfConcurrentlyInAGroup) {
    EXPECT_THAT(refusals("SELECT 1;\nBEGIN;\nSELECT 2;\nCREATE INDEX CONCURRENTLY i ON t (a);\nCOMMIT;"),
                ElementsAre(AllOf(HasSubstr("m.sql:4:1: CONCURRENTLY cannot run inside of the transaction that begins at line 2"),
                                  HasSubstr("move line 4 out of BEGIN … COMMIT"))));
    EXPECT_THAT(refusals("BEGIN; DROP INDEX CONCURRENTLY i; COMMIT;"), ElementsAre(HasSubstr("CONCURRENTLY")));
    EXPECT_THAT(refusals("BEGIN; REINDEX INDEX CONCURRENTLY i; COMMIT;"), ElementsAre(HasSubstr("CONCURRENTLY")));
    EXPECT_THAT(refusals("BEGIN; REINDEX INDEX i; COMMIT;"), IsEmpty());
}

TEST(Grouping, SaysHowEachToolOptsOut) {
    constexpr auto kSql = "SELECT 1;\nCREATE INDEX CONCURRENTLY i ON t (a);";
    EXPECT_THAT(
        refusals(kSql, TransactionRule::whole_file, Layout::dbmate),
        ElementsAre(AllOf(HasSubstr("CONCURRENTLY at line 2 cannot run inside of the one transaction that dbmate makes of the file (from "
                                    "line 1)"),
                          HasSubstr("transaction:false"))));
    EXPECT_THAT(refusals(kSql, TransactionRule::whole_file, Layout::goose), ElementsAre(HasSubstr("-- +goose NO TRANSACTION")));
    EXPECT_THAT(refusals(kSql, TransactionRule::whole_file, Layout::flyway), ElementsAre(HasSubstr("executeInTransaction=false")));
    EXPECT_THAT(refusals(kSql, TransactionRule::whole_file, Layout::prisma), ElementsAre(HasSubstr("a migration of its own")));
    EXPECT_THAT(refusals(kSql), IsEmpty());
}

TEST(Grouping, OneConcurrentStatementInAFileIsForPrismaOnly) {
    constexpr auto kSql = "CREATE INDEX CONCURRENTLY i ON t (a);";
    EXPECT_THAT(refusals(kSql, TransactionRule::whole_file, Layout::prisma), IsEmpty());
    EXPECT_THAT(refusals(kSql, TransactionRule::whole_file, Layout::dbmate), ElementsAre(HasSubstr("dbmate")));
}

}  // namespace
}  // namespace pgbelay::plan
