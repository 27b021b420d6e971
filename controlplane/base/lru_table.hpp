// SPDX-License-Identifier: Apache-2.0
// A map of bounded size that forgets what was used least recently: for what is remembered of strangers, who
// can make up any number of keys. O(1). Thread: any one. Owner: whoever embeds it.
#pragma once

#include <cstddef>
#include <functional>
#include <iterator>
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace adit::control {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class LruTable {
  using Entries = std::list<std::pair<const Key, Value>>;

 public:
  /// Over the entries, the last used first, a slice at a time. An entry that nobody uses from the first slice to the last is
  /// met once; one that is used, made or forgotten meanwhile, once or not at all. A copy is the same walk. It may
  /// outlive the table.
  class Walk {
    friend class LruTable;
    struct Place {
      typename Entries::const_iterator next;
    };
    std::shared_ptr<Place> place_;  // none: it has yet to begin
  };

  explicit LruTable(std::size_t most) : most_(most) {}

  /// The entry of `key`, made if it is not there, and now the last to be forgotten. Valid until the next use().
  [[nodiscard]] Value& use(const Key& key) {
    if (const auto found = index_.find(key); found != index_.end()) {
      leave(found->second);
      entries_.splice(entries_.begin(), entries_, found->second);
      return found->second->second;
    }
    if (entries_.size() >= most_) {
      leave(std::prev(entries_.end()));
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
      leave(found->second);
      entries_.erase(found->second);
      index_.erase(found);
    }
  }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  /// Key and value of the entry that is forgotten next; there must be one.
  [[nodiscard]] const std::pair<const Key, Value>& oldest() const { return entries_.back(); }
  /// The next slice of a walk of this table: `visit(key, value)` for `most` entries at most. False: they were the last.
  template <typename Visit>
  bool walk(Walk& walk, std::size_t most, const Visit& visit) {
    if (walk.place_ == nullptr) {
      walk.place_ = std::make_shared<typename Walk::Place>(typename Walk::Place{entries_.cbegin()});
      walks_.push_back(walk.place_);
    }
    auto& next = walk.place_->next;
    for (; most > 0 && next != entries_.cend(); --most) {
      const auto& [key, value] = *next++;
      visit(key, value);
    }
    return next != entries_.cend();
  }

 private:
  /// The entry goes elsewhere: walks that would go on with it go on behind it.
  void leave(typename Entries::const_iterator entry) {
    std::erase_if(walks_, [entry](const std::weak_ptr<typename Walk::Place>& walk) {
      const auto place = walk.lock();
      if (place != nullptr && place->next == entry) {
        ++place->next;
      }
      return place == nullptr;
    });
  }

  std::size_t most_;
  Entries entries_;
  std::unordered_map<Key, typename Entries::iterator, Hash> index_;
  std::vector<std::weak_ptr<typename Walk::Place>> walks_;  // as many as operators look at once
};

}  // namespace adit::control
