// SPDX-License-Identifier: Apache-2.0
// How a port spreads received packets over its queues, as far as the device tells us or lets us decide, so
// that control can choose call IDs and subscriber addresses whose packets arrive directly at their owner.
// No NIC has an RSS type for the GRE key. There is the hash over the outer addresses, which we compute as the
// NIC does (Toeplitz, with the port's key and redirection table), and, on ports that accept them, rte_flow
// rules on low bits of the call ID and of the subscriber's address, one per worker.
// Thread: control. Owner: OpenPort.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "dataplane/ports/port.hpp"
#include "dataplane/wire/ids.hpp"

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

/// Toeplitz over the IPv4 addresses, as NICs compute it.
struct RssHash {
  std::vector<std::uint8_t> key;    ///< 40 octets or more
  std::vector<std::uint16_t> reta;  ///< hash modulo its size -> queue
  bool destination_only = false;
  /// The queue for a packet with these addresses. `reta` must not be empty.
  [[nodiscard]] std::uint16_t queue_of(wire::Ipv4Address source,
                                       wire::Ipv4Address destination) const noexcept;
};

struct PortSteering {
  SteeringBy by = SteeringBy::kUnknown;
  RssHash rss;                     ///< with kAddresses and kDestination
  std::vector<rte_flow*> rules{};  ///< with kRules; freed with the port
};

/// How the started port `id` spreads packets over `workers` workers, where worker w polls the queues q with q
/// % workers == w. Tries rules first, then reads the hash.
[[nodiscard]] PortSteering read_steering(std::uint16_t id, PortRole role, std::uint16_t rx_queues,
                                         unsigned workers);

/// RSS types to request from a device that offers `offered`: address hashes only, so that fragments and whole
/// GRE packets use the same queue.
[[nodiscard]] std::uint64_t wanted_rss(PortRole role, std::uint64_t offered) noexcept;

}  // namespace adit::dataplane
