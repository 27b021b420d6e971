// SPDX-License-Identifier: Apache-2.0
// The change that a CoA-Request asks for, read strictly: with one bad value, nothing is changed. Pure; any
// thread.
#pragma once

#include <expected>
#include <span>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/ppp/session_change.hpp"
#include "controlplane/radius/dae/refusal.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/rates.hpp"

namespace adit::control::radius {

/// A Disconnect-Request asks for no change; what RFC 5176 §3.6 allows besides identification is ignored.
[[nodiscard]] std::expected<void, Refusal> check_disconnect(const Packet& request);

/// What the subscriber has, which is the gateway of the networks behind it.
struct ChangedSubscriber {
  wire::Ipv4Address address;
  Ipv6Terms ipv6{};  ///< its identifier, link and address count
};

/// Session-Timeout, Idle-Timeout, Acct-Interim-Interval, Class, Framed-Route, Framed-IPv6-Route and rate limits.
[[nodiscard]] std::expected<SessionChange, Refusal> read_change(const Packet& request,
                                                                const ChangedSubscriber& subscriber,
                                                                std::span<const RateMapping> rates);

}  // namespace adit::control::radius
