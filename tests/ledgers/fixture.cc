#include "fixture.h"

#include "base/file.h"
#include "cluster/cluster.h"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <stdexcept>

namespace pgbelay::test {

namespace fs = std::filesystem;

namespace {

// One server for all tests of the process, started by the first of them.
class Server : public ::testing::Environment {
public:
    cluster::Cluster& get() {
        if (!cluster_) {
            cluster_ = std::make_unique<cluster::Cluster>(
                cluster::ClusterOptions{.major = "15", .settings = {{"fsync", "off"}, {"autovacuum", "off"}}});
        }
        return *cluster_;
    }
    void TearDown() override { cluster_.reset(); }

private:
    std::unique_ptr<cluster::Cluster> cluster_;
};

// GoogleTest owns it.
Server* const server = static_cast<Server*>(::testing::AddGlobalTestEnvironment(new Server));

fs::path new_directory() {
    std::string name = (fs::temp_directory_path() / "pgbelay-ledger-test.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("no directory for the test: " + name);
    }
    return name;
}

std::string new_name() {
    static int n = 0;
    return "ledger" + std::to_string(++n);
}

}  // namespace

LedgerTest::LedgerTest() : name_(new_name()), url_(server->get().url(name_)), product_url_(url_), directory_(new_directory()) {
    Session(server->get().url()).run("CREATE DATABASE " + name_);
}

LedgerTest::~LedgerTest() {
    fs::remove_all(directory_);
}

void LedgerTest::write(const std::string& path, const std::string& text) const {
    fs::create_directories((directory_ / path).parent_path());
    std::ofstream(directory_ / path, std::ios::binary) << text;
}

void LedgerTest::remove(const std::string& path) const {
    fs::remove(directory_ / path);
}

ProductRun LedgerTest::pgbelay(std::vector<std::string> arguments, int status) const {
    const Product product{.binary = PGBELAY_BINARY, .directory = directory_, .url = product_url_};
    ProductRun run = product.run(arguments);
    EXPECT_EQ(run.status, status) << ::testing::PrintToString(arguments) << "\n" << run.out << run.err;
    return run;
}

std::vector<std::string> LedgerTest::deployed(const std::string& path) const {
    const ProductRun run = pgbelay({"deploy", path, "--yes", "--format", "json"});
    std::vector<std::string> names;
    const auto json = nlohmann::json::parse(run.out);
    for (const auto& step : json.at("steps")) {
        if (step.at("result") == "done") {
            names.push_back(step.at("name"));
        }
    }
    EXPECT_EQ(json.at("result"), names.empty() ? "nothing_to_do" : "deployed");
    return names;
}

void LedgerTest::connect_as(const std::string& role) {
    const std::string superuser = "postgres@";
    product_url_ = url_;
    product_url_.replace(product_url_.find(superuser), superuser.size(), role + "@");
}

void LedgerTest::sql(const std::string& script) const {
    Session(url_).run(script);
}

std::vector<std::string> LedgerTest::column(const std::string& query) const {
    return Session(url_).column(query);
}

std::string LedgerTest::value(const std::string& query) const {
    return Session(url_).value(query);
}

}  // namespace pgbelay::test
