// SPDX-License-Identifier: Apache-2.0
// Which failures are written, and which are only counted: a peer that fails again and again gets a few lines of
// each event in a minute, and one with the number of the rest. What is remembered is bounded. O(1).
// Thread: control. Owner: the log.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "controlplane/base/lru_table.hpp"

namespace adit::app {

class FailureCounts {
 public:
  /// fail2ban, as a rule, wants five in ten minutes.
  static constexpr std::uint32_t kWritten = 10;
  static constexpr std::chrono::milliseconds kWithin{60'000};
  static constexpr std::size_t kRemembered = 4096;

  /// `count` more failures of the `event` by the `peer`.
  using Tell = std::function<void(std::string_view event, std::string_view peer, std::uint64_t count)>;
  explicit FailureCounts(Tell tell) : tell_(std::move(tell)) {}

  /// Whether to write this one.
  [[nodiscard]] bool admit(std::string_view event, std::string_view peer, std::chrono::milliseconds now);
  /// Tells the counts of some that have ended. Call about once a second.
  void flush(std::chrono::milliseconds now);
  /// Tells all counts, and forgets them: nothing will follow.
  void tell_all();

 private:
  struct Failures {
    std::string event, peer;
    std::chrono::milliseconds since{0};
    std::uint32_t written = 0;
    std::uint64_t counted = 0;
  };
  void tell(const Failures& failures) const;

  Tell tell_;
  control::LruTable<std::string, Failures> table_{kRemembered};
};

}  // namespace adit::app
