#include "case_runner/run_case.h"

#include "base/file.h"
#include "base/subprocess.h"
#include "case_runner/neighbours.h"
#include "case_runner/normalize.h"
#include "support/canonical.h"
#include "support/line_diff.h"
#include "support/product.h"
#include "support/session.h"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <sstream>

namespace pgbelay::test {

namespace fs = std::filesystem;

namespace {

std::string replace_once(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// As runs are recorded: who, on which machine.
std::string operator_name() {
    std::array<char, 256> host{};
    gethostname(host.data(), host.size() - 1);
    const passwd* user = getpwuid(geteuid());
    return fmt::format("{}@{}", user == nullptr ? "" : user->pw_name, host.data());
}

// What stands in the ```sh blocks of a Markdown text.
std::string shell_fences(const std::string& text) {
    std::string out;
    std::string end;
    for (const std::string& line : split_lines(text)) {
        const std::size_t ticks = line.find_first_not_of('`');
        if (!end.empty() && line == end) {
            end.clear();
        } else if (!end.empty()) {
            out += line + "\n";
        } else if (ticks >= 3 && ticks != std::string::npos && line.substr(ticks) == "sh") {
            end = line.substr(0, ticks);
        }
    }
    return out;
}

// The case's own database, made from its fixture and dropped at the end.
class Database {
public:
    Database(const std::string& server_url, const Case& one) : server_url_(server_url), name_(one.name) {
        std::ranges::replace(name_, '-', '_');
        name_ = "case_" + name_;
        Session session(server_url_);
        session.run(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_));
        session.run(fmt::format("CREATE DATABASE {} TEMPLATE fixture_{}", name_, one.fixture));
    }
    ~Database() {
        try {
            Session(server_url_).run(fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_));
        } catch (const std::exception&) {
            // The server goes away with everything in it; a failed clean-up must not hide the verdict.
        }
    }
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    const std::string& name() const { return name_; }
    std::string url(const std::string& role = "postgres") const {
        return replace_once(server_url_.substr(0, server_url_.rfind('/')), "postgres@", role + "@") + "/" + name_;
    }

private:
    std::string server_url_;
    std::string name_;
};

// A copy of what the user has, so that actions may change it.
class WorkingCopy {
public:
    explicit WorkingCopy(const Case& one) : path_(fs::temp_directory_path() / fmt::format("pgbelay-case-{}-{}", getpid(), one.name)) {
        fs::remove_all(path_);
        fs::create_directories(path_);
        fs::copy(one.directory / "deploy", path_ / "deploy", fs::copy_options::recursive);
    }
    ~WorkingCopy() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    WorkingCopy(const WorkingCopy&) = delete;
    WorkingCopy& operator=(const WorkingCopy&) = delete;

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

class Runner {
public:
    Runner(const Case& one, const Environment& environment)
        : case_(one),
          environment_(environment),
          expectations_(one, environment.major),
          database_(environment.server_url, one),
          copy_(one),
          product_{.binary = environment.binary, .directory = copy_.path(), .url = database_.url(one.role)} {}

    std::string run();
    // With nothing but psql, as `pgbelay render` says.
    std::string run_by_hand();

private:
    void carry_out(const std::string& script);
    std::vector<std::string> look() const { return canonical_dump(database_.url()); }
    std::string said(const ProductRun& run) const;
    std::string clean(const std::string& text) const;
    std::vector<std::string> command(const std::string& verb, const std::vector<std::string>& options) const;
    fs::path standard_input() const { return case_.standard_input.empty() ? "/dev/null" : copy_.path() / case_.standard_input; }

    void plan();
    void deploy();
    void act(const std::vector<Action>& actions);
    void roll_back();

    void compare(const std::string& name, const std::string& actual);
    void require(bool holds, const std::string& otherwise);
    void require_mentions(const std::vector<std::string>& mentions, const std::string& text);

