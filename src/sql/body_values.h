// What the variables of a PL/pgSQL block hold at one place of it, as queries: for whoever asks the server what an expression there is.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgbelay::sql {

class BodyValues {
public:
    void declare(const std::string& name);
    // Its name means another variable at another place, which nobody tells apart here.
    void declare_ambiguous(const std::string& name);

    // What is given stands until leave(): then, and for what forget() names, the value is not known.
    std::size_t enter() const { return sources_.size(); }
    void leave(std::size_t entered);
    void forget(std::vector<std::string> names);

    // The first row of `query`, one name for each column, or NULL without a row. An empty query: not known.
    void fill(std::vector<std::string> names, const std::string& query);
    void fill_record(const std::string& name, const std::string& query);
    // A loop begins, and ends with leave(): one row of `query` after the other. False where its passes are not known.
    bool loop(std::vector<std::string> names, const std::string& query);
    bool loop_record(const std::string& name, const std::string& query);

    // A query whose one column is `value`, in a row for each pass of the loop around it that meets `condition` ("" = any). Empty where a
    // variable in it is not known, in loops in loops, which keep no order, and where it reads something in a loop.
    std::string in_loop(const std::string& value, const std::string& condition) const;
    // A query of one row. Empty besides where a loop's variable stands in it.
    std::string once(const std::string& value, bool looped) const;

    // The declared variables that an expression names.
    std::set<std::string> variables_in(std::string_view expression) const;

private:
    enum class Kind { unknown, row, loop };

    struct Source {
        Kind kind;
        std::vector<std::string> names;
        std::string query;
        bool record = false;
        std::set<std::string> needs;  // variables in the query
    };

    bool add(Kind kind, std::vector<std::string> names, const std::string& query, bool record);
    // By the places of what has to stand in FROM; false where that is not known.
    bool collect(std::set<std::string> needed, bool loops, std::vector<std::size_t>& places) const;
    std::string from(const std::vector<std::size_t>& places) const;

    std::set<std::string> declared_;
    std::set<std::string> ambiguous_;
    std::vector<Source> sources_;  // in the order of the text; one hides those of its names before it
};

// Whether an expression may look at anything in the database: all but text, numbers, dates.
bool may_read(std::string_view expression);

}  // namespace pgbelay::sql
