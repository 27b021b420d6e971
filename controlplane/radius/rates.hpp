// SPDX-License-Identifier: Apache-2.0
// Rate limits as RADIUS servers write them: Mikrotik-Rate-Limit, WISPr-Bandwidth-Max, Cisco-AVPair, Filter-Id. Strict: what
// is meant to be a rate and is none is an error, never half a rate. Pure; any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/radius/packet.hpp"
#include "controlplane/settings.hpp"

namespace adit::control::radius {

/// MikroTik's words, of which the first counts: "2M/10M" from the client and to it, or one number for both; k, M, G are
/// powers of 1,000 bits a second.
[[nodiscard]] std::optional<SubscriberRate> parse_mikrotik_rate(std::string_view text);

/// "lcp:interface-config#1=rate-limit output 10240000 ..." in bits a second: output is to the client. Nothing for another
/// AVPair; an error for one that begins so and goes on wrong.
[[nodiscard]] std::expected<std::optional<SubscriberRate>, std::string> parse_cisco_rate(
    std::string_view text);

/// Of all that a reply says, in the order of the title; none: no limit said. Filter-Id counts when it is "10240/2048" or
/// "10240" (kbit/s down and up); another names a filter of someone else's and says nothing here.
[[nodiscard]] std::expected<std::optional<SubscriberRate>, std::string> read_rate(const Packet& packet);

/// True of attributes that read_rate() looks at.
[[nodiscard]] bool carries_rate(const Attribute& attribute);

}  // namespace adit::control::radius
