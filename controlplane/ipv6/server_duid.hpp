// SPDX-License-Identifier: Apache-2.0
// Who we are to DHCPv6 clients: a DUID that stays the same over restarts (RFC 8415 §11). Thread: any. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace adit::control {

/// RFC 8415 §11.5, RFC 6355: a DUID-UUID, from the machine's ID (machine-id(5), without its newline; any text will do).
/// Requires crypto::initialise(). The ID itself is confidential, so that the UUID is a hash of it.
[[nodiscard]] std::vector<std::uint8_t> server_duid(std::string_view machine_id);

}  // namespace adit::control
