// SPDX-License-Identifier: Apache-2.0
// What control asks the data plane before it seats a call: at which worker the call's packets will arrive. It is a hint that
// saves a hand-off, not a condition: whichever worker receives a packet passes it on to the call's owner.
// Thread: control. Owner: the process (app/aditd knows the ports); tests bring their own.
#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/contract/call_ref.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

class Steering {
 public:
  virtual ~Steering() = default;
  /// Where GRE from `peer` to `local` arrives. None: unknown (the ports' hash is not known), or decided by the call ID (the
  /// ports match it), so that any worker will do.
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
};

/// One worker, or ports whose hash is not known.
inline const Steering kUnsteered{};

}  // namespace adit::control
