#include "cli/completion.h"

#include "cli/commands.h"
#include "cli/exit_status.h"

#include <fmt/format.h>

namespace pgbelay::cli {

namespace {

using Options = std::vector<OptionDescription>;

std::string names_of(const std::vector<CommandDescription>& commands, std::string_view separator) {
    std::vector<std::string> names;
    for (const auto& command : commands) {
        names.push_back(command.name);
    }
    return fmt::format("{}", fmt::join(names, separator));
}

std::string all_names(const Options& options) {
    std::vector<std::string> names;
    for (const auto& option : options) {
        names.insert(names.end(), option.names.begin(), option.names.end());
    }
    return fmt::format("{}", fmt::join(names, " "));
}

// For the inside of single quotes in a shell.
std::string single_quoted(const std::string& text) {
    std::string quoted;
    for (const char c : text) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted;
}

std::string escaped(const std::string& text, std::string_view special) {
    std::string result;
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) {
            result += '\\';
        }
        result += c;
    }
    return result;
}

// A minus that is typed is \- in roff; a dot that begins a line would be a request.
std::string roff(const std::string& text) {
    const std::string safe = escaped(text, "-");
    return safe.starts_with('.') || safe.starts_with('\'') ? "\\&" + safe : safe;
}

std::string bash_values(const Options& options) {
    std::string cases;
    for (const auto& option : options) {
        if (!option.value.empty()) {
            cases += fmt::format("        {})\n", fmt::join(option.names, " | "));
            cases += option.choices.empty()
                         ? "            return ;;\n"
                         : fmt::format("            COMPREPLY=($(compgen -W '{}' -- \"$current\"))\n            return ;;\n",
                                       fmt::join(option.choices, " "));
        }
    }
    return cases;
}

std::string zsh_option(const OptionDescription& option) {
    std::string about = single_quoted(escaped(option.about, "[]:\\"));
    std::string value;
    if (!option.value.empty()) {
        value = fmt::format(":{}:{}", option.value,
                            !option.choices.empty()  ? fmt::format("({})", fmt::join(option.choices, " "))
                            : option.value == "FILE" ? "_files"
                                                     : "");
    }
    const std::string repeated = option.repeatable ? "*" : "";
    if (option.names.size() == 1) {
        return fmt::format("'{}{}[{}]{}'", repeated, option.names.front(), about, value);
    }
    return fmt::format("'({})'{{{}}}'[{}]{}'", fmt::join(option.names, " "), fmt::join(option.names, ","), about, value);
}

std::string fish_option(const std::string& command, const OptionDescription& option) {
    std::string line = fmt::format("complete -c pgbelay -n '__fish_seen_subcommand_from {}'", command);
    for (const auto& name : option.names) {
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    if (!option.value.empty()) {
        line += option.value == "FILE" ? " -r" : " -x";
    }
    if (!option.choices.empty()) {
        line += fmt::format(" -a '{}'", fmt::join(option.choices, " "));
    }
    return line + fmt::format(" -d '{}'\n", escaped(option.about, "'\\"));
}

constexpr std::string_view kManualEnd = R"(.SH EXIT STATUS
.TP
0
done, nothing to do, or waiting for its time
.TP
1
findings, or a check that was asked for does not hold
.TP
2
wrong usage, or input that cannot be read
.TP
3
refused or failed before anything was changed
.TP
4
failed and rolled back: the schema is as before
.TP
5
stopped part\-way or verification failed: safe to resume or roll back
.TP
130, 143
interrupted by Ctrl\-C or SIGTERM
.SH ENVIRONMENT
.TP
DATABASE_URL
the database, where neither \-\-db nor \-\-env names one; without it, libpq's own environment, service and password files count
.SH SEE ALSO
.BR psql (1)
)";

}  // namespace

