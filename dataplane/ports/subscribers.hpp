// SPDX-License-Identifier: Apache-2.0
// Where subscribers' addresses come from, as far as ports care: an isolated device takes packets to them, and flow rules
// name a queue by them. Values. Owner: whoever opens ports.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::dataplane {

/// A pool of IPv6: each subscriber has a prefix of `length` bits in it, not less than the pool's own.
struct SubscriberPrefixes {
  wire::Ipv6Prefix prefix;
  std::uint8_t length = 64;
  friend bool operator==(const SubscriberPrefixes&, const SubscriberPrefixes&) = default;
};

struct Subscribers {
  std::vector<wire::Ipv4Prefix> ipv4{};
  std::vector<SubscriberPrefixes> ipv6{};
};

/// The addresses whose bits under `mask` are those of `bits`.
struct Ipv6Match {
  wire::Ipv6Address bits, mask;
};

/// Which addresses of the pool are one worker's: the last bits of each subscriber's prefix are the worker's number, so
/// whatever hosts choose behind the prefix, their packets are the same worker's. `workers`: a power of two. None: the
/// pool has fewer prefixes than there are workers.
[[nodiscard]] std::optional<Ipv6Match> share_of(const SubscriberPrefixes& pool, std::uint16_t worker,
                                                std::uint16_t workers) noexcept;
/// The worker in whose share the address is, which is of the pool. None: there are no shares.
[[nodiscard]] std::optional<std::uint16_t> sharer_of(const SubscriberPrefixes& pool,
                                                     const wire::Ipv6Address& address,
                                                     std::uint16_t workers) noexcept;

}  // namespace adit::dataplane
