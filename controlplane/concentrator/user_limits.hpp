// SPDX-License-Identifier: Apache-2.0
// How many calls one user may have at once: [common] single-session, and the Port-Limit that the backend gave.
// Thread: control.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace adit::control {

class CallRecord;
class ConcentratorCore;

/// Whether `call`, whose user has just proved who it is, may be added to that user's calls. Ends the older ones where
/// single-session is "replace". A call that authenticates again is not a second one.
[[nodiscard]] bool may_add_call(ConcentratorCore& core, const CallRecord& call, const std::string& user,
                                std::optional<std::uint32_t> port_limit);

}  // namespace adit::control
