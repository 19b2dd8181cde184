// Maps that are copied in constant time, held to the standard's over random changes to many copies.
#include "catalog/map.h"

#include <gmock/gmock.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace pgbelay::catalog {
namespace {

using ::testing::ElementsAre;

template <class Key, class Value>
std::map<Key, Value> contents(const Map<Key, Value>& map) {
    std::map<Key, Value> all;
    for (const auto& [key, value] : map) {
        EXPECT_TRUE(all.empty() || all.rbegin()->first < key);
        all.emplace(key, value);
    }
    return all;
}

TEST(Map, IsTheStandardsInEveryCopy) {
    struct Pair {
        Map<int, std::string> map;
        std::map<int, std::string> model;
    };
    std::mt19937 random(20'261'121);
    std::vector<Pair> pairs(1);
    for (int step = 0; step < 200'000; ++step) {
        Pair& pair = pairs[random() % pairs.size()];
        const int key = static_cast<int>(random() % 500);
        switch (random() % 8) {
            case 0:
            case 1:
            case 2: {
                const auto value = std::to_string(step);
                EXPECT_EQ(pair.map.insert_or_assign(key, value), value);
                pair.model.insert_or_assign(key, value);
                break;
            }
            case 3:
            case 4: ASSERT_EQ(pair.map.erase(key), pair.model.erase(key)); break;
            case 5:
                pair.map[key] += 'x';
                pair.model[key] += 'x';
                break;
            case 6: {
                const auto* found = pair.map.find(key);
                const auto expected = pair.model.find(key);
                ASSERT_EQ(found != nullptr, expected != pair.model.end());
                ASSERT_TRUE(found == nullptr || *found == expected->second);
                const auto next = pair.map.lower_bound(key);
                const auto expected_next = pair.model.lower_bound(key);
                ASSERT_EQ(next == pair.map.end(), expected_next == pair.model.end());
                ASSERT_TRUE(next == pair.map.end() || next->first == expected_next->first);
                break;
            }
            default:
                if (step % 20 == 0) {
                    const Pair copy = pair;
                    if (pairs.size() < 20) {
                        pairs.push_back(copy);
                    } else {
                        pairs[random() % pairs.size()] = copy;
                    }
                }
        }
        if (step % 1000 == 0) {
            for (const Pair& each : pairs) {
                ASSERT_EQ(contents(each.map), each.model);
                ASSERT_EQ(each.map.size(), each.model.size());
            }
        }
    }
    EXPECT_EQ(pairs.size(), 20U);
}

TEST(Map, StaysLowWhateverTheOrder) {
    Map<int, int> map;
    constexpr int kMany = 100'000;
    for (int i = 0; i < kMany; ++i) {
        map.insert_or_assign(i, -i);
    }
    for (int i = 0; i < kMany; i += 2) {
        map.erase(i);
    }
    EXPECT_EQ(map.size(), static_cast<std::size_t>(kMany / 2));
    EXPECT_EQ(map.at(kMany - 1), 1 - kMany);
    EXPECT_EQ(map.find(kMany - 2), nullptr);
    // No higher than an AVL tree may be: 1.44 times the logarithm (Knuth, volume 3, 6.2.3).
    EXPECT_LE(map.height(), 23);
}

TEST(Map, ReadsWhatIsThereAlone) {
    const Map<int, int> empty;
    EXPECT_TRUE(empty.empty());
    EXPECT_TRUE(empty.begin() == empty.end());
    EXPECT_THROW(empty.at(1), std::out_of_range);
    Map<int, int> one;
    EXPECT_THROW(one.at(1), std::out_of_range);
    one[1] = 2;
    const auto same = one;
    EXPECT_TRUE(same.is_copy_of(one));
    EXPECT_FALSE(same.is_copy_of(empty));
    one.at(1) = 3;
    EXPECT_FALSE(same.is_copy_of(one));
    EXPECT_EQ(same.at(1), 2);
}

TEST(Map, IsChangedEntryByEntryAndErasedByKeys) {
    Map<int, int> map;
    for (int i = 0; i < 5; ++i) {
        map[i] = i;
    }
    const auto before = map;
    change_each(map, [](int& value) { value *= 10; });
    erase_if(map, [](int key) { return key % 2 == 1; });
    EXPECT_THAT(contents(map), ElementsAre(std::pair(0, 0), std::pair(2, 20), std::pair(4, 40)));
    EXPECT_EQ(contents(before).size(), 5U);
}

TEST(Set, HoldsEachOnce) {
    Set<std::string> set;
    set.insert("b");
    set.insert("a");
    const auto before = set;
    set.insert("b");
    EXPECT_EQ(set.erase("a"), 1U);
    EXPECT_EQ(set.erase("a"), 0U);
    EXPECT_THAT(std::vector<std::string>({*set.begin()}), ElementsAre("b"));
    EXPECT_TRUE(before.contains("a"));
    EXPECT_EQ(*before.lower_bound("aa"), "b");
}

}  // namespace
}  // namespace pgbelay::catalog
