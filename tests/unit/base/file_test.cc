#include "base/file.h"

#include "base/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

namespace pgbelay::base {
namespace {

using ::testing::HasSubstr;

class File : public ::testing::Test {
protected:
    File() {
        std::string pattern = (std::filesystem::temp_directory_path() / "pgbelay-file-XXXXXX").string();
        directory_ = mkdtemp(pattern.data());
    }
    ~File() override { std::filesystem::remove_all(directory_); }
    std::string read_failure(const std::filesystem::path& path) const {
        try {
            read_file(path);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::input);
            return error.what();
        }
        return "no error";
    }
    std::filesystem::path directory_;
};

TEST_F(File, KeepsEveryByte) {
    std::string bytes("a\0\r\n\xff", 5);
    bytes += std::string(200'000, 'x');
    write_file(directory_ / "f", bytes);
    EXPECT_EQ(read_file(directory_ / "f"), bytes);
    write_file(directory_ / "f", "");
    EXPECT_EQ(read_file(directory_ / "f"), "");
}

TEST_F(File, WritesForTheOwnerOnlyAndLeavesNothingElse) {
    write_file(directory_ / "f", "secret");
    struct stat status{};
    ASSERT_EQ(::stat((directory_ / "f").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

TEST_F(File, SaysWhyItCannotBeRead) {
    EXPECT_EQ(read_failure(directory_ / "no"), "cannot read \"" + (directory_ / "no").string() + "\": No such file or directory");
    EXPECT_THAT(read_failure(directory_), HasSubstr("Is a directory"));
    EXPECT_THAT(read_failure("/dev/zero"), HasSubstr("it is a device"));
    std::ofstream(directory_ / "large").put('x');
    std::filesystem::resize_file(directory_ / "large", (std::uintmax_t{256} << 20) + 1);
    EXPECT_THAT(read_failure(directory_ / "large"), HasSubstr("larger than 256 MiB"));
}

TEST_F(File, SaysWhyItCannotBeWrittenAndKeepsTheOldOne) {
    EXPECT_THROW(write_file(directory_ / "no" / "f", "x"), Error);
    std::filesystem::create_directory(directory_ / "d");
    EXPECT_THROW(write_file(directory_ / "d", "x"), Error);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_), {}), 1);
}

}  // namespace
}  // namespace pgbelay::base
