// SPDX-License-Identifier: Apache-2.0
// How full a pool is, of either family. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "controlplane/base/settings.hpp"

namespace adit::control {

struct PoolStatus {
  std::string name;
  std::uint64_t total = 0, used = 0, quarantined = 0;
  std::uint64_t reserved = 0;  ///< for users that have them as their own, and are not here
  std::uint64_t available = 0;
  std::uint64_t exhausted = 0;   ///< times that none was left, since the start
  std::optional<Ipv6Use> use{};  ///< of a pool of IPv6 prefixes; none: of IPv4 addresses
};

}  // namespace adit::control
