// SPDX-License-Identifier: Apache-2.0
// How a port spreads received packets over its queues, as far as the device tells us or lets us decide, so
// that control can choose call IDs and subscriber addresses whose packets arrive directly at their owner.
// No NIC has an RSS type for the GRE key. There is the hash over the outer addresses, which we compute as the
// NIC does (Toeplitz, with the port's key and redirection table), and, on ports that accept them, rte_flow
// rules on low bits of the call ID and of the subscriber's address or prefix, one per worker.
// Of IPv6 hosts choose half of each address, so no hash tells where a prefix's packets arrive: rules do, and for single
// addresses (DHCPv6's) the hash of the destination.
// Thread: control. Owner: OpenPort.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/ports/port.hpp"
#include "dataplane/ports/subscribers.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

struct rte_flow;

namespace adit::dataplane {

enum class SteeringBy : std::uint8_t {
  kOneQueue,     ///< nothing to steer
  kUnknown,      ///< several queues, and the device does not tell how it chooses
  kAddresses,    ///< RSS over source and destination
  kDestination,  ///< RSS over the destination only: for the core side
  kRules,        ///< rte_flow: by call ID on an access port, by subscriber address on a core port
};

[[nodiscard]] constexpr std::string_view to_text(SteeringBy by) {
  switch (by) {
    case SteeringBy::kOneQueue:
      return "one queue";
    case SteeringBy::kUnknown:
      return "unknown hash";
    case SteeringBy::kAddresses:
      return "RSS of addresses";
    case SteeringBy::kDestination:
      return "RSS of destination";
    case SteeringBy::kRules:
      return "flow rules";
  }
  return "unknown";
}

/// Toeplitz over the addresses, as NICs compute it.
struct RssHash {
  std::vector<std::uint8_t> key;    ///< 40 octets or more
  std::vector<std::uint16_t> reta;  ///< hash modulo its size -> queue
  bool destination_only = false;
  bool ipv6 = false;  ///< it is computed of IPv6 too
  /// The queue for a packet with these addresses. `reta` must not be empty.
  [[nodiscard]] std::uint16_t queue_of(wire::Ipv4Address source,
                                       wire::Ipv4Address destination) const noexcept;
  /// The same for IPv6, with `destination_only`.
  [[nodiscard]] std::uint16_t queue_of(const wire::Ipv6Address& destination) const noexcept;
};

struct PortSteering {
  SteeringBy by = SteeringBy::kUnknown;
  RssHash rss;                                 ///< with kAddresses and kDestination
  std::vector<rte_flow*> rules{};              ///< with kRules, and those of `prefixes`; freed with the port
  std::vector<SubscriberPrefixes> prefixes{};  ///< pools that have rules, on a core port: see share_of()
};

/// How the started port `id` spreads packets over `workers` workers, where worker w polls the queues q with q
/// % workers == w. Tries rules first, for IPv6 those of `pools`, then reads the hash.
[[nodiscard]] PortSteering read_steering(std::uint16_t id, PortRole role, std::uint16_t rx_queues,
                                         unsigned workers, std::span<const SubscriberPrefixes> pools = {});

/// RSS types to request from a device that offers `offered`: address hashes only, so that fragments and whole
/// GRE packets use the same queue.
[[nodiscard]] std::uint64_t wanted_rss(PortRole role, std::uint64_t offered) noexcept;

}  // namespace adit::dataplane
