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
    // A variable of the block. One that is declared twice means another at each place, which nobody tells apart here.
    void declare(const std::string& name);

    // What is given stands until leave(): then, and for what forget() names, the value is not known.
    std::size_t enter() const { return sources_.size(); }
    void leave(std::size_t entered);
    void forget(std::vector<std::string> names);

    // The first row of `query`, one name for each column, or NULL without a row.
    void fill(std::vector<std::string> names, const std::string& query);
    void fill_record(const std::string& name, const std::string& query);
    // One row of `query` after the other, until leave().
    void loop(std::vector<std::string> names, const std::string& query);
    void loop_record(const std::string& name, const std::string& query);

    // A query whose one column is `value` in a row for each pass of the loops around it that meets `condition` ("" = any). Empty where a
    // variable in it is not known, or was itself put together from what is too much.
    std::string in_loops(const std::string& value, const std::string& condition) const;
    // A query of one row. Empty besides where a loop's variable stands in it.
    std::string once(const std::string& value) const;

private:
    enum class Kind { unknown, row, loop };

    struct Source {
        Kind kind;
        std::vector<std::string> names;
        std::string query;
        bool record = false;
        std::set<std::string> needs;  // variables in the query
    };

    void add(Kind kind, std::vector<std::string> names, const std::string& query, bool record);
    std::set<std::string> variables_in(std::string_view expression) const;
    // By the places of what has to stand in FROM; false where that is not known.
    bool collect(std::set<std::string> needed, bool loops, std::vector<std::size_t>& places) const;
    std::string from(const std::vector<std::size_t>& places) const;

    std::set<std::string> declared_;
    std::set<std::string> ambiguous_;
    std::vector<Source> sources_;  // in the order of the text; one hides those of its names before it
};

}  // namespace pgbelay::sql
