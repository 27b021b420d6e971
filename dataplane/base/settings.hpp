// SPDX-License-Identifier: Apache-2.0
// The data plane's part of the configuration, handed to the workers whole. Value; any thread, immutable once
// workers run.
#pragma once

#include <cstdint>

#include "dataplane/contract/ack_policy.hpp"
#include "dataplane/contract/reorder_policy.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

/// RFC 2983: in which directions the DSCP is copied between inner and outer header.
struct CopyDscp {
  bool down = false;  ///< from the inner header to the outer
  bool up = false;    ///< from the outer header to the inner
  friend bool operator==(const CopyDscp&, const CopyDscp&) = default;
};

/// Burst of a call's rate limits, in milliseconds at the limit: enough for TCP to fill it at such a round trip.
struct RateBurst {
  std::uint32_t down_ms = 200;
  std::uint32_t up_ms = 200;
};

/// How inner packets are forwarded.
struct ForwardingPolicy {
  bool clamp_mss = true;
  CopyDscp copy_dscp{};
  bool between_subscribers = true;  ///< subscriber to subscriber, without leaving the box
  RateBurst burst{};
};

/// adaptive: a worker without packets sleeps for microseconds. busy: it never sleeps and keeps its core at
/// 100 %.
enum class PollMode : std::uint8_t { kAdaptive, kBusy };

struct Settings {
  std::uint32_t max_calls = 65'535;  ///< of all workers together
  wire::Ipv4Address gateway{};       ///< our end of every tunnel; 0: no ICMP errors are sent
  std::uint64_t gateway_id = 1;      ///< the interface identifier of our end of every link
  ForwardingPolicy policy{};
  contract::AckPolicy acks{};
  contract::ReorderPolicy reorder{};
  bool stateful_mppe = false;        ///< reserves memory for it in every call
  std::uint32_t mppc_histories = 0;  ///< pairs of them for stateful MPPC, of all workers together
  PollMode poll_mode = PollMode::kAdaptive;
};

}  // namespace adit::dataplane
