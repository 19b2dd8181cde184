// The life of a private server's folder, and what happens to one whose owner was killed.
#include "cluster/directory.h"
#include "base/error.h"

#include <gmock/gmock.h>

#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <optional>

namespace pgbelay::cluster {
namespace {

namespace fs = std::filesystem;

mode_t mode_of(const fs::path& path) {
    struct stat info{};
    return stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

// A process that has ended and was waited for: its pid is nobody's.
pid_t dead_process() {
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    waitpid(pid, nullptr, 0);
    return pid;
}

class ServerDirectory : public testing::Test {
protected:
    void SetUp() override {
        std::string name = "/tmp/pgb-dir-XXXXXX";
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        parent_ = name;
    }
    void TearDown() override { fs::remove_all(parent_); }

    fs::path left_by(pid_t pid) {
        const fs::path path = parent_ / fmt::format("pgbelay-{}-abcdef", pid);
        fs::create_directories(path / "data");
        std::ofstream(path / "data" / "file") << "left";
        return path;
    }

    fs::path parent_;
    ServerUser ourselves_{.name = "", .uid = geteuid(), .gid = getegid()};
};

TEST_F(ServerDirectory, IsPrivateAndGoneAfterwards) {
    fs::path path;
    {
        const Directory directory = Directory::fresh(parent_, ourselves_);
        path = directory.path();
        EXPECT_EQ(mode_of(directory.path()), 0700U);
        EXPECT_EQ(mode_of(directory.data()), 0700U);
        EXPECT_EQ(mode_of(directory.socket()), 0700U);
        EXPECT_EQ(mode_of(directory.log()), 0600U);
    }
    EXPECT_FALSE(fs::exists(path));
}

TEST_F(ServerDirectory, OfAKilledProcessIsRemovedAtTheNextStart) {
    const fs::path stale = left_by(dead_process());
    const Directory directory = Directory::fresh(parent_, ourselves_);
    EXPECT_FALSE(fs::exists(stale));
    EXPECT_TRUE(fs::exists(directory.path()));
}

TEST_F(ServerDirectory, OfALivingProcessStays) {
    const fs::path living = left_by(getppid());
    remove_stale_directories(parent_);
    EXPECT_TRUE(fs::exists(living / "data" / "file"));
}

TEST_F(ServerDirectory, ThatIsLockedStaysWhateverItsNameSays) {
    // As it looks when the owner lives in another pid namespace: its number means nothing here.
    std::optional<Directory> directory = Directory::at(parent_ / fmt::format("pgbelay-{}-abcdef", dead_process()), ourselves_);
    remove_stale_directories(parent_);
    EXPECT_TRUE(fs::exists(directory->data()));
}

TEST_F(ServerDirectory, WithAnotherNameIsNeverTouched) {
    for (const char* name : {"pgbelay-", "pgbelay-12", "pgbelay-x-abcdef", "pgbelay--1-abcdef", "other-1-abcdef"}) {
        fs::create_directory(parent_ / name);
    }
    remove_stale_directories(parent_);
    EXPECT_EQ(std::distance(fs::directory_iterator(parent_), {}), 5);
}

TEST_F(ServerDirectory, ThatIsALinkIsNeverFollowed) {
    fs::create_directory(parent_ / "precious");
    fs::create_directory_symlink(parent_ / "precious", parent_ / fmt::format("pgbelay-{}-abcdef", dead_process()));
    remove_stale_directories(parent_);
    EXPECT_TRUE(fs::exists(parent_ / "precious"));
}

TEST_F(ServerDirectory, MustBeEmptyWhenItIsGiven) {
    std::ofstream(parent_ / "precious") << "data";
    EXPECT_THROW(Directory::at(parent_, ourselves_), base::Error);
    EXPECT_TRUE(fs::exists(parent_ / "precious"));
}

TEST_F(ServerDirectory, MustLeaveRoomForASocketName) {
    EXPECT_THROW(Directory::at(parent_ / std::string(100, 'x'), ourselves_), base::Error);
    EXPECT_FALSE(fs::exists(parent_ / std::string(100, 'x')));
}

}  // namespace
}  // namespace pgbelay::cluster
