// SPDX-License-Identifier: Apache-2.0
// Sends one link's Router Advertisements: a few when the link comes up, then periodically, and in answer to
// solicitations (RFC 4861 §6.2). Thread: control. Owner: Ipv6Link.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/ipv6/ipv6_link_host.hpp"

namespace adit::control {

class RouterAdvertiser {
 public:
  /// RFC 4861 §10, except that the initial ones follow each other sooner: a subscriber waits for its address.
  static constexpr unsigned kInitialAdvertisements = 3;
  static constexpr Duration kInitialInterval = 3s;
  static constexpr Duration kMaxDelay = 500ms;
  static constexpr Duration kMinInterval = 3s;  ///< MIN_DELAY_BETWEEN_RAS

  explicit RouterAdvertiser(Ipv6LinkContext& context)
      : context_(context), timer_(context.wheel, on_timer<&RouterAdvertiser::on_due>, this) {}

  void start();
  /// Instead of start(), where another process has: only the periodic ones follow.
  void resume();
  /// A valid Router Solicitation arrived: answered within kMaxDelay, but kMinInterval after the last advertisement at the
  /// earliest; all that arrive meanwhile have the same answer.
  void on_solicitation();
  /// Says that we are no router any more, and nothing after that.
  void stop();

 private:
  enum class Says : std::uint8_t { kWelcome, kFarewell };
  void on_due();
  void send(Says what);
  void arm(Duration after);
  [[nodiscard]] Duration random(Duration from, Duration to);

  Ipv6LinkContext& context_;
  Timer timer_;
  std::optional<Instant> sent_;
  Instant due_;  // while the timer is armed
  std::uint8_t initial_left_ = 0;
};

}  // namespace adit::control
