// What pgbelay may be given to read: whatever it is, it ends in an answer, soon, with the place; never in a crash, a hang, or half a step.
#include "surroundings/hostile_input.h"
#include "surroundings/neighbour.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace pgbelay::test {
namespace {

// Of the processor: what else the machine does plays no part. The wait for the process bounds what it spends waiting.
constexpr std::chrono::seconds kMostWork{10};
constexpr int kPartWay = 5;
// A statement's tree and what is made of it take many times its bytes, of which 16 MiB are the most.
constexpr long long kMostMemory = 2LL << 30;

constexpr const char* kUserTables = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";

// The error stands at a place in that very file, or in one that it takes in.
bool names_a_place(const HostileInput& input, const std::string& said) {
    if (said.find(input.name + ":") != std::string::npos) {
        return true;
    }
    for (const auto& [name, bytes] : input.others) {
        if (said.find(name + ":") != std::string::npos) {
            return true;
        }
    }
    return false;
}

// Runs pgbelay on the input and looks at how it ended; its status.
int answer(const HostileInput& input, std::vector<std::string> words, const Database& database) {
    const Folder folder;
    folder.write(input.name, input.bytes);
    for (const auto& [name, bytes] : input.others) {
        folder.write(name, bytes);
    }
    words.push_back(input.name);
    Client client({.binary = PGBELAY_BINARY, .directory = folder.path(), .url = database.url()}, words);
    const int status = client.wait(std::chrono::minutes(2));
    const std::string said = client.said();
    const std::string beginning = input.name + ": " + said.substr(0, 600);
    EXPECT_LT(client.work(), kMostWork) << beginning;
    EXPECT_LT(client.memory(), kMostMemory) << beginning;
    EXPECT_GE(status, 0) << beginning;
    EXPECT_LE(status, kPartWay) << beginning;
    EXPECT_TRUE(status == 0 || names_a_place(input, said)) << beginning;
    EXPECT_EQ(said.find("defect of pgbelay"), std::string::npos) << beginning;
    // No line is shown in megabytes to somebody at a terminal.
    EXPECT_LT(said.size(), std::size_t{4} << 20) << beginning;
    return status;
}

// What stands in the database is what the journal says, and the run is closed.
void expect_whole_steps(const Database& database, const std::string& name, int deployed) {
    Session session = database.open();
    if (session.value("SELECT to_regclass('pgbelay.run')").empty()) {
        EXPECT_EQ(session.value(kUserTables), "1") << name;
        return;
    }
    const bool changed = session.value("SELECT count(*) FROM pgbelay.step") != "0";
    EXPECT_EQ(session.value("SELECT count(*) FROM pgbelay.run WHERE state IN ('running', 'paused')"), "0") << name;
    EXPECT_EQ(session.value("SELECT count(*) FROM pg_index WHERE NOT indisvalid"), "0") << name;
    EXPECT_EQ(session.value("SELECT count(*) FROM pg_prepared_xacts"), "0") << name;
    EXPECT_TRUE(changed || session.value(kUserTables) == "1") << name << ": something is there that no step has made";
    EXPECT_EQ(deployed == kPartWay, deployed != 0 && changed) << name;
}

void plan_and_deploy(const HostileInput& input, const Database& untouched, const Database& empty) {
    if (answer(input, {"plan"}, untouched) == 0) {
        const Database database = Database::copy_of(empty);
        expect_whole_steps(database, input.name, answer(input, {"deploy", "-y", "--limit", "deadline=2s"}, database));
    }
}

TEST(Hostile, EveryInputEndsInAnAnswerAndNoStepIsHalfDone) {
    const auto inputs = hostile_inputs();
    ASSERT_GE(inputs.size(), 200U);
    // Nobody may be connected to what is copied.
    const Database empty("CREATE TABLE before (id integer)");
    const Database untouched = Database::copy_of(empty);
    std::atomic<std::size_t> next{0};
    const auto work = [&] {
        for (std::size_t i = next++; i < inputs.size(); i = next++) {
            try {
                plan_and_deploy(inputs[i], untouched, empty);
            } catch (const std::exception& error) {
                ADD_FAILURE() << inputs[i].name << ": " << error.what();
            }
        }
    };
    {
        const std::jthread other(work);
        work();
    }
    // A plan changes nothing.
    EXPECT_EQ(untouched.value(kUserTables), "1");
    EXPECT_EQ(untouched.value("SELECT to_regnamespace('pgbelay')"), "");
}

}  // namespace
}  // namespace pgbelay::test
