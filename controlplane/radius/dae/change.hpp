// SPDX-License-Identifier: Apache-2.0
// What a CoA-Request asks to be changed, read strictly and as a whole: one bad value, and nothing is changed. Pure; any thread.
#pragma once

#include <expected>
#include <span>

#include "controlplane/ppp/session_change.hpp"
#include "controlplane/radius/dae/refusal.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/rates.hpp"

namespace adit::control::radius {

/// Session-Timeout, Idle-Timeout, Acct-Interim-Interval, Class, Framed-Route and rate limits. `address`: the subscriber's.
[[nodiscard]] std::expected<SessionChange, Refusal> read_change(const Packet& request,
                                                                wire::Ipv4Address address,
                                                                std::span<const RateMapping> rates);

}  // namespace adit::control::radius
