// The only file that includes CLI11: it takes seconds to compile.
#include "cli/arguments.h"

#include "base/error.h"
#include "engine/approvals.h"
#include "engine/version.h"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <string_view>
#include <utility>

namespace pgbelay::cli {

namespace {

using base::Error;
using base::ErrorCode;

constexpr std::string_view kAbout = "Change a live PostgreSQL without dropping it.";
constexpr std::string_view kFooter =
    "PATH is an .sql file, a directory of migrations, a Markdown runbook, or - for\n"
    "standard input. RUN is the number of a run: by default the unfinished one, else\n"
    "the latest. The first command to try: pgbelay check --db URL";

using Formats = std::vector<std::string>;
Formats streaming() {
    return {"text", "json", "jsonl"};
}
Formats documents() {
    return {"text", "json"};
}

// What is read as text first and becomes something else afterwards.
struct Texts {
    std::string format = "text";
    std::string color = "auto";
    std::string on_failure = "stop";
    std::vector<std::string> variables;
    std::vector<std::string> limits;
    std::vector<std::string> confirmations;
    std::string jobs;
    std::string stuck_after;
    std::string db;
    std::int64_t run = 0;
    std::vector<std::string> paths;
    bool as_written = false;
    std::string data_checks;
};

// One command line being read: the parser, and where it puts what it finds.
class Reader {
public:
    Reader();
    std::variant<Arguments, Answer> read(std::vector<std::string> words);
    std::vector<CommandDescription> describe() const;

private:
    CLI::App* command(const std::string& name, const std::string& about, const std::string& example, std::function<Command()> make);
    void database(CLI::App* app);
    void replicas(CLI::App* app);
    void output(CLI::App* app, const Formats& formats);
    void paths(CLI::App* app, bool required);
    void planning(CLI::App* app);
    void run_number(CLI::App* app);
    void on_failure(CLI::App* app);
    void builds(CLI::App* app);
    void blockers(CLI::App* app);
    void yes(CLI::App* app);
    void confirmations(CLI::App* app);

    void add_deploying();
    void add_looking();
    void add_steering();
    void add_setting_up();
    void add_completion();
    Arguments take();

    std::optional<std::int64_t> run() const { return texts_.run == 0 ? std::nullopt : std::optional(texts_.run); }
    engine::OnFailure failure() const { return texts_.on_failure == "rollback" ? engine::OnFailure::rollback : engine::OnFailure::stop; }

