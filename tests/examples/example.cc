#include "examples/example.h"

#include "base/clock.h"
#include "base/file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

namespace pgbelay::test {
namespace fs = std::filesystem;

Example::Example(const std::string& name, const std::vector<std::string>& variables, cluster::Cluster& on) : database_("", on) {
    fs::copy(fs::path(PGBELAY_SOURCE_DIR) / "examples" / name, folder(),
             fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    set("DATABASE_URL", database_.url());
    psql("schema.sql", variables);
    psql("data.sql", variables);
}

void Example::replace(const std::string& file, const std::string& from, const std::string& to) const {
    std::string text = base::read_file(folder() / file);
    const std::size_t at = text.find(from);
    if (at == std::string::npos) {
        throw std::runtime_error(file + " does not say " + from);
    }
    text.replace(at, from.size(), to);
    base::write_file(folder() / file, text);
}

Client::Setting Example::setting() const {
    return {.binary = PGBELAY_BINARY, .directory = folder(), .url = database_.url(), .env = env_};
}

std::unique_ptr<Client> Example::start(const std::vector<std::string>& arguments) const {
    return std::make_unique<Client>(setting(), arguments);
}

Stage::Ended Example::run(const std::vector<std::string>& arguments) const {
    Client client(setting(), arguments);
    const int status = client.wait(std::chrono::minutes(3));
    return {status, client.said()};
}

base::CommandResult Example::command(const std::vector<std::string>& argv, const std::map<std::string, std::string>& env) const {
    base::Command command{.argv = argv, .env = env, .working_directory = folder().string()};
    command.env.insert(env_.begin(), env_.end());
    return base::run_command(command, base::in(std::chrono::minutes(3)), nullptr);
}

void Example::psql(const std::string& file, const std::vector<std::string>& variables) const {
    std::vector<std::string> argv{"psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", database_.url(), "-o", "/dev/null"};
    for (const std::string& variable : variables) {
        argv.insert(argv.end(), {"-v", variable});
    }
    argv.insert(argv.end(), {"-f", file});
    if (const auto result = command(argv); result.status != 0) {
        throw std::runtime_error(file + ": " + result.err);
    }
}

Application::Application(const std::string& url, const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) {
        threads_.emplace_back([this, url, statement] {
            try {
                Session session(url);
                while (!ends_) {
                    const auto began = base::Clock::now();
                    session.run(statement);
                    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(base::Clock::now() - began);
                    {
                        const std::lock_guard lock(mutex_);
                        longest_ = std::max(longest_, took);
                        ++sent_;
                    }
                    std::this_thread::sleep_for(std::chrono::milliseconds(20));
                }
            } catch (const std::exception& error) {
                const std::lock_guard lock(mutex_);
                error_ = error_.empty() ? error.what() : error_;
            }
        });
    }
}

Application::~Application() {
    stop();
}

void Application::stop() {
    ends_ = true;
    for (std::thread& thread : threads_) {
        if (thread.joinable()) {
            thread.join();
        }
    }
}

}  // namespace pgbelay::test
