// SPDX-License-Identifier: Apache-2.0
// What the kernel knows about one of its network interfaces. app/ reads it (netlink) and passes it to open_ports().
// Thread: control. Owner: the caller (a value).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/wire/ethernet.hpp"

namespace adit::dataplane {

struct KernelInterface {
  std::string name{};
  std::uint32_t ifindex = 0;
  std::uint16_t mtu = 1500;    ///< octets of IP; 65,535 if it is larger (loopback)
  std::uint16_t channels = 1;  ///< paired receive and transmit queues (ethtool -l, "Combined"); at least 1
  std::uint16_t receive_queues = 1;  ///< paired or not; a veth reports none as paired
  bool up = false;
  bool loopback = false;
  bool strips_tags = false;  ///< removes VLAN tags on receive (ethtool -k, rx-vlan-offload)
  /// Of an interface of type VLAN: its tag, and the interface below it. 0: not a VLAN.
  std::uint16_t vlan_id = 0;
  wire::EtherType vlan_type = wire::EtherType::kVlan;
  std::string parent{};
  std::string vrf{};            ///< the VRF it belongs to; empty: none
  std::uint32_t vrf_table = 0;  ///< that VRF's routing table
};

/// The interface that a port names and, while that is a VLAN, the interface below it: eth0.200.100, eth0.200,
/// eth0. Empty for a port without an interface.
using InterfaceStack = std::vector<KernelInterface>;

}  // namespace adit::dataplane
