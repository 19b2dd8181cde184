// Values that are seldom there, or seldom more than empty, and take a pointer's room while they are not: a catalog may hold a million
// columns.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace pgbelay::catalog {

// A std::optional.
template <class T>
class Seldom {
public:
    Seldom() = default;
    Seldom(std::nullopt_t) {}
    Seldom(const std::optional<T>& value) : value_(value ? std::make_unique<T>(*value) : nullptr) {}
    template <class U>
        requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, std::optional<T>>)
    Seldom(U&& value) : value_(std::make_unique<T>(std::forward<U>(value))) {}
    Seldom(const Seldom& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
    Seldom(Seldom&& other) noexcept = default;
    Seldom& operator=(const Seldom& other) { return *this = Seldom(other); }
    Seldom& operator=(Seldom&& other) noexcept = default;
    ~Seldom() = default;

    bool has_value() const { return value_ != nullptr; }
    explicit operator bool() const { return has_value(); }
    const T& operator*() const { return *value_; }
    T& operator*() { return *value_; }
    const T* operator->() const { return value_.get(); }
    T* operator->() { return value_.get(); }
    template <class U>
    T value_or(U&& otherwise) const {
        return has_value() ? *value_ : static_cast<T>(std::forward<U>(otherwise));
    }
    void reset() { value_.reset(); }
    operator std::optional<T>() const { return has_value() ? std::optional<T>(*value_) : std::nullopt; }

    friend bool operator==(const Seldom& a, const Seldom& b) { return a.has_value() == b.has_value() && (!a.has_value() || *a == *b); }
    template <class U>
        requires(std::convertible_to<const U&, T> && !std::same_as<U, Seldom> && !std::same_as<U, std::optional<T>>)
    friend bool operator==(const Seldom& a, const U& b) {
        return a.has_value() && *a == b;
    }

private:
    std::unique_ptr<T> value_;
};

// A string or a container that is mostly empty: read like one, and written through own().
template <class T>
class Rare {
public:
    using value_type = typename T::value_type;
    using const_iterator = typename T::const_iterator;

    Rare() = default;
    template <class U>
        requires std::convertible_to<U, T>
    Rare(U&& value) {
        T given = std::forward<U>(value);
        if (!given.empty()) {
            value_ = std::move(given);
        }
    }
    Rare(std::initializer_list<value_type> values) : Rare(T(values)) {}

    const T& operator*() const {
        static const T kEmpty;
        return value_ ? *value_ : kEmpty;
    }
    const T* operator->() const { return &**this; }
    operator const T&() const { return **this; }
    T& own() {
        if (!value_) {
            value_ = T();
        }
        return *value_;
    }

    bool empty() const { return (**this).empty(); }
    std::size_t size() const { return (**this).size(); }
    auto begin() const { return (**this).begin(); }
    auto end() const { return (**this).end(); }
    typename T::iterator begin() { return value_ ? value_->begin() : typename T::iterator(); }
    typename T::iterator end() { return value_ ? value_->end() : typename T::iterator(); }
    decltype(auto) front() const { return (**this).front(); }
    decltype(auto) back() const { return (**this).back(); }
    decltype(auto) operator[](std::size_t i) const { return (**this)[i]; }
    void clear() { value_.reset(); }

    friend bool operator==(const Rare& a, const Rare& b) { return *a == *b; }
    template <class U>
        requires(!std::same_as<U, Rare>)
    friend bool operator==(const Rare& a, const U& b) {
        return *a == b;
    }

private:
    Seldom<T> value_;
};

// As those of std::vector; what is empty then takes no room.
template <class E, class Predicate>
void erase_if(Rare<std::vector<E>>& values, Predicate gone) {
    if (!values.empty() && std::erase_if(values.own(), gone) > 0 && values.empty()) {
        values.clear();
    }
}

template <class E>
void erase(Rare<std::vector<E>>& values, const E& gone) {
    erase_if(values, [&](const E& value) { return value == gone; });
}

}  // namespace pgbelay::catalog
