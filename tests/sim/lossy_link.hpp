// SPDX-License-Identifier: Apache-2.0
// A simulated tunnel: from a seed, delays, loses, duplicates and reorders frames in virtual time, and drops
// late arrivals, as the GRE sequence check of both ends does (RFC 2637 §4.3). Owner: the simulation.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/bytes.hpp"

namespace adit::sim {

struct LinkQuality {
  double loss = 0;
  double duplication = 0;
  control::Duration delay{20};
  control::Duration jitter{0};  ///< larger than the spacing of the frames that it reorders
};

/// One direction.
class LossyLink {
 public:
  LossyLink(LinkQuality quality, std::uint64_t seed) : quality_(quality), random_(seed) {}

  void send(control::Instant now, wire::Bytes frame) {
    ++sent_;
    const int copies = 1 + (chance(quality_.duplication) ? 1 : 0);
    for (int i = 0; i < copies; ++i) {
      if (!chance(quality_.loss)) {
        const control::Duration jitter{quality_.jitter.count() > 0 ? random_() % quality_.jitter.count() : 0};
        const auto due = now + quality_.delay + jitter;
        in_flight_.emplace(due, Frame{sent_, {frame.begin(), frame.end()}});
      }
    }
  }

  /// The next frame due by `now`; empty if there is none. Late and duplicate frames have been dropped.
  [[nodiscard]] std::vector<std::uint8_t> receive(control::Instant now) {
    while (!in_flight_.empty() && in_flight_.begin()->first <= now) {
      Frame frame = std::move(in_flight_.begin()->second);
      in_flight_.erase(in_flight_.begin());
      if (frame.sequence > received_) {
        received_ = frame.sequence;
        return std::move(frame.octets);
      }
    }
    return {};
  }

  [[nodiscard]] std::optional<control::Instant> next() const {
    return in_flight_.empty() ? std::nullopt : std::optional(in_flight_.begin()->first);
  }

 private:
  struct Frame {
    std::uint64_t sequence;
    std::vector<std::uint8_t> octets;
  };
  bool chance(double p) { return std::uniform_real_distribution<>(0, 1)(random_) < p; }

  LinkQuality quality_;
  std::mt19937_64 random_;
  std::multimap<control::Instant, Frame> in_flight_;
  std::uint64_t sent_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace adit::sim
