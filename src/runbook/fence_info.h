// What a fence's info string asks for: documentation, or a verb of ours with its attributes.
#pragma once

#include "runbook/fences.h"

#include <map>
#include <optional>
#include <string>

namespace pgbelay::runbook {

enum class Verb {
    apply,
    check,
    attempt,  // `sql try`
    baseline,
    explain,
    probe,
    rollback,
    confirm,  // languages of their own, without a verb
    expect,
};

struct Command {
    Verb verb = Verb::apply;
    struct Value {
        std::string text;
        base::Place place;
    };
    std::map<std::string, Value> attributes;

    // Nothing when the author did not write it.
    const Value* find(const std::string& key) const;
};

// Nothing for documentation: another language, ours without a verb, ours followed by `{` or `key=`; `confirm` and `expect` have no verb,
// and are documentation when followed by `{`. Throws Error{input} at the word for: a word that is no verb (with the nearest), a verb that
// this version does not have, unknown, repeated, quoted or malformed attributes.
std::optional<Command> read_command(const Fence& fence);

}  // namespace pgbelay::runbook
