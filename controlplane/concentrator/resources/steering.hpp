// SPDX-License-Identifier: Apache-2.0
// Predicts at which worker a call's packets will arrive, before the call is assigned to one. A hint that
// saves a hand-off, not a requirement: whichever worker receives a packet passes it on to the call's owner.
// Thread: control. Owner: the process (app/aditd knows the ports); tests provide their own.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/contract/call_ref.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

class Steering {
 public:
  virtual ~Steering() = default;
  /// Where GRE from `peer` to `local` arrives. None: unknown (the ports' hash is not known), or it depends on
  /// the call ID (the ports match it), so that any worker will do.
  [[nodiscard]] virtual std::optional<contract::WorkerId> uplink(wire::Ipv4Address local,
                                                                 wire::Ipv4Address peer) const {
    static_cast<void>(local);
    static_cast<void>(peer);
    return std::nullopt;
  }
  /// Where packets to `subscriber` arrive from the core. None: as above.
  [[nodiscard]] virtual std::optional<contract::WorkerId> downlink(wire::Ipv4Address subscriber) const {
    static_cast<void>(subscriber);
    return std::nullopt;
  }
  /// The same for all packets to a prefix. None as well where it depends on the rest of the address.
  [[nodiscard]] virtual std::optional<contract::WorkerId> downlink(const wire::Ipv6Prefix& subscriber) const {
    static_cast<void>(subscriber);
    return std::nullopt;
  }
};

/// One worker, or ports whose hash is not known.
inline const Steering kUnsteered{};

}  // namespace adit::control