    const Case& case_;
    const Environment& environment_;
    Expectations expectations_;
    Database database_;
    WorkingCopy copy_;
    Product product_;
    std::unique_ptr<Blocker> blocker_;
    std::unique_ptr<Traffic> traffic_;
    std::vector<std::string> before_;
    std::string failures_;
};

std::string Runner::run() {
    if (case_.has("before.sql")) {
        Session(database_.url()).run(base::read_file(case_.directory / "before.sql"));
    }
    act(case_.setup);
    before_ = look();
    if (case_.has("blocker.sql")) {
        blocker_ = std::make_unique<Blocker>(database_.url(), base::read_file(case_.directory / "blocker.sql"));
    }
    plan();
    if (case_.has("traffic.sql")) {
        traffic_ = std::make_unique<Traffic>(database_.url(), base::read_file(case_.directory / "traffic.sql"));
    }
    deploy();
    blocker_.reset();
    act(case_.then);
    if (case_.rollback_exit) {
        roll_back();
    }
    return failures_;
}

std::string Runner::run_by_hand() {
    if (case_.has("before.sql")) {
        Session(database_.url()).run(base::read_file(case_.directory / "before.sql"));
    }
    act(case_.setup);
    before_ = look();
    const ProductRun run = product_.run(command("render", {}), standard_input());
    require(run.status == 0, fmt::format("render ended with {}:\n{}{}", run.status, run.out, run.err));
    const std::string changed = line_diff(before_, look());
    require(changed.empty(), "render changed the database:\n" + changed);
    if (!failures_.empty()) {
        return failures_;
    }
    const std::size_t undo = run.out.find("\n## To undo it\n");
    const std::size_t begin = run.out.find("\n## To do it\n");
    const std::string functions = shell_fences(run.out.substr(0, begin));
    carry_out(functions + shell_fences(run.out.substr(begin, undo - begin)));
    compare("after.diff", line_diff(before_, look()));
    if (case_.rollback_exit == 0) {
        carry_out(functions + shell_fences(run.out.substr(undo)));
        compare("rollback.diff", line_diff(before_, look()));
    }
    return failures_;
}

void Runner::carry_out(const std::string& script) {
    const fs::path file = copy_.path() / "by-hand.sh";
    base::write_file(file, script);
    const auto result = base::run_command({.argv = {"bash", file.string()},
                                           .env = {{"DATABASE_URL", database_.url(case_.role)}},
                                           .as_user = std::nullopt,
                                           .working_directory = copy_.path().string()},
                                          base::in(std::chrono::minutes(2)), nullptr);
    require(result.status == 0, fmt::format("by hand it ended with {}:\n{}{}\n{}", result.status, result.out, result.err, script));
}

std::string Runner::clean(const std::string& text) const {
    return normalize(text, {{copy_.path().string(), "<dir>"}, {database_.name(), "<database>"}, {operator_name(), "<operator>"}});
}

std::string Runner::said(const ProductRun& run) const {
    return clean(run.out + run.err) + (run.status == 0 ? "" : fmt::format("(exit status {})\n", run.status));
}

std::vector<std::string> Runner::command(const std::string& verb, const std::vector<std::string>& options) const {
    std::vector<std::string> arguments{verb};
    arguments.insert(arguments.end(), options.begin(), options.end());
    arguments.insert(arguments.end(), case_.options.begin(), case_.options.end());
    arguments.insert(arguments.end(), case_.paths.begin(), case_.paths.end());
    return arguments;
}

void Runner::plan() {
    const std::string text = said(product_.run(command("plan", {}), standard_input()));
    require(!text.empty(), "plan says nothing");
    compare("plan.txt", text);
    const std::string changed = line_diff(before_, look());
    require(changed.empty(), "plan changed the database:\n" + changed);
}

void Runner::deploy() {
    std::vector<std::string> options = case_.deploy_options;
    options.emplace_back("--yes");
    if (blocker_ && case_.release_after) {
        blocker_->leave_after(*case_.release_after);
    }
    const ProductRun run = product_.run(command("deploy", options), standard_input());
    require(run.status == case_.exit, fmt::format("deploy ended with {} instead of {}:\n{}{}", run.status, case_.exit, run.out, run.err));
    require_mentions(case_.mentions, run.out + run.err);
    if (case_.transcript) {
        compare("stdout.txt", clean(run.out));
        compare("stderr.txt", clean(run.err));
    }
    if (case_.release_after) {
        require(run.took >= *case_.release_after, "deploy did not wait for the blocker: it is not in the way");
    }
    if (traffic_) {
        const auto longest = traffic_->stop();
        const auto limit = case_.longest_wait.value_or(base::Millis{1000});
        require(longest <= limit,
                fmt::format("the application waited for {}, more than {}", base::format_duration(longest), base::format_duration(limit)));
    }
    compare("after.diff", line_diff(before_, look()));
}

void Runner::act(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
        switch (action.what) {
            case Action::What::sql: Session(database_.url()).run(base::read_file(case_.directory / action.argument)); break;
            case Action::What::copy:
                fs::copy(case_.directory / action.argument, copy_.path() / "deploy",
                         fs::copy_options::recursive | fs::copy_options::overwrite_existing);
                break;
            case Action::What::run: {
                std::istringstream words(action.argument);
                const std::vector<std::string> arguments{std::istream_iterator<std::string>(words), {}};
                const ProductRun run = product_.run(arguments);
                require(run.status == action.exit,
                        fmt::format("{} ended with {} instead of {}:\n{}{}", action.argument, run.status, action.exit, run.out, run.err));
                require_mentions(action.mentions, run.out + run.err);
                if (!action.expect.empty()) {
                    compare(action.expect + ".txt", said(run));
                }
                break;
            }
        }
    }
}

void Runner::roll_back() {
    const ProductRun run = product_.run({"rollback", "--yes"});
    require(run.status == *case_.rollback_exit,
            fmt::format("rollback ended with {} instead of {}:\n{}{}", run.status, *case_.rollback_exit, run.out, run.err));
    if (*case_.rollback_exit != 0) {
        compare("rollback.txt", said(run));
    }
    compare("rollback.diff", line_diff(before_, look()));
}

void Runner::compare(const std::string& name, const std::string& actual) {
    if (environment_.accept) {
        expectations_.accept(name, actual);
        return;
    }
    const std::string difference = line_diff(split_lines(expectations_.read(name)), split_lines(actual));
    require(difference.empty(), fmt::format("expect/{} differs (- expected, + came):\n{}", name, difference));
}

void Runner::require(bool holds, const std::string& otherwise) {
    if (!holds) {
        failures_ += otherwise + (otherwise.ends_with('\n') ? "" : "\n");
    }
}

void Runner::require_mentions(const std::vector<std::string>& mentions, const std::string& text) {
    for (const std::string& mention : mentions) {
        require(text.find(mention) != std::string::npos, fmt::format("\"{}\" is not mentioned in:\n{}", mention, text));
    }
}

}  // namespace

Verdict run_case(const Case& one, const Environment& environment) {
    if (std::ranges::find(one.versions, environment.major) == one.versions.end()) {
        return {.is = Verdict::Is::skipped, .text = fmt::format("the case is not for version {}", environment.major)};
    }
    if (environment.by_hand && (one.exit != 0 || one.has("blocker.sql") || one.has("traffic.sql"))) {
        return {.is = Verdict::Is::skipped, .text = "this is not about what a deployment leaves"};
    }
    if (environment.by_hand && !one.not_by_hand.empty()) {
        return {.is = Verdict::Is::skipped, .text = one.not_by_hand};
    }
    try {
        Runner runner(one, environment);
        const std::string failures = environment.by_hand ? runner.run_by_hand() : runner.run();
        return {.is = failures.empty() ? Verdict::Is::passed : Verdict::Is::failed, .text = failures};
    } catch (const std::exception& error) {
        return {.is = Verdict::Is::failed, .text = fmt::format("{}\n", error.what())};
    }
}

}  // namespace pgbelay::test
