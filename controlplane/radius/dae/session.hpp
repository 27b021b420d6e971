// SPDX-License-Identifier: Apache-2.0
// Finds the session of a Disconnect- or CoA-Request: every attribute of RFC 5176 §3 that identifies one must
// match.
// Thread: control.
#pragma once

#include <expected>

#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/radius/dae/refusal.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/settings.hpp"

namespace adit::control::radius {

/// True for attributes that identify the NAS or the session and ask for no change.
[[nodiscard]] bool identifies(const Attribute& attribute);

/// The session that the request identifies: looked up by Acct-Session-Id, NAS-Port-Id, Framed-IP-Address,
/// Framed-IPv6-Prefix, Framed-IPv6-Address, Delegated-IPv6-Prefix or User-Name, one of which is required, in O(1) (by
/// User-Name: among that user's calls); then compared with every identifying attribute.
[[nodiscard]] std::expected<CallStatus, Refusal> find_session(const Packet& request, const NasSettings& nas,
                                                              const Concentrator& concentrator);

}  // namespace adit::control::radius
