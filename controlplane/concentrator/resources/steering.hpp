// SPDX-License-Identifier: Apache-2.0
// What control asks the data plane before it seats a call: at which worker the call's packets would arrive by themselves.
// A hint that saves a hand-off, never a condition: whichever worker receives a packet passes it on to its owner.
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
  /// Where GRE from `peer` to `local` arrives. None: anywhere (the ports' hash is not known), or wherever the call's ID
  /// says (the ports match it), so that the choice is free.
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

/// One worker, or ports that tell nothing.
inline const Steering kUnsteered{};

}  // namespace adit::control
