// SPDX-License-Identifier: Apache-2.0
// What admission did to a source address, for the operator. Of the addresses that something was done to, the
// last few thousand are remembered. Thread: control. Owner: ConcentratorCore.
#pragma once

#include <cstddef>
#include <cstdint>

#include "controlplane/base/lru_table.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

struct SourceHistory {
  std::uint64_t refused = 0;        ///< connections and calls, because it held most
  std::uint64_t evicted = 0;        ///< its connections that gave way to another source's
  std::uint64_t failed_logins = 0;  ///< wrong passwords and unknown users
  std::uint64_t delayed = 0;        ///< logins that had to wait, could not wait so long, or were refused late
  Instant last;                     ///< of any of these
};

inline constexpr std::size_t kRememberedSources = 4096;
/// A slice of a walk visits this many at most.
inline constexpr std::size_t kSourcesPerSlice = 64;
using SourceHistories = LruTable<wire::Ipv4Address, SourceHistory>;

}  // namespace adit::control
