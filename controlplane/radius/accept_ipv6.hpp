// SPDX-License-Identifier: Apache-2.0
// What an Access-Accept grants in IPv6: RFC 3162, RFC 4818, RFC 6911. As strict as accept.hpp. Pure; any thread.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/radius/packet.hpp"

namespace adit::control::radius {

/// A Framed-IPv6-Pool of this name denies the user IPv6.
inline constexpr std::string_view kNoIpv6Pool = "none";
/// More name servers than that have no room in a Router Advertisement; as [ipv6] dns.
inline constexpr std::size_t kMostIpv6Servers = 4;

[[nodiscard]] std::expected<Ipv6Terms, std::string> read_ipv6_terms(const Packet& packet);

}  // namespace adit::control::radius
