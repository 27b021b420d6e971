// SPDX-License-Identifier: Apache-2.0
// What the kernel says of one of its network interfaces. Thread: control. Owner: the caller (a value).
#pragma once

#include <cstdint>
#include <expected>
#include <string>

#include "dataplane/wire/ethernet.hpp"

namespace adit::dataplane {

struct KernelInterface {
  std::string name{};
  std::uint32_t ifindex = 0;
  std::uint16_t mtu = 1500;    ///< octets of IP; larger than 65,535 (loopback) is told as 65,535
  std::uint16_t channels = 1;  ///< pairs of receive and transmit queue (ethtool -l, "Combined"); at least 1
  std::uint16_t receive_queues = 1;  ///< paired or not; a veth counts all of its own as not
  bool up = false;
  bool strips_tags =
      false;  ///< the device takes VLAN tags off what it receives (ethtool -k, rx-vlan-offload)
  std::uint16_t vlan_id = 0;  ///< of an interface of VLAN type: its tag, and what carries it
  wire::EtherType vlan_type = wire::EtherType::kVlan;
  std::string parent{};
  std::string vrf{};            ///< the VRF that it is in, empty: none
  std::uint32_t vrf_table = 0;  ///< and its routing table
};

/// Errors: no such interface, name too long, no socket.
[[nodiscard]] std::expected<KernelInterface, std::string> read_kernel_interface(const std::string& name);

}  // namespace adit::dataplane
