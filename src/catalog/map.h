// Sorted maps and sets that are copied in constant time: copies share what they hold until one of them changes it. A plan follows a
// catalog of any size into transactions and bodies of functions, and back out of them.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>

namespace pgbelay::catalog {

// An AVL tree of shared nodes (Adelson-Velsky and Landis, 1962), whose paths are copied before they are written (Driscoll, Sarnak, Sleator
// and Tarjan, "Making data structures persistent", 1989). A reference that at() or operator[] gave for writing is good until the
// entry is erased or the map is copied; one for reading, as long as no copy writes or erases the entry.
template <class Key, class Value>
class Map {
public:
    using value_type = std::pair<const Key, Value>;

private:
    struct Node;
    using Link = std::shared_ptr<Node>;
    struct Node {
        Link left;
        Link right;
        std::shared_ptr<value_type> entry;
        int height = 1;
    };

public:
    // In the order of keys. Writing to the map ends it.
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Map::value_type;
        using difference_type = std::ptrdiff_t;
        using pointer = const value_type*;
        using reference = const value_type&;

        reference operator*() const { return *path_[depth_ - 1]->entry; }
        pointer operator->() const { return path_[depth_ - 1]->entry.get(); }
        Iterator& operator++() {
            const Node* next = path_[--depth_]->right.get();
            descend(next);
            return *this;
        }
        Iterator operator++(int) {
            const Iterator before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) {
            return a.depth_ == b.depth_ && (a.depth_ == 0 || a.path_[a.depth_ - 1] == b.path_[b.depth_ - 1]);
        }

    private:
        friend class Map;
        // The height of 2^40 entries.
        static constexpr std::size_t kDeepest = 64;

        void descend(const Node* node) {
            for (; node != nullptr; node = node->left.get()) {
                path_[depth_++] = node;
            }
        }

        std::array<const Node*, kDeepest> path_;  // those that are still to come, the next one last
        std::size_t depth_ = 0;
    };

    bool empty() const { return root_ == nullptr; }
    int height() const { return height_of(root_); }
    std::size_t size() const { return size_; }
    Iterator begin() const {
        Iterator first;
        first.descend(root_.get());
        return first;
    }
    Iterator end() const { return {}; }
    // The first entry whose key is not less than the given one.
    Iterator lower_bound(const Key& key) const {
        Iterator found;
        for (const Node* node = root_.get(); node != nullptr;) {
            const bool right = node->entry->first < key;
            if (!right) {
                found.path_[found.depth_++] = node;
            }
            node = right ? node->right.get() : node->left.get();
        }
        return found;
    }

    // Null when it is not there.
    const Value* find(const Key& key) const {
        const Node* node = node_of(key);
        return node == nullptr ? nullptr : &node->entry->second;
    }
    bool contains(const Key& key) const { return find(key) != nullptr; }
    // Whether nothing was changed since one was copied from the other, or both from a third.
    bool is_copy_of(const Map& other) const { return root_ == other.root_; }
    // Throws std::out_of_range.
    const Value& at(const Key& key) const {
        const Value* found = find(key);
        if (found == nullptr) {
            throw std::out_of_range("no such entry");
        }
        return *found;
    }
    Value& at(const Key& key) {
        if (!contains(key)) {
            throw std::out_of_range("no such entry");
        }
        return own_entry(key);
    }
    Value& operator[](const Key& key) {
        if (!contains(key)) {
            insert(root_, std::make_shared<value_type>(key, Value{}));
            ++size_;
        }
        return own_entry(key);
    }
    // The key may be a part of the value.
    template <class NewValue>
    Value& insert_or_assign(const Key& key, NewValue&& value) {
        return (*this)[key] = std::forward<NewValue>(value);
    }
    // How many were there: none or one.
    std::size_t erase(const Key& key) {
        const Node* node = node_of(key);
        if (node == nullptr) {
            return 0;
        }
        // The key may be the entry's own.
        const std::shared_ptr<value_type> kept = node->entry;
        remove(root_, kept->first);
        --size_;
        return 1;
    }

private:
    static int height_of(const Link& link) { return link == nullptr ? 0 : link->height; }
    static Node& own(Link& link) {
        if (link.use_count() > 1) {
            link = std::make_shared<Node>(*link);
        }
        return *link;
    }

