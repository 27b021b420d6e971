// SPDX-License-Identifier: Apache-2.0
// Networks behind a subscriber as RADIUS writes them: destination, gateway and metrics. RFC 2865 §5.22, RFC 3162
// §2.5. Pure; any thread.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "controlplane/auth/auth_backend.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control::radius {

/// Framed-Route in the forms of RFC 2865 §5.22: "10.20.0.0/24 0.0.0.0 1", "192.168.1.0 192.168.1.1 1 2 -1 3 400",
/// or the network alone. The gateway is the subscriber; the network /16 or longer. The error says what is wrong.
[[nodiscard]] std::expected<wire::Ipv4Prefix, std::string> parse_framed_route(
    std::string_view text, std::optional<wire::Ipv4Address> subscriber);

/// Framed-IPv6-Route: "2001:db8:20::/48 :: 1", "2001:db8:20::/48 2001:db8:64:7::1 1", or the network alone. As above;
/// `subscriber`: what it has, in which the gateway is.
[[nodiscard]] std::expected<wire::Ipv6Prefix, std::string> parse_framed_ipv6_route(
    std::string_view text, const Ipv6Terms& subscriber);

}  // namespace adit::control::radius
