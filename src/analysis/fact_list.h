// A list of facts of which each carries its reason: it reads like a vector, but nothing gets in without one.
#pragma once

#include "analysis/reason.h"
#include "catalog/lock_mode.h"
#include "sql/name.h"

#include <cstddef>
#include <vector>

namespace pgbelay::analysis {

template <class Item>
class FactList {
public:
    using value_type = Item;
    using const_iterator = typename std::vector<Item>::const_iterator;

    const_iterator begin() const { return items_.begin(); }
    const_iterator end() const { return items_.end(); }
    std::size_t size() const { return items_.size(); }
    bool empty() const { return items_.empty(); }
    const Item& front() const { return items_.front(); }
    const Item& operator[](std::size_t i) const { return items_[i]; }
    const std::vector<Item>& items() const { return items_; }
    // NOLINTNEXTLINE(google-explicit-constructor): whoever only reads it need not know that there are reasons
    operator const std::vector<Item>&() const { return items_; }

    // Of the item at that place.
    Reason reason(std::size_t i) const { return reasons_[i]; }

protected:
    void append(const Item& item, Reason reason) {
        items_.push_back(item);
        reasons_.push_back(reason);
    }

    std::vector<Item> items_;
    std::vector<Reason> reasons_;  // as long as `items_`
};

}  // namespace pgbelay::analysis