    const Node* node_of(const Key& key) const {
        const Node* node = root_.get();
        while (node != nullptr) {
            const auto order = key <=> node->entry->first;
            if (order == 0) {
                break;
            }
            node = (order < 0 ? node->left : node->right).get();
        }
        return node;
    }

    Value& own_entry(const Key& key) {
        Link* link = &root_;
        for (;;) {
            Node& node = own(*link);
            const auto order = key <=> node.entry->first;
            if (order == 0) {
                if (node.entry.use_count() > 1) {
                    node.entry = std::make_shared<value_type>(*node.entry);
                }
                return node.entry->second;
            }
            link = order < 0 ? &node.left : &node.right;
        }
    }

    static void measure(Node& node) { node.height = 1 + std::max(height_of(node.left), height_of(node.right)); }

    // `near` is the side that is too high; its child takes the place of the node.
    static void rotate(Link& link, Link Node::* near, Link Node::* far) {
        Link top = std::move(own(link).*near);
        own(top);
        link.get()->*near = std::move(top.get()->*far);
        measure(*link);
        top.get()->*far = std::move(link);
        link = std::move(top);
        measure(*link);
    }

    static void balance(Link& link) {
        const auto lean = [](const Link& of) { return height_of(of->left) - height_of(of->right); };
        measure(*link);
        if (lean(link) > 1) {
            if (lean(link->left) < 0) {
                rotate(link->left, &Node::right, &Node::left);
            }
            rotate(link, &Node::left, &Node::right);
        } else if (lean(link) < -1) {
            if (lean(link->right) > 0) {
                rotate(link->right, &Node::left, &Node::right);
            }
            rotate(link, &Node::right, &Node::left);
        }
    }

    // Of an entry that is not there yet.
    static void insert(Link& link, std::shared_ptr<value_type> entry) {
        if (link == nullptr) {
            link = std::make_shared<Node>();
            link->entry = std::move(entry);
            return;
        }
        Node& node = own(link);
        Link& side = entry->first < node.entry->first ? node.left : node.right;
        insert(side, std::move(entry));
        balance(link);
    }

    // The leftmost entry below the link, which is taken out.
    static std::shared_ptr<value_type> remove_first(Link& link) {
        Node& node = own(link);
        if (node.left != nullptr) {
            auto first = remove_first(node.left);
            balance(link);
            return first;
        }
        auto first = std::move(node.entry);
        link = Link(std::move(node.right));
        return first;
    }

    // Of an entry that is there.
    static void remove(Link& link, const Key& key) {
        Node& node = own(link);
        if (key < node.entry->first) {
            remove(node.left, key);
        } else if (node.entry->first < key) {
            remove(node.right, key);
        } else if (node.left == nullptr || node.right == nullptr) {
            link = Link(std::move(node.left == nullptr ? node.right : node.left));
            return;
        } else {
            node.entry = remove_first(node.right);
        }
        balance(link);
    }

    Link root_;
    std::size_t size_ = 0;
};

// All entries, one after the other, for changing them.
template <class Key, class Value, class Change>
void change_each(Map<Key, Value>& map, const Change& change) {
    for (const auto& [key, value] : Map<Key, Value>(map)) {
        change(map.at(key));
    }
}

template <class Key, class Value, class Wanted>
void erase_if(Map<Key, Value>& map, const Wanted& unwanted) {
    for (const auto& [key, value] : Map<Key, Value>(map)) {
        if (unwanted(key)) {
            map.erase(key);
        }
    }
}

template <class Key>
class Set {
public:
    class Iterator {
    public:
        const Key& operator*() const { return entry_->first; }
        Iterator& operator++() {
            ++entry_;
            return *this;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) = default;

    private:
        friend class Set;
        explicit Iterator(typename Map<Key, std::monostate>::Iterator entry) : entry_(entry) {}
        typename Map<Key, std::monostate>::Iterator entry_;
    };

    Set() = default;
    Set(std::initializer_list<Key> keys) {
        for (const Key& key : keys) {
            insert(key);
        }
    }

    bool contains(const Key& key) const { return keys_.contains(key); }
    void insert(const Key& key) { keys_[key]; }
    std::size_t erase(const Key& key) { return keys_.erase(key); }
    Iterator begin() const { return Iterator(keys_.begin()); }
    Iterator end() const { return Iterator(keys_.end()); }
    Iterator lower_bound(const Key& key) const { return Iterator(keys_.lower_bound(key)); }

private:
    Map<Key, std::monostate> keys_;
};

}  // namespace pgbelay::catalog
