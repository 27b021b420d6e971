// SPDX-License-Identifier: Apache-2.0
// Fragments an IPv4 packet (RFC 791 §3.2), each fragment in its own buffer. Thread: worker.
#pragma once

#include <rte_mbuf.h>

#include <array>
#include <cstdint>
#include <expected>
#include <span>

#include "dataplane/base/drop_reason.hpp"
#include "dataplane/base/limits.hpp"

namespace adit::dataplane {

using Fragments = std::array<rte_mbuf*, kMaxFragments>;

/// `packet` begins with an IPv4 header whose DF is clear. On success it is consumed, and `pieces` holds
/// fragments of at most `mtu` octets each; on failure it remains the caller's.
[[nodiscard]] std::expected<std::span<rte_mbuf*>, DropReason> fragment_ipv4(rte_mbuf* packet,
                                                                            std::uint16_t mtu,
                                                                            rte_mempool* pool,
                                                                            Fragments& pieces) noexcept;

}  // namespace adit::dataplane
