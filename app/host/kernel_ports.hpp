// SPDX-License-Identifier: Apache-2.0
// The kernel's part in devices that DPDK owns: a TAP interface each, with the device's MAC and carrier, and a VLAN
// interface on it for each VLAN of ours. ARP, ICMP, TCP/1723 and routing daemons live there; routes through these
// interfaces lead to the device. An interface that exists already (ip tuntap add NAME mode tap) keeps its addresses over
// restarts of aditd.
// Thread: control. Owner: the runtime; ends after the workers.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "dataplane/path/kernel_path.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

class KernelPorts {
 public:
  /// Makes what `ports` that punt need, and tells them their interface. The name of a port without a VLAN is its
  /// interface's, those with one are named on a TAP "adit0" (the number of the DPDK port).
  [[nodiscard]] static std::expected<KernelPorts, std::string> open(std::span<dataplane::OpenPort> ports,
                                                                    dataplane::KernelRings& rings);

  struct Tap {
    std::uint16_t device = 0;  ///< DPDK port
    dataplane::UniqueFd fd;    ///< to be polled for input: then call from_kernel()
    rte_mempool* pool = nullptr;
    /// VLANs whose interface takes 802.1ad tags alone. Drivers that take tags off and put them back (net_af_packet) make
    /// 802.1Q tags of them.
    std::vector<std::uint16_t> service_vlans{};
  };
  [[nodiscard]] std::span<const Tap> taps() const { return taps_; }

  /// All frames that workers left for the kernel; at most a ring of them.
  void to_kernel();
  /// What the kernel sends by `tap`; bounded, a level-triggered poll brings it back for the rest.
  void from_kernel(const Tap& tap);
  /// The TAP's carrier follows the device's link, so that routes and daemons do.
  void set_carrier(std::uint16_t device, bool up);

 private:
  explicit KernelPorts(dataplane::KernelRings& rings) : rings_(&rings) {}

  dataplane::KernelRings* rings_;
  std::vector<Tap> taps_;
};

}  // namespace adit::app
