// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/story_book.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/base/user_name.hpp"
#include "crypto/mschap.hpp"

namespace adit::control {
namespace {

/// The newest one so far, which `turn` takes the place of; nothing for a key that is none.
template <typename Newest, typename Key>
std::uint64_t take_place(Newest& newest, const Key& key, std::uint64_t turn) {
  return key == Key{} ? 0 : std::exchange(newest[key], turn);
}

template <typename Newest, typename Key>
void forget_newest(Newest& newest, const Key& key, std::uint64_t turn) {
  if (const auto entry = newest.find(key); entry != newest.end() && entry->second == turn) {
    newest.erase(entry);
  }
}

}  // namespace

std::string story_key(std::string_view user) {
  return lower_case(crypto::without_domain(user));
}

const StoryRing::Kept* StoryRing::at(Turn turn) const {
  const Kept* kept = turn == 0 ? nullptr : places_[turn % kStoriesKept].get();
  return kept != nullptr && kept->turn == turn ? kept : nullptr;
}

void StoryRing::add(StoryRow row, const StoryKeys& keys) {
  const Turn turn = ++last_;
  const std::size_t place = turn % kStoriesKept;
  if (places_.size() <= place) {
    places_.resize(place + 1);
  }
  if (places_[place] != nullptr) {
    forget(*places_[place]);
  } else {
    ++size_;
  }
  const Kept kept{.row = std::move(row),
                  .keys = keys,
                  .turn = turn,
                  .older_of_user = take_place(by_user_, keys.user, turn),
                  .older_of_peer = take_place(by_peer_, keys.peer, turn),
                  .older_of_address = take_place(by_address_, keys.address, turn)};
  take_place(by_number_, keys.number, turn);
  places_[place] = std::make_unique<Kept>(kept);
}

void StoryRing::forget(const Kept& kept) {
  forget_newest(by_user_, kept.keys.user, kept.turn);
  forget_newest(by_number_, kept.keys.number, kept.turn);
  forget_newest(by_peer_, kept.keys.peer, kept.turn);
  forget_newest(by_address_, kept.keys.address, kept.turn);
}

template <typename Key>
void StoryRing::find_by(const Newest<Key>& newest, const Key& key, Turn Kept::* older,
                        std::vector<const StoryRow*>& found) const {
  const auto entry = key == Key{} ? newest.end() : newest.find(key);
  const Kept* kept = entry == newest.end() ? nullptr : at(entry->second);
  for (std::size_t told = 0; kept != nullptr && told < kStoriesTold; ++told) {
    if (std::ranges::find(found, &kept->row) == found.end()) {
      found.push_back(&kept->row);
    }
    kept = older == nullptr ? nullptr : at(kept->*older);
  }
}

void StoryRing::find(const StoryKeys& keys, std::vector<const StoryRow*>& found) const {
  find_by(by_user_, keys.user, &Kept::older_of_user, found);
  find_by(by_number_, keys.number, nullptr, found);
  find_by(by_peer_, keys.peer, &Kept::older_of_peer, found);
  find_by(by_address_, keys.address, &Kept::older_of_address, found);
}

}  // namespace adit::control
