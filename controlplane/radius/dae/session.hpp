// SPDX-License-Identifier: Apache-2.0
// Which session a Disconnect- or CoA-Request means: every attribute of RFC 5176 §3 that identifies one must match it.
// Thread: control.
#pragma once

#include <expected>

#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/radius/dae/refusal.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/settings.hpp"

namespace adit::control::radius {

/// True of an attribute that identifies the NAS or the session, and does not ask for a change.
[[nodiscard]] bool identifies(const Attribute& attribute);

/// The session that the request identifies: looked up by Acct-Session-Id, NAS-Port-Id, Framed-IP-Address or User-Name, one
/// of which is required, in O(1) (by User-Name: in that user's calls); then compared with every identifying attribute.
[[nodiscard]] std::expected<CallStatus, Refusal> find_session(const Packet& request, const NasSettings& nas,
                                                              const Concentrator& concentrator);

}  // namespace adit::control::radius