std::string bash_completion(const std::vector<CommandDescription>& commands) {
    std::string script = fmt::format(
        "# bash completion for pgbelay, made by `pgbelay completion bash`\n"
        "_pgbelay() {{\n"
        "    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command= word\n"
        "    for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n"
        "        case $word in {}) command=$word; break ;; esac\n"
        "    done\n"
        "    COMPREPLY=()\n"
        "    case $command in\n"
        "    '')\n"
        "        COMPREPLY=($(compgen -W '{} --help --version' -- \"$current\")) ;;\n",
        names_of(commands, " | "), names_of(commands, " "));
    for (const auto& command : commands) {
        script += fmt::format("    {})\n", command.name);
        if (const std::string values = bash_values(command.options); !values.empty()) {
            script += "        case $previous in\n" + values + "        esac\n";
        }
        script +=
            fmt::format("        [[ $current != -* ]] || COMPREPLY=($(compgen -W '{}' -- \"$current\")) ;;\n", all_names(command.options));
    }
    return script + "    esac\n}\ncomplete -o default -F _pgbelay pgbelay\n";
}

std::string zsh_completion(const std::vector<CommandDescription>& commands) {
    std::string script =
        "#compdef pgbelay\n# zsh completion for pgbelay, made by `pgbelay completion zsh`\n_pgbelay() {\n  local -a commands=(\n";
    for (const auto& command : commands) {
        script += fmt::format("    '{}:{}'\n", command.name, single_quoted(escaped(command.about, ":\\")));
    }
    script +=
        "  )\n"
        "  if (( CURRENT == 2 )); then\n    _describe command commands\n    return\n  fi\n"
        "  local command=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $command in\n";
    for (const auto& command : commands) {
        script += fmt::format("    {})\n      _arguments", command.name);
        for (const auto& option : command.options) {
            script += " \\\n        " + zsh_option(option);
        }
        script += command.takes_files ? " \\\n        '*:path:_files' ;;\n" : " ;;\n";
    }
    return script + "  esac\n}\n_pgbelay \"$@\"\n";
}

std::string fish_completion(const std::vector<CommandDescription>& commands) {
    std::string script = "# fish completion for pgbelay, made by `pgbelay completion fish`\n";
    for (const auto& command : commands) {
        script +=
            fmt::format("complete -c pgbelay -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name, escaped(command.about, "'\\"));
    }
    for (const auto& command : commands) {
        for (const auto& option : command.options) {
            script += fish_option(command.name, option);
        }
    }
    return script;
}

std::string manual_page(const std::vector<CommandDescription>& commands) {
    std::string page =
        ".TH PGBELAY 1 \"\" \"pgbelay\" \"User Commands\"\n"
        ".SH NAME\npgbelay \\- change a live PostgreSQL without dropping it\n"
        ".SH SYNOPSIS\n.B pgbelay\n.I COMMAND\n.RI [ OPTION ...]\n.RI [ PATH ...| RUN ]\n"
        ".SH DESCRIPTION\n"
        "Deploys SQL migrations and runbooks to a PostgreSQL that is in use: checked before, gentle while it runs, verified after, "
        "resumable after any crash, and recorded in the target.\n"
        ".PP\n"
        ".I PATH\nis an .sql file, a directory of migrations, a Markdown runbook, or \\- for standard input.\n"
        ".I RUN\nis the number of a run: by default the unfinished one, else the latest.\n"
        ".SH COMMANDS\n";
    for (const auto& command : commands) {
        page += fmt::format(".SS {}\n{}.\n", command.name, roff(command.about));
        for (const auto& option : command.options) {
            std::vector<std::string> names;
            for (const auto& name : option.names) {
                names.push_back("\\fB" + roff(name) + "\\fR");
            }
            const std::string value = option.value.empty() ? "" : " \\fI" + roff(option.value) + "\\fR";
            page += fmt::format(".TP\n{}{}\n{}\n", fmt::join(names, ", "), value, roff(option.about));
        }
        if (!command.example.empty()) {
            page += fmt::format(".PP\nExample:\n.PP\n.nf\n.RS\n{}\n.RE\n.fi\n", roff(command.example));
        }
    }
    return page + std::string(kManualEnd);
}

int run(const Completion& command, const Context& context) {
    const auto commands = describe_commands();
    context.console.document(command.what == "bash"   ? bash_completion(commands)
                             : command.what == "zsh"  ? zsh_completion(commands)
                             : command.what == "fish" ? fish_completion(commands)
                                                      : manual_page(commands));
    return kDone;
}

}  // namespace pgbelay::cli
