// SPDX-License-Identifier: Apache-2.0
// How a port spreads what it receives over its queues, as far as the device tells or lets us decide: so that control can
// choose call IDs and subscriber addresses whose packets arrive at their owner directly.
// No NIC has an RSS type for the GRE key. What there is: the hash over the outer addresses, which we compute as the NIC
// does (Toeplitz, with the port's key and redirection table), or rte_flow rules on low bits of the call ID and of the
// subscriber's address, one a worker, where a port takes them.
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
  kUnknown,      ///< several queues, and the device does not say how it chooses
  kAddresses,    ///< RSS over source and destination
  kDestination,  ///< RSS over the destination alone: for the core side
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

/// Toeplitz over the IPv4 addresses, as NICs do it.
struct RssHash {
  std::vector<std::uint8_t> key;    ///< 40 octets or more
  std::vector<std::uint16_t> reta;  ///< hash modulo its size -> queue
  bool destination_only = false;
  /// The queue where a packet between the two arrives. `reta` is not empty.
  [[nodiscard]] std::uint16_t queue_of(wire::Ipv4Address source,
                                       wire::Ipv4Address destination) const noexcept;
};

struct PortSteering {
  SteeringBy by = SteeringBy::kUnknown;
  RssHash rss;                     ///< with kAddresses and kDestination
  std::vector<rte_flow*> rules{};  ///< with kRules; freed with the port
};

/// How the started port `id` spreads packets over `workers` workers; worker w polls the queues q with q % workers == w.
/// Tries rules first, then reads the hash.
[[nodiscard]] PortSteering read_steering(std::uint16_t id, PortRole role, std::uint16_t rx_queues,
                                         unsigned workers);

/// RSS types to ask of a device that offers `offered`: those over addresses only, so that fragments and whole GRE
/// packets take the same queue.
[[nodiscard]] std::uint64_t wanted_rss(PortRole role, std::uint64_t offered) noexcept;

}  // namespace adit::dataplane
