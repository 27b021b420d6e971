// SPDX-License-Identifier: Apache-2.0
// What a worker knows about a port. Thread: any (immutable once workers run). Owner: aditd.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/wire/ethernet.hpp"

namespace adit::dataplane {

using wire::MacAddress;

/// Access: where GRE comes from. Core: where plain IP comes from. A port may serve both sides ("on a stick").
enum class PortRole : std::uint8_t { kAccess = 1, kCore = 2, kBoth = 3 };

[[nodiscard]] constexpr PortRole operator|(PortRole a, PortRole b) {
  return static_cast<PortRole>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// Whether a port of this role serves that side.
[[nodiscard]] constexpr bool serves(PortRole role, PortRole side) {
  return (static_cast<unsigned>(role) & static_cast<unsigned>(side)) != 0;
}

[[nodiscard]] constexpr std::string_view to_text(PortRole role) {
  switch (role) {
    case PortRole::kAccess:
      return "access";
    case PortRole::kCore:
      return "core";
    case PortRole::kBoth:
      return "both";
  }
  return "unknown";
}

/// Where packets enter and leave: an Ethernet device, or one VLAN of it.
struct Port {
  static constexpr std::uint32_t kMainTable = 254;  // RT_TABLE_MAIN

  std::uint16_t id = 0;  ///< DPDK ethdev port; the VLANs of one device share it
  PortRole role = PortRole::kAccess;
  std::uint32_t ifindex = 0;  ///< the kernel interface whose routes and neighbours lead here; 0: none
  MacAddress mac{};
  std::uint16_t mtu = 1500;       ///< IP MTU
  bool needs_mac_filter = false;  ///< net_af_packet: the kernel's own outgoing frames are received as well
  wire::Vlan vlan{};
  std::uint32_t table = kMainTable;  ///< the kernel's routing table for this side of the box
  /// Only DPDK drives the device: frames that are not ours go to the kernel through kernel_path.hpp.
  bool punts = false;
};

/// The port for a kernel interface, or nullptr.
[[nodiscard]] inline const Port* find_port(std::span<const Port> ports, std::uint32_t ifindex) noexcept {
  for (const Port& port : ports) {
    if (port.ifindex == ifindex && ifindex != 0) {
      return &port;
    }
  }
  return nullptr;
}

}  // namespace adit::dataplane
