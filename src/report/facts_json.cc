#include "report/facts_json.h"

#include "report/json.h"
#include "report/plan_json.h"
#include "report/redact.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace pgbelay::report {

namespace {

bool is_plain(char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void append_text(std::string& out, std::string_view text) {
    if (std::all_of(text.begin(), text.end(), is_plain)) {
        out += '"';
        out += text;
        out += '"';
    } else {
        out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    }
}

void append_number(std::string& out, int number) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_relation(std::string& out, const sql::QualifiedName& name) {
    if (name.schema.empty()) {
        append_text(out, name.name);
    } else {
        append_text(out, name.schema + "." + name.name);
    }
}

// `one` appends an item.
void append_list(std::string& out, std::string_view key, const auto& items, auto&& one) {
    out += ",\"";
    out += key;
    out += "\":[";
    bool first = true;
    for (const auto& item : items) {
        out += first ? "" : ",";
        first = false;
        one(item);
    }
    out += ']';
}

void append_place(std::string& out, const base::Place& place) {
    out += "\"file\":";
    append_text(out, place.file);
    out += ",\"line\":";
    append_number(out, place.line);
    out += ",\"column\":";
    append_number(out, place.column);
}

void append_refusal(std::string& out, const plan::Refusal& refusal) {
    out += "{\"message\":";
    append_text(out, redact(refusal.message));
    out += ",\"hint\":";
    if (refusal.hint.empty()) {
        out += "null";
    } else {
        append_text(out, refusal.hint);
    }
    out += ',';
    append_place(out, refusal.place);
    out += '}';
}

}  // namespace

void append_facts(std::string& out, const plan::StatementFacts& facts) {
    const auto flag = [&](std::string_view key, bool value) {
        out += ",\"";
        out += key;
        out += value ? "\":true" : "\":false";
    };
    out += "{\"n\":";
    append_number(out, facts.n);
    out += ',';
    append_place(out, facts.place);
    out += ",\"kind\":";
    append_text(out, facts.kind);
    flag("session", facts.session);
    flag("transactional", facts.facts.transactional);
    flag("opaque", facts.facts.opaque);
    append_list(out, "locks", strongest(facts.facts.locks), [&](const analysis::RelationLock& lock) {
        out += "{\"relation\":";
        append_relation(out, lock.relation);
        out += ",\"mode\":";
        append_text(out, catalog::pg_name(lock.mode));
        out += '}';
    });
    const auto relation = [&](const sql::QualifiedName& name) { append_relation(out, name); };
    append_list(out, "rewrites", facts.facts.rewrites, relation);
    append_list(out, "scans", facts.facts.scans, relation);
    append_list(out, "notes", facts.notes, [&](const std::string& note) { append_text(out, redact(note)); });
    out += ",\"skip\":";
    if (facts.skip) {
        append_text(out, *facts.skip);
    } else {
        out += "null";
    }
    append_list(out, "refusals", facts.refusals, [&](const plan::Refusal& refusal) { append_refusal(out, refusal); });
    out += "}\n";
}

}  // namespace pgbelay::report
