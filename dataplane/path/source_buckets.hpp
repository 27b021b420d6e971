// SPDX-License-Identifier: Apache-2.0
// How many frames each source may send, so that one alone cannot take a class that others need (punt_class.hpp).
// Sources are hashed: memory and cost do not depend on how many there are. A source has two buckets and may take from
// either, so it can send twice the rate given; one that shares a bucket with a flood still has the other, and a hundred
// floods take both buckets of one source in 400.
// Thread: worker. Owner: Punt.
#pragma once

#include <rte_random.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/wire/token_bucket.hpp"

namespace adit::dataplane {

class SourceBuckets {
 public:
  /// With a rate of 0, take() allows everything, and there are no buckets.
  explicit SourceBuckets(const wire::TokenRate& rate)
      : rate_(rate), buckets_(rate.tokens == 0 ? 0 : kBuckets, wire::TokenBucket(rate)) {}

  /// `source` is counted by device: a forged address takes nothing from its owner on another.
  [[nodiscard]] bool take(std::uint64_t source, std::uint16_t device, std::uint32_t now) noexcept {
    if (buckets_.empty()) {
      return true;
    }
    const std::uint64_t hash = (source + 1) * multiplier_;
    const auto bucket = [&](std::uint64_t bits) -> wire::TokenBucket& {
      return buckets_[(bits >> (64 - kBits)) ^ device];
    };
    return bucket(hash).take(rate_, 1, now) || bucket(hash << kBits).take(rate_, 1, now);
  }

 private:
  static constexpr unsigned kBits = 12;
  static constexpr std::size_t kBuckets = std::size_t{1} << kBits;  // 32 KiB; devices are far fewer

  wire::TokenRate rate_;
  std::uint64_t multiplier_ = rte_rand() | 1;  // secret and odd, as PeerTable's
  std::vector<wire::TokenBucket> buckets_;
};

}  // namespace adit::dataplane
