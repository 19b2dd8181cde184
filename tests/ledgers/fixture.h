// A new database and a new directory for each test, and the product run on them as its users do.
#pragma once

#include "support/product.h"
#include "support/session.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace pgbelay::test {

class LedgerTest : public ::testing::Test {
protected:
    LedgerTest();
    ~LedgerTest() override;

    // Writes a file below the test's directory.
    void write(const std::string& path, const std::string& text) const;
    void remove(const std::string& path) const;

    // `pgbelay deploy PATH --yes --format json` and the like; a status other than `status` fails the test with all that was said.
    ProductRun pgbelay(std::vector<std::string> arguments, int status = 0) const;
    // The steps that ran, by name; nothing when nothing was to be done.
    std::vector<std::string> deployed(const std::string& path) const;

    // From here on the product connects as this role; the test's own connections are the superuser's.
    void connect_as(const std::string& role);

    // On the test's database, over a connection of the test's own.
    void sql(const std::string& script) const;
    std::vector<std::string> column(const std::string& query) const;
    std::string value(const std::string& query) const;

    const std::string& url() const { return url_; }
    const std::filesystem::path& directory() const { return directory_; }

private:
    std::string name_;
    std::string url_;
    std::string product_url_;
    std::filesystem::path directory_;
};

}  // namespace pgbelay::test
