// SPDX-License-Identifier: Apache-2.0
// How many simultaneous calls a user may have: [common] single-session, and the backend's Port-Limit.
// Thread: control.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

namespace adit::control {

class CallRecord;
class ConcentratorCore;

/// Whether `call`, whose user has just authenticated, may join that user's calls. Ends the older ones when
/// single-session is "replace". A call that authenticates again is not a second one. The error says which limit.
[[nodiscard]] std::expected<void, std::string> may_add_call(ConcentratorCore& core, const CallRecord& call,
                                                            const std::string& user,
                                                            std::optional<std::uint32_t> port_limit);

}  // namespace adit::control
