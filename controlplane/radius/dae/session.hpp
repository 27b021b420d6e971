// SPDX-License-Identifier: Apache-2.0
// Which session a Disconnect- or CoA-Request means: every attribute of RFC 5176 §3 that identifies one must be its.
// Thread: control.
#pragma once

#include <expected>

#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/radius/dae/refusal.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/settings.hpp"

namespace adit::control::radius {

/// True: it says which NAS or which session is meant, and does not ask for a change.
[[nodiscard]] bool identifies(const Attribute& attribute);

/// The one session that is meant. Found by Acct-Session-Id, NAS-Port-Id, Framed-IP-Address or User-Name, one of which must
/// be there, in O(1) (by User-Name: in that user's calls); then compared with all that is said.
[[nodiscard]] std::expected<CallStatus, Refusal> find_session(const Packet& request, const NasSettings& nas,
                                                              const Concentrator& concentrator);

}  // namespace adit::control::radius
