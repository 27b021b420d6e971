// SPDX-License-Identifier: Apache-2.0
// Tells the XDP programs of the AF_XDP ports what to take: which side a port is on, the addresses that GRE comes to, and
// the subscribers' prefixes. Ports of other drivers need none of it and are skipped.
// Thread: control. Owner: aditd's main; ends with the ports (net_af_xdp detaches the program, the maps go with it).
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "dataplane/ports/ports.hpp"
#include "dataplane/ports/unique_fd.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::app {

/// The fewest prefixes that cover the addresses first..last exactly, ascending; at most 62. Nothing when first > last.
[[nodiscard]] std::vector<wire::Ipv4Prefix> prefixes_of_range(wire::Ipv4Address first,
                                                              wire::Ipv4Address last);

class XdpMaps {
 public:
  /// Fills the maps of every AF_XDP port, the role last: until then everything passes to the kernel.
  /// `local_addresses`: what peers send GRE to. `pools`: what subscribers get.
  [[nodiscard]] static std::expected<XdpMaps, std::string> fill(
      std::span<const dataplane::OpenPort> ports, std::span<const wire::Ipv4Prefix> local_addresses,
      std::span<const wire::Ipv4Prefix> pools);

  /// A subscriber's session came up or went, or a network behind one; nothing to do for what is inside the pools. O(pools), with a system call
  /// a port for addresses outside. False: a map was full or refused it; packets to the subscriber stay in the kernel.
  bool add_subscriber(const wire::Ipv4Prefix& prefix);
  void remove_subscriber(const wire::Ipv4Prefix& prefix);

 private:
  struct PortMaps {
    dataplane::UniqueFd port;
    dataplane::UniqueFd local_addresses;
    dataplane::UniqueFd subscribers;
  };
  struct Side {
    dataplane::PortRole role;
    dataplane::MacAddress mac;
  };
  static std::expected<PortMaps, std::string> find(const dataplane::OpenPort& open);
  static std::expected<void, std::string> fill_port(const PortMaps& maps, const Side& side,
                                                    std::span<const wire::Ipv4Prefix> local_addresses,
                                                    std::span<const wire::Ipv4Prefix> pools);
  [[nodiscard]] bool is_in_pools(const wire::Ipv4Prefix& prefix) const;

  std::vector<PortMaps> maps_;
  std::vector<wire::Ipv4Prefix> pools_;
};

}  // namespace adit::app
