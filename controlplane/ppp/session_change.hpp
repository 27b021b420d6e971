// SPDX-License-Identifier: Apache-2.0
// What may be changed about a session that is up (RFC 5176 §2.2), in place: its packets do not notice. What is not set
// stays as it is. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct SessionChange {
  std::optional<SubscriberRate> rate{};
  std::optional<Duration> session_timeout{};  ///< from IP up, so it may be over already; 0: none
  std::optional<Duration> idle_timeout{};     ///< 0: none
  std::optional<Duration> interim_interval{};
  std::optional<std::vector<std::vector<std::uint8_t>>> classes{};
  std::optional<std::vector<wire::Ipv4Prefix>> routes{};  ///< all that are behind the subscriber from now on
};

}  // namespace adit::control
