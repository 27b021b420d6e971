// SPDX-License-Identifier: Apache-2.0
#include "dataplane/call/prefix_table.hpp"

#include <rte_malloc.h>
#include <rte_random.h>

#include <algorithm>
#include <bit>
#include <memory>

namespace adit::dataplane {

template <typename Key>
PrefixTable<Key>::PrefixTable(std::uint32_t prefixes) noexcept {
  for (std::uint64_t& secret : secrets_) {
    secret = rte_rand() | 1;
  }
  // Filled to two fifths by as many prefixes as expected.
  const std::size_t buckets = std::bit_ceil(std::max<std::size_t>(prefixes / (kWays * 2 / 5), 2));
  void* memory = rte_zmalloc("adit_prefixes", buckets * sizeof(Bucket), kLine);
  if (memory == nullptr) {
    return;
  }
  auto* first = static_cast<Bucket*>(memory);
  std::uninitialized_value_construct_n(first, buckets);
  buckets_ = {first, buckets};
  shift_ = static_cast<unsigned>(64 - std::countr_zero(buckets));
}

template <typename Key>
PrefixTable<Key>::~PrefixTable() {
  rte_free(buckets_.data());
}

template <typename Key>
SetOutcome PrefixTable<Key>::set(const wire::Ipv6Address& prefix, std::uint32_t number) noexcept {
  const Key key(prefix);
  if (const Place known = place_of(key); known.bucket != nullptr) {
    known.bucket->numbers[known.way].store(number, std::memory_order_release);
    return SetOutcome::kReplaced;
  }
  const Place place = free_place(key);
  if (place.bucket == nullptr) {
    return SetOutcome::kNoRoom;
  }
  if (place.bucket >= crowd_.data() && place.bucket < crowd_.data() + crowd_.size()) {
    crowded_.fetch_add(1, std::memory_order_relaxed);
  }
  if (Bucket& first = first_of(key); place.bucket != &first) {
    first.elsewhere.fetch_add(1, std::memory_order_relaxed);  // before the number, which is released
  }
  place.bucket->set(place.way, key, number);
  return SetOutcome::kAdded;
}

template <typename Key>
bool PrefixTable<Key>::erase(const wire::Ipv6Address& prefix) noexcept {
  const Key key(prefix);
  const Place place = place_of(key);
  if (place.bucket == nullptr) {
    return false;
  }
  place.bucket->numbers[place.way].store(0, std::memory_order_relaxed);
  if (place.bucket >= crowd_.data() && place.bucket < crowd_.data() + crowd_.size()) {
    crowded_.fetch_sub(1, std::memory_order_relaxed);
  }
  if (Bucket& first = first_of(key); place.bucket != &first) {
    first.elsewhere.fetch_sub(1, std::memory_order_relaxed);
  }
  return true;
}

template <typename Key>
std::uint32_t PrefixTable<Key>::find_crowded(const Key& key) const noexcept {
  for (const Bucket& bucket : crowd_) {
    if (const std::uint32_t number = bucket.find(key); number != 0) {
      return number;
    }
  }
  return 0;
}

template <typename Key>
PrefixTable<Key>::Place PrefixTable<Key>::place_of(const Key& key) noexcept {
  const auto within = [&](Bucket& bucket) -> Place {
    for (std::size_t way = 0; way < kWays; ++way) {
      if (bucket.numbers[way].load(std::memory_order_relaxed) != 0 && bucket.has(way, key)) {
        return {&bucket, way};
      }
    }
    return {};
  };
  for (const std::size_t bucket : buckets_of(key)) {
    if (const Place place = within(buckets_[bucket]); place.bucket != nullptr) {
      return place;
    }
  }
  for (Bucket& bucket : crowd_) {
    if (const Place place = within(bucket); place.bucket != nullptr) {
      return place;
    }
  }
  return {};
}

/// In its first line; when that has room for one more at most, in the emptier of the two; else in the crowd.
template <typename Key>
PrefixTable<Key>::Place PrefixTable<Key>::free_place(const Key& key) noexcept {
  const auto is_free = [](const std::atomic<std::uint32_t>& number) {
    return number.load(std::memory_order_relaxed) == 0;
  };
  const auto free_in = [&](Bucket& bucket) -> Place {
    const auto way = std::ranges::find_if(bucket.numbers, is_free);
    return way == bucket.numbers.end()
               ? Place{}
               : Place{&bucket, static_cast<std::size_t>(way - bucket.numbers.begin())};
  };
  const auto [first, second] = buckets_of(key);
  const auto room = [&](std::size_t bucket) {
    return static_cast<std::size_t>(std::ranges::count_if(buckets_[bucket].numbers, is_free));
  };
  const bool in_first = room(first) > 1 || room(first) >= room(second);
  if (const Place place = free_in(buckets_[in_first ? first : second]); place.bucket != nullptr) {
    return place;
  }
  for (Bucket& bucket : crowd_) {
    if (const Place place = free_in(bucket); place.bucket != nullptr) {
      return place;
    }
  }
  return {};
}

template class PrefixTable<HighKey>;
template class PrefixTable<WholeKey>;

}  // namespace adit::dataplane
