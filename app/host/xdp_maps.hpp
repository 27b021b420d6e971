// SPDX-License-Identifier: Apache-2.0
// Configures the XDP programs of AF_XDP ports: which side a port is on, the addresses that receive GRE, and
// the subscribers' prefixes. Ports of other drivers are skipped.
// Thread: control. Owner: the runtime; the maps disappear with the programs, which net_af_xdp detaches when
// it closes a port.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/host/xdp_prefixes.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/ports/unique_fd.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::app {

/// The fewest prefixes that cover the addresses first..last exactly, ascending; at most 62. Nothing when first > last.
[[nodiscard]] std::vector<wire::Ipv4Prefix> prefixes_of_range(wire::Ipv4Address first,
                                                              wire::Ipv4Address last);

class XdpMaps {
 public:
  /// Fills the maps of every AF_XDP port, the role last: until then all packets pass to the kernel.
  /// `local_addresses`: where peers send GRE. `pools`, `pools6`: subscribers' addresses.
  [[nodiscard]] static std::expected<XdpMaps, std::string> fill(
      std::span<const dataplane::OpenPort> ports, std::span<const wire::Ipv4Prefix> local_addresses,
      std::span<const wire::Ipv4Prefix> pools, std::span<const wire::Ipv6Prefix> pools6 = {});

  /// Adds a subscriber, or a network behind one. Those inside the pools need no entry. O(pools), and one
  /// system call per port for those outside. The error says why a map refused the entry (it may be full);
  /// packets to the prefix then stay in the kernel until something else is removed.
  std::expected<void, std::string> add_subscriber(const wire::Ipv4Prefix& prefix);
  std::expected<void, std::string> add_subscriber(const wire::Ipv6Prefix& prefix);
  /// Leaves an address of the machine's, or a network that it is in, to the kernel, whatever subscribers'
  /// network it lies in. A network inside a pool is the pool's, as the operator wants it.
  std::expected<void, std::string> add_machine(const wire::Ipv4Prefix& prefix);
  std::expected<void, std::string> add_machine(const wire::Ipv6Prefix& prefix);
  /// Removes either.
  void remove(const wire::Ipv4Prefix& prefix);
  void remove(const wire::Ipv6Prefix& prefix);

 private:
  struct PortMaps {
    dataplane::UniqueFd port;
    dataplane::UniqueFd local_addresses;
    dataplane::UniqueFd subscribers;
    dataplane::UniqueFd subscribers6;
  };
  using AllPortMaps = std::shared_ptr<const std::vector<PortMaps>>;
  struct Side {
    dataplane::PortRole role;
    dataplane::MacAddress mac;
  };
  static std::expected<PortMaps, std::string> find(const dataplane::OpenPort& open);
  struct Pools {
    std::span<const wire::Ipv4Prefix> ipv4;
    std::span<const wire::Ipv6Prefix> ipv6;
  };
  static std::expected<void, std::string> fill_port(const PortMaps& maps, const Side& side,
                                                    std::span<const wire::Ipv4Prefix> local_addresses,
                                                    const Pools& pools);
  // In the port's map of the prefix's family.
  static std::expected<void, std::string> put_prefix(const PortMaps& maps, const wire::Ipv4Prefix& prefix,
                                                     XdpWhose whose);
  static std::expected<void, std::string> put_prefix(const PortMaps& maps, const wire::Ipv6Prefix& prefix,
                                                     XdpWhose whose);
  static void erase_prefix(const PortMaps& maps, const wire::Ipv4Prefix& prefix);
  static void erase_prefix(const PortMaps& maps, const wire::Ipv6Prefix& prefix);
  /// They own the maps' descriptors.
  template <typename Prefix>
  static typename BasicXdpPrefixes<Prefix>::Maps writers(const AllPortMaps& ports);

  std::optional<XdpPrefixes> prefixes_;  // none: default-constructed, for no ports
  std::optional<XdpPrefixes6> prefixes6_;
};

}  // namespace adit::app
