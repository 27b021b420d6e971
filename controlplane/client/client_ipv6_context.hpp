// SPDX-License-Identifier: Apache-2.0
// What the parts of the caller's IPv6 need of their link. Thread: control.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/base/entropy.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

class ClientIpv6Host {
 public:
  virtual void send_ipv6(wire::Bytes packet) = 0;
  /// By DHCPv6; none: what it had has run out.
  virtual void delegated(const std::optional<wire::Ipv6Prefix>& prefix) = 0;

 protected:
  ~ClientIpv6Host() = default;
};

/// Uniformly from `from` to `to`, in milliseconds.
[[nodiscard]] inline Duration random_delay(Entropy& entropy, Duration from, Duration to) {
  const auto span = static_cast<std::uint32_t>((to - from).count());
  return from + Duration(entropy.next_u32() % (span + 1));
}

}  // namespace adit::control
