#include "engine/disk.h"

#include "base/size.h"
#include "pg/storage.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace pgbelay::engine {
namespace {

// What goes into one tablespace.
struct Room {
    std::string directory;
    std::int64_t needed = 0;
    std::string largest;
    std::int64_t largest_size = 0;
};

std::map<std::string, Room> rooms(pg::Connection& connection, const std::vector<plan::NewStorage>& storage) {
    std::map<std::string, Room> found;
    for (const plan::NewStorage& one : storage) {
        const pg::Place place = pg::storage_place(connection, one.tablespace);
        const std::int64_t size = one.copy ? pg::rewritten_size(connection, one.relation)
                                           : pg::predicted_index_size(connection, one.relation, one.columns, one.method);
        Room& room = found[place.tablespace];
        room.directory = place.directory;
        room.needed += size;
        if (size >= room.largest_size) {
            room.largest_size = size;
            room.largest = fmt::format("{} {}", one.what, base::format_bytes(size));
        }
    }
    return found;
}

constexpr const char* kWayOut = "make room, or deploy less at once";

Answer against_number(const std::map<std::string, Room>& rooms, std::int64_t available, std::int64_t keep) {
    std::int64_t needed = 0;
    std::string largest;
    std::int64_t largest_size = -1;
    for (const auto& [name, room] : rooms) {
        needed += room.needed;
        if (room.largest_size > largest_size) {
            largest_size = room.largest_size;
            largest = room.largest;
        }
    }
    return {needed <= available - keep,
            fmt::format("about {} will be written{}, and {} are said to be available", base::format_bytes(needed),
                        largest.empty() ? "" : fmt::format(", most of it for {}", largest), base::format_bytes(available)),
            kWayOut};
}

Answer against_df(pg::Connection& connection, const std::map<std::string, Room>& rooms, std::int64_t keep) {
    Answer answer{.holds = true, .found = "nothing is written anew", .hint = kWayOut};
    std::vector<std::string> words;
    for (const auto& [name, room] : rooms) {
        const pg::FreeSpace free = room.directory.empty() ? pg::FreeSpace{std::nullopt, "this role may not know its directory"}
                                                          : pg::free_space_by_df(connection, room.directory);
        const std::string need = fmt::format("about {} will be written to {}", base::format_bytes(room.needed), name);
        if (!free.bytes) {
            answer.holds = false;
            answer.hint =
                "GRANT pg_execute_server_program, pg_read_all_settings to the role, or state a number: disk_free: { available: 50GB }";
            words.push_back(fmt::format("{}, and what is free there is not known: {}", need, free.why));
            continue;
        }
        answer.holds = answer.holds && room.needed <= *free.bytes - keep;
        words.push_back(fmt::format("{}, most of it for {}, and {} are free there", need, room.largest, base::format_bytes(*free.bytes)));
    }
    if (!words.empty()) {
        answer.found = fmt::format("{}", fmt::join(words, "; "));
    }
    return answer;
}

}  // namespace

Answer enough_disk(Target& target, const std::vector<plan::NewStorage>& storage, const runbook::Requirement& requirement) {
    const auto option = [&](const char* name) {
        const auto found = requirement.options.find(name);
        return found == requirement.options.end() ? std::int64_t{0} : std::stoll(found->second);
    };
    const auto found = rooms(target.control(), storage);
    return requirement.options.contains("available") ? against_number(found, option("available"), option("keep"))
                                                     : against_df(target.control(), found, option("keep"));
}

}  // namespace pgbelay::engine