    CLI::App app_{std::string(kAbout), "pgbelay"};
    Texts texts_;
    Common common_;
    History history_;
    Pause pause_;
    Approve approve_;
    Report report_;
    InitDb init_db_;
    Demo demo_;
    Completion completion_;
    bool dry_run_ = false;
    bool separately_ = false;
    bool syntax_ = false;
    std::vector<std::pair<CLI::App*, std::function<Command()>>> commands_;
};

Reader::Reader() {
    app_.set_version_flag("-V,--version", "pgbelay " + std::string(engine::version()))->description("Print the version");
    app_.set_help_flag("-h,--help", "Print this help");
    app_.require_subcommand(1);
    app_.footer(std::string(kFooter));
    app_.get_formatter()->column_width(28);
    add_deploying();
    add_looking();
    add_steering();
    add_setting_up();
    add_completion();
}

CLI::App* Reader::command(const std::string& name, const std::string& about, const std::string& example, std::function<Command()> make) {
    CLI::App* app = app_.add_subcommand(name, about);
    app->set_help_flag("-h,--help", "Print this help");
    app->footer("Example:\n  " + example);
    app->get_formatter()->column_width(28);
    commands_.emplace_back(app, std::move(make));
    return app;
}

void Reader::database(CLI::App* app) {
    app->add_option("-d,--db", texts_.db, "The database: URL or conninfo ($DATABASE_URL)")->type_name("URL");
}

void Reader::replicas(CLI::App* app) {
    app->add_option("--replica", common_.replicas, "A hot standby to look after")
        ->type_name("URL")
        ->option_text("URL")
        ->allow_extra_args(false);
}

void Reader::output(CLI::App* app, const Formats& formats) {
    const std::string choices = CLI::detail::join(formats, "|");
    app->add_option("--format", texts_.format, choices)->check(CLI::IsMember(formats))->type_name("F")->option_text("FORMAT");
    app->add_option("-o,--output", common_.output, "Write the result there, mode 0600")->type_name("FILE");
    app->add_option("--color", texts_.color, "auto|always|never")
        ->check(CLI::IsMember(std::vector<std::string>{"auto", "always", "never"}))
        ->option_text("WHEN");
    app->add_flag("-q,--quiet", common_.quiet, "Only results, warnings and errors");
    app->add_flag("-v,--verbose", common_.verbose, "Long statements in full");
}

void Reader::paths(CLI::App* app, bool required) {
    auto* option = app->add_option("PATH", texts_.paths, "Files, directories, runbooks, or -");
    option->option_text("...");
    option->required(required);
    app->add_option("--env", common_.env, "A target of the runbook")->type_name("NAME");
    app->add_option("--set", texts_.variables, "Set a variable, as :NAME reads it")->option_text("NAME=VALUE")->allow_extra_args(false);
    app->add_option("--limit", texts_.limits, "Set a limit: hold=5min")->option_text("NAME=VALUE")->allow_extra_args(false);
}

void Reader::planning(CLI::App* app) {
    app->add_flag("--as-written", texts_.as_written, "Rewrite nothing");
    app->add_option("--data-checks", texts_.data_checks, "How long a look at the rows may take (5s); 0: none")->option_text("TIME");
    blockers(app);
}

// Limits that are asked for so often that they have options of their own.
void Reader::builds(CLI::App* app) {
    app->add_option("--jobs", texts_.jobs, "Index builds that may work at the same time (2)")->option_text("N");
    app->add_option("--stuck-after", texts_.stuck_after, "Cancel a build in which nothing moves (30min)")->option_text("TIME");
}

void Reader::run_number(CLI::App* app) {
    app->add_option("RUN", texts_.run, "The run's number")->check(CLI::PositiveNumber)->option_text(" ");
}

void Reader::on_failure(CLI::App* app) {
    app->add_option("--on-failure", texts_.on_failure, "stop|rollback: what to do when a step fails")
        ->check(CLI::IsMember(std::vector<std::string>{"stop", "rollback"}))
        ->option_text("ACTION");
}

void Reader::blockers(CLI::App* app) {
    app->add_option("--blockers", common_.blockers, "wait|cancel|terminate, for who is in the way")->option_text("POLICY");
}

void Reader::yes(CLI::App* app) {
    app->add_flag("-y,--yes", common_.yes, "Do not ask");
}

void Reader::confirmations(CLI::App* app) {
    app->add_option("--confirm", texts_.confirmations, "Who confirms a step of the runbook")
        ->option_text("NAME=WHO")
        ->allow_extra_args(false);
}

void Reader::add_deploying() {
    auto* plan = command("plan", "Show what would run, and under which locks", "pgbelay plan migrations/ --db postgres://app@db1/orders",
                         [this] { return Plan{texts_.paths, texts_.as_written, texts_.format == "jsonl", separately_}; });
    paths(plan, true);
    database(plan);
    replicas(plan);
    planning(plan);
    plan->add_flag("--separately", separately_, "With jsonl and without a database: each PATH for itself, on all cores");
    output(plan, streaming());

    auto* render =
        command("render", "Print a plan as commands for psql", "pgbelay render migrations/ --db postgres://app@db1/orders -o by-hand.md",
                [this] { return Render{texts_.paths, texts_.as_written}; });
    paths(render, true);
    database(render);
    render->add_flag("--as-written", texts_.as_written, "Rewrite nothing");
    output(render, {"text"});

    auto* init =
        command("init", "Draft a runbook for migrations", "pgbelay init migrations/ -o deploy.md", [this] { return Init{texts_.paths}; });
    paths(init, true);
    database(init);
    output(init, {"text"});

    auto* deploy = command("deploy", "Change the database", "pgbelay deploy migrations/ --db postgres://app@db1/orders",
                           [this] { return Deploy{texts_.paths, dry_run_, texts_.as_written, failure()}; });
    paths(deploy, true);
    database(deploy);
    replicas(deploy);
    yes(deploy);
    confirmations(deploy);
    deploy->add_flag("--dry-run", dry_run_, "Show the plan and stop");
    planning(deploy);
    on_failure(deploy);
    builds(deploy);
    output(deploy, streaming());

    auto* rollback =
        command("rollback", "Undo a run", "pgbelay rollback 7 --db postgres://app@db1/orders", [this] { return Rollback{run()}; });
    run_number(rollback);
    database(rollback);
    replicas(rollback);
    yes(rollback);
    blockers(rollback);
    output(rollback, streaming());
}

void Reader::add_looking() {
    auto* check = command("check", "Can this be deployed there? Changes nothing", "pgbelay check --db postgres://app@db1/orders",
                          [this] { return Check{texts_.paths, texts_.as_written, syntax_}; });
    paths(check, false);
    check->add_flag("--syntax", syntax_, "Only read the files; asks no database");
    database(check);
    replicas(check);
    planning(check);
    output(check, documents());

    auto* verify = command("verify", "Is what was deployed still there, whole and valid?",
                           "pgbelay verify migrations/ --db postgres://app@db1/orders", [this] { return Verify{texts_.paths}; });
    paths(verify, true);
    database(verify);
    output(verify, documents());

    auto* status =
        command("status", "Where a run stands", "pgbelay status --db postgres://app@db1/orders", [this] { return Status{run()}; });
    run_number(status);
    database(status);
    output(status, documents());

    auto* history = command("history", "The runs so far, newest first", "pgbelay history --limit 5 --db postgres://app@db1/orders",
                            [this] { return history_; });
    history->add_option("--limit", history_.limit, "At most so many runs (20)")->check(CLI::Range(1, 100'000))->option_text("N");
    database(history);
    output(history, documents());

    auto* report = command("report", "The evidence about a run", "pgbelay report 7 --format md -o run7.md", [this] {
        report_.run = run();
        return report_;
    });
    run_number(report);
    database(report);
    report->add_option("--receipt", report_.receipt, "Sign there that it was deployed, for deployed_on: elsewhere")->type_name("FILE");
    report->add_option("--key", report_.key, "The SSH key to sign with, else the account's own")->type_name("FILE");
    output(report, {"text", "json", "md"});
}

void Reader::add_steering() {
    auto* pause = command("pause", "Let a run start nothing more", "pgbelay pause --db postgres://app@db1/orders", [this] {
        pause_.run = run();
        return pause_;
    });
    run_number(pause);
    database(pause);
    pause->add_flag("--now", pause_.now, "Cancel a running index build, too");
    output(pause, documents());

    auto* resume = command("resume", "Go on with a run, after a pause or a crash", "pgbelay resume --db postgres://app@db1/orders",
                           [this] { return Resume{run(), failure()}; });
    run_number(resume);
    database(resume);
    replicas(resume);
    // It asks nothing; scripts that always say yes need not know.
    yes(resume);
    confirmations(resume);
    on_failure(resume);
    blockers(resume);
    output(resume, streaming());

    auto* abort = command("abort", "Cancel a run and clean up; does not roll back", "pgbelay abort --db postgres://app@db1/orders",
                          [this] { return Abort{run()}; });
    run_number(abort);
    database(abort);
    output(abort, documents());
}

void Reader::add_setting_up() {
    auto* mark = command("mark", "Record files as deployed without running them", "pgbelay mark migrations/ --db postgres://app@db1/orders",
                         [this] { return Mark{texts_.paths}; });
    paths(mark, true);
    database(mark);
    output(mark, documents());

    auto* approve = command("approve", "Sign a runbook's digest, beside it", "pgbelay approve deploy.md --as reviewed", [this] {
        approve_.path = texts_.paths.front();
        return approve_;
    });
    approve->add_option("PATH", texts_.paths, "The runbook")->option_text(" ")->required()->expected(1);
    const std::vector<std::string> roles(engine::kApprovalRoles.begin(), engine::kApprovalRoles.end());
    approve->add_option("--as", approve_.role, CLI::detail::join(roles, "|"))->check(CLI::IsMember(roles))->option_text("ROLE")->required();
    approve->add_option("--key", approve_.key, "The SSH key to sign with, else the account's own")->type_name("FILE");
    approve->add_option("--set", texts_.variables, "Set a variable, as :NAME reads it")->option_text("NAME=VALUE")->allow_extra_args(false);
    approve->add_option("--limit", texts_.limits, "Set a limit: hold=5min")->option_text("NAME=VALUE")->allow_extra_args(false);
    output(approve, documents());

    auto* init_db = command("init-db", "Create the journal, or print its DDL without --db",
                            "pgbelay init-db --owner deployer > journal.sql", [this] { return init_db_; });
    init_db->add_option("--owner", init_db_.owner, "The role that owns the journal")->type_name("ROLE");
    init_db->add_option("--grant", init_db_.grant_to, "A role that may deploy, too")->option_text("ROLE")->allow_extra_args(false);
    init_db->add_flag("--print", init_db_.print, "Print the DDL, also with --db");
    database(init_db);
    output(init_db, documents());

    auto* demo = command("demo", "A private server, live traffic, and a deployment", "pgbelay demo", [this] { return demo_; });
    demo->add_flag("--quick", demo_.quick, "Less data");
    demo->add_option("--color", texts_.color, "auto|always|never")
        ->check(CLI::IsMember(std::vector<std::string>{"auto", "always", "never"}))
        ->option_text("WHEN");
}

void Reader::add_completion() {
    auto* completion = command("completion", "Print completion for a shell, or the manual page", "pgbelay completion bash > pgbelay.bash",
                               [this] { return completion_; });
    completion->add_option("WHAT", completion_.what, "bash|zsh|fish|man")
        ->check(CLI::IsMember(std::vector<std::string>{"bash", "zsh", "fish", "man"}))
        ->option_text(" ")
        ->required();
}

// "text|json: how it looks" names the choices first.
std::vector<std::string> choices_of(const std::string& about) {
    const std::string first = about.substr(0, about.find(':'));
    return first.find('|') == std::string::npos || first.find(' ') != std::string::npos ? std::vector<std::string>()
                                                                                        : CLI::detail::split(first, '|');
}

OptionDescription description_of(const CLI::Option& option) {
    OptionDescription result{.about = option.get_description()};
    for (const auto& name : option.get_snames()) {
        result.names.push_back("-" + name);
    }
    for (const auto& name : option.get_lnames()) {
        result.names.push_back("--" + name);
    }
    if (option.get_items_expected_max() > 0) {
        result.value = option.get_option_text().empty() ? option.get_type_name() : option.get_option_text();
        result.choices = choices_of(result.about);
        result.repeatable = option.get_items_expected_max() > 1;
    }
    return result;
}

std::vector<CommandDescription> Reader::describe() const {
    constexpr std::string_view kExample = "Example:\n  ";
    std::vector<CommandDescription> commands;
    for (const CLI::App* app : app_.get_subcommands({})) {
        CommandDescription command{.name = app->get_name(), .about = app->get_description()};
        const std::string footer = app->get_footer();
        command.example = footer.starts_with(kExample) ? footer.substr(kExample.size()) : footer;
        for (const CLI::Option* option : app->get_options()) {
            if (option->nonpositional()) {
                command.options.push_back(description_of(*option));
            } else {
                command.takes_files = command.takes_files || option->get_name() == "PATH";
            }
        }
        commands.push_back(std::move(command));
    }
    return commands;
}

Format format_of(std::string_view text) {
    return text == "json" ? Format::json : text == "jsonl" ? Format::jsonl : text == "md" ? Format::md : Format::text;
}

Arguments Reader::take() {
    const auto chosen = std::find_if(commands_.begin(), commands_.end(), [](const auto& c) { return c.first->parsed(); });
    CLI::App* app = chosen->first;
    if (const auto* db = app->get_option_no_throw("--db"); db != nullptr && db->count() > 0) {
        common_.db = texts_.db;
    }
    if (common_.db && !common_.env.empty()) {
        throw Error(ErrorCode::usage, "--db and --env both name the database").hint("leave one of them out");
    }
    if (syntax_ && texts_.paths.empty()) {
        throw Error(ErrorCode::usage, "--syntax reads files, and none is given").hint("pgbelay check --syntax PATH");
    }
    const auto assign = [&](const char* option, const std::vector<std::string>& texts, std::map<std::string, std::string>& values) {
        for (const std::string& text : texts) {
            const std::size_t equals = text.find('=');
            if (equals == std::string::npos || equals == 0) {
                throw Error(ErrorCode::usage, fmt::format("{} wants NAME=VALUE", option))
                    .hint(fmt::format("pgbelay {} --help", app->get_name()));
            }
            values[text.substr(0, equals)] = text.substr(equals + 1);
        }
    };
    assign("--set", texts_.variables, common_.variables);
    assign("--confirm", texts_.confirmations, common_.confirmations);
    assign("--limit", texts_.limits, common_.limits);
    for (const auto& [limit, text] : {std::pair{"jobs", texts_.jobs}, std::pair{"stuck_after", texts_.stuck_after}}) {
        if (!text.empty()) {
            common_.limits[limit] = text;
        }
    }
    if (!texts_.data_checks.empty()) {
        const auto time = base::parse_duration(texts_.data_checks);
        if (!time || (std::isdigit(static_cast<unsigned char>(texts_.data_checks.back())) != 0 && time->count() != 0)) {
            throw Error(ErrorCode::usage, fmt::format("--data-checks: \"{}\" is not a time", texts_.data_checks))
                .hint("write it with its unit, such as 30s, or 0");
        }
        common_.data_checks = *time;
    }
    common_.format = format_of(texts_.format);
    common_.color = texts_.color == "always" ? Color::always : texts_.color == "never" ? Color::never : Color::automatic;
    return {common_, chosen->second()};
}

// CLI11's message as one of ours: lower case first, no full stop, and never with the value of --db in it.
Error usage_error(const CLI::ParseError& failure, const CLI::App& app) {
    std::string message = failure.what();
    while (!message.empty() && (message.back() == '\n' || message.back() == '.')) {
        message.pop_back();
    }
    if (!message.empty() && message.size() > 1 && message[1] >= 'a' && message[1] <= 'z') {
        message[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(message[0])));
    }
    const auto parsed = app.get_subcommands();
    const std::string command = parsed.empty() ? "" : parsed.front()->get_name() + " ";
    return Error(ErrorCode::usage, message).hint(fmt::format("pgbelay {}--help", command));
}

std::variant<Arguments, Answer> Reader::read(std::vector<std::string> words) {
    // CLI11 takes `--db=` for an option without its value; to us the empty one means libpq's own environment.
    if (const auto empty = std::find(words.begin(), words.end(), "--db="); empty != words.end()) {
        *empty = "--db";
        words.insert(std::next(empty), "");
    }
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    try {
        app_.parse(std::move(words));
        return take();
    } catch (const CLI::CallForHelp&) {
        return Answer{app_.help()};  // the chosen command's, when there is one
    } catch (const CLI::CallForVersion& version) {
        return Answer{std::string(version.what()) + "\n"};
    } catch (const CLI::ParseError& failure) {
        throw usage_error(failure, app_);
    }
}

}  // namespace

std::variant<Arguments, Answer> read_arguments(const std::vector<std::string>& words) {
    return Reader().read(words);
}

Format format_asked_for(const std::vector<std::string>& words) {
    Format format = Format::text;
    for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
        constexpr std::string_view kWithValue = "--format=";
        if (words[i].starts_with(kWithValue)) {
            format = format_of(std::string_view(words[i]).substr(kWithValue.size()));
        } else if (words[i] == "--format" && i + 1 < words.size()) {
            format = format_of(words[i + 1]);
        }
    }
    return format;
}

std::vector<CommandDescription> describe_commands() {
    return Reader().describe();
}

}  // namespace pgbelay::cli
