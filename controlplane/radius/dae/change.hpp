// SPDX-License-Identifier: Apache-2.0
// The change that a CoA-Request asks for, read strictly: with one bad value, nothing is changed. Pure; any
// thread.
#pragma once

#include <expected>
#include <span>

#include "controlplane/ppp/session_change.hpp"
#include "controlplane/radius/dae/refusal.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/rates.hpp"

namespace adit::control::radius {

/// A Disconnect-Request asks for no change; what RFC 5176 §3.6 allows besides identification is ignored.
[[nodiscard]] std::expected<void, Refusal> check_disconnect(const Packet& request);

/// Session-Timeout, Idle-Timeout, Acct-Interim-Interval, Class, Framed-Route and rate limits. `address` is
/// the subscriber's.
[[nodiscard]] std::expected<SessionChange, Refusal> read_change(const Packet& request,
                                                                wire::Ipv4Address address,
                                                                std::span<const RateMapping> rates);

}  // namespace adit::control::radius
