// SPDX-License-Identifier: Apache-2.0
// The stories of calls that have ended, the last ones of three kinds apart: strangers, who can make up any number of names
// and none, push out neither what users did nor each other. Bounded; every operation is O(1).
// Thread: control. Owner: ConcentratorCore.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/concentrator/call_story.hpp"

namespace adit::control {

/// Spellings of one user: stories are found by the name without a domain, in any case.
[[nodiscard]] std::string story_key(std::string_view user);

/// What stories are found by; an empty one is none.
struct StoryKeys {
  std::string user{};  ///< story_key()
  std::uint64_t number = 0;
  wire::Ipv4Address peer{}, address{};
};

/// The last stories of one kind.
class StoryRing {
 public:
  void add(StoryRow row, const StoryKeys& keys);
  [[nodiscard]] std::size_t size() const { return size_; }
  /// Without texts that are longer than a name.
  [[nodiscard]] std::size_t octets() const {
    constexpr std::size_t kIndexEntries = 4 * (sizeof(std::string) + 3 * sizeof(void*));
    return size_ * (sizeof(Kept) + kIndexEntries);
  }
  /// Adds those that any key names to `found`, at most kStoriesTold for each key, and none twice.
  void find(const StoryKeys& keys, std::vector<const StoryRow*>& found) const;

 private:
  using Turn = std::uint64_t;  // of a story; 0: none. A turn whose place another one has taken is over
  struct Kept {
    StoryRow row;
    StoryKeys keys;
    Turn turn, older_of_user, older_of_peer, older_of_address;
  };
  template <typename Key>
  using Newest = std::unordered_map<Key, Turn>;

  [[nodiscard]] const Kept* at(Turn turn) const;
  void forget(const Kept& kept);
  template <typename Key>
  void find_by(const Newest<Key>& newest, const Key& key, Turn Kept::* older,
               std::vector<const StoryRow*>& found) const;

  std::vector<std::unique_ptr<Kept>> places_;  // grows to kStoriesKept
  std::size_t size_ = 0;
  Turn last_ = 0;
  Newest<std::string> by_user_;
  Newest<std::uint64_t> by_number_;
  Newest<wire::Ipv4Address> by_peer_, by_address_;
};

class StoryBook {
 public:
  void add(StoryRow row, const StoryKeys& keys) {
    const std::size_t kind = row.logged_in ? 0 : !keys.user.empty() ? 1 : 2;
    rings_[kind].add(std::move(row), keys);
  }
  [[nodiscard]] std::size_t size() const { return sum(&StoryRing::size); }
  [[nodiscard]] std::size_t octets() const { return sum(&StoryRing::octets); }
  void find(const StoryKeys& keys, std::vector<const StoryRow*>& found) const {
    for (const StoryRing& ring : rings_) {
      ring.find(keys, found);
    }
  }

 private:
  [[nodiscard]] std::size_t sum(std::size_t (StoryRing::*of)() const) const {
    return (rings_[0].*of)() + (rings_[1].*of)() + (rings_[2].*of)();
  }

  std::array<StoryRing, 3> rings_;
};

}  // namespace adit::control
