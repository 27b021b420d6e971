// SPDX-License-Identifier: Apache-2.0
// A map of bounded size that forgets what was used least recently: for what is remembered of strangers, who
// can make up any number of keys. O(1). Thread: any one. Owner: whoever embeds it.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

namespace adit::control {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class LruTable {
 public:
  explicit LruTable(std::size_t most) : most_(most) {}

  /// The entry of `key`, made if it is not there, and now the last to be forgotten. Valid until the next use().
  [[nodiscard]] Value& use(const Key& key) {
    if (const auto found = index_.find(key); found != index_.end()) {
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->second;
    }
    if (entries_.size() >= most_) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
    }
    entries_.emplace_front(key, Value{});
    index_.emplace(key, entries_.begin());
    return entries_.front().second;
  }
  [[nodiscard]] Value* find(const Key& key) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : &found->second->second;
  }
  void erase(const Key& key) {
    if (const auto found = index_.find(key); found != index_.end()) {
      entries_.erase(found->second);
      index_.erase(found);
    }
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Pairs of key and value, the last used first.
  [[nodiscard]] const std::list<std::pair<const Key, Value>>& entries() const { return entries_; }

 private:
  using Entries = std::list<std::pair<const Key, Value>>;
  std::size_t most_;
  Entries entries_;
  std::unordered_map<Key, typename Entries::iterator, Hash> index_;
};

}  // namespace adit::control
