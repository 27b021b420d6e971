// SPDX-License-Identifier: Apache-2.0
// What an Access-Accept grants, read strictly: an invalid attribute value refuses the call, with an error
// that names attribute, value and rule; nothing is applied partially. Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/radius/client.hpp"
#include "controlplane/radius/rates.hpp"

namespace adit::control::radius {

/// `proof`: what the user sent; it decides what is mandatory (MS-CHAP2-Success) and how keys are hidden.
/// `rates`: which attributes hold rate limits. Where nobody has IPv6, what is said of it is for other NASes: not read.
[[nodiscard]] std::expected<AuthAccepted, std::string> read_accept(const Client::Reply& reply,
                                                                   const AuthProof& proof,
                                                                   std::span<const RateMapping> rates,
                                                                   bool serves_ipv6);

/// Adds a Class (RFC 2865 §5.25) to those of a session. False: an Accounting-Request, which has all of them, would
/// have no room for it.
[[nodiscard]] bool add_class(const Attribute& attribute, std::vector<std::vector<std::uint8_t>>& classes);

/// RFC 2865 §5.1, RFC 2869 §5.18: octets, UTF-8 or not. Whoever shows them escapes them.
[[nodiscard]] std::expected<void, std::string> read_name(const Attribute& attribute, std::string& into);

/// RFC 2869 §5.16: an interim interval "MUST NOT be smaller than 60". Raises a smaller one (0: none, stays), and says
/// whether it did.
[[nodiscard]] inline bool raise_interim(std::optional<Duration>& interval) {
  constexpr Duration kLeast{60'000};
  const bool raised = interval && *interval != Duration{0} && *interval < kLeast;
  interval = raised ? kLeast : interval;
  return raised;
}

/// The E= of an Access-Reject's MS-CHAP-Error (RFC 2548 §2.1.5); 691 if absent.
[[nodiscard]] std::uint16_t read_reject(const Packet& packet);

/// RFC 3579 §3.1: the packet of EAP whose pieces the EAP-Messages are, in order. Empty: there are none. Untrusted octets.
[[nodiscard]] std::vector<std::uint8_t> read_eap(const Packet& packet);

/// The Reply-Messages (RFC 2865 §5.18) of an Access-Reject, joined; untrusted octets.
[[nodiscard]] std::string reply_message(const Packet& packet);

}  // namespace adit::control::radius
