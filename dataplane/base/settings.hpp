// SPDX-License-Identifier: Apache-2.0
// What an operator may decide about the data plane: a part of the configuration, handed to the workers whole.
// Value; any thread, immutable once workers run.
#pragma once

#include <cstdint>

#include "dataplane/contract/ack_policy.hpp"
#include "dataplane/contract/reorder_policy.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::dataplane {

/// RFC 2983: between which headers, inner and outer, the DSCP is copied.
struct CopyDscp {
  bool down = false;  ///< the inner one into the outer header
  bool up = false;    ///< the outer one into the inner header
  friend bool operator==(const CopyDscp&, const CopyDscp&) = default;
};

/// How inner packets are forwarded.
struct ForwardingPolicy {
  bool clamp_mss = true;
  CopyDscp copy_dscp{};
  bool between_subscribers = true;  ///< from one to another, without leaving the box
};

/// adaptive: a worker without packets sleeps for microseconds. busy: it never does, and keeps its core at 100 %.
enum class PollMode : std::uint8_t { kAdaptive, kBusy };

struct Settings {
  std::uint32_t max_calls = 65'535;  ///< of all workers together
  wire::Ipv4Address gateway{};       ///< our end of every tunnel; none: no ICMP errors are sent
  ForwardingPolicy policy{};
  contract::AckPolicy acks{};
  contract::ReorderPolicy reorder{};
  bool stateful_mppe = false;  ///< room for it in every call
  PollMode poll_mode = PollMode::kAdaptive;
};

}  // namespace adit::dataplane
