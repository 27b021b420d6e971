// SPDX-License-Identifier: Apache-2.0
// Changes to a session that is up (RFC 5176 §2.2), made in place without affecting its packets. Fields that
// are not set leave things as they are. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

struct SessionChange {
  std::optional<SubscriberRate> rate{};
  std::optional<Duration> session_timeout{};  ///< since IP up, so it may already be over; 0: none
  std::optional<Duration> idle_timeout{};     ///< 0: none
  std::optional<Duration> interim_interval{};
  std::optional<std::vector<std::vector<std::uint8_t>>> classes{};
  std::optional<std::vector<wire::Ipv4Prefix>> routes{};   ///< replace all networks behind the subscriber
  std::optional<std::vector<wire::Ipv6Prefix>> routes6{};  ///< the same in IPv6
};

}  // namespace adit::control
