// SPDX-License-Identifier: Apache-2.0
// The kernel's side of devices that DPDK owns: a TAP interface for each, with the device's MAC address and
// carrier, and a VLAN interface on it for each of our VLANs. ARP, ICMP, TCP/1723 and routing daemons use
// these interfaces, and routes through them lead to the device. An interface that exists already (ip tuntap
// add NAME mode tap) keeps its addresses when aditd restarts.
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
  /// Creates the interfaces for those `ports` that punt, and records them there. An interface has its port's
  /// name; a device without an untagged port gets a TAP "adit0" (0 being the DPDK port) below its VLANs.
  [[nodiscard]] static std::expected<KernelPorts, std::string> open(std::span<dataplane::OpenPort> ports,
                                                                    dataplane::KernelRings& rings);

  struct Tap {
    std::uint16_t device = 0;  ///< DPDK port
    dataplane::UniqueFd fd;    ///< poll it for input, then call from_kernel()
    rte_mempool* pool = nullptr;
    /// VLANs whose interface accepts only 802.1ad tags. Drivers that remove tags and insert them again
    /// (net_af_packet) turn them into 802.1Q tags.
    std::vector<std::uint16_t> service_vlans{};
  };
  [[nodiscard]] std::span<const Tap> taps() const { return taps_; }

  /// Hands the kernel some of the frames of each class that workers have punted, about a millisecond's work. True: there are more.
  [[nodiscard]] bool to_kernel();
  /// Takes a bounded number of frames that the kernel sends through `tap`: a level-triggered poll reports the
  /// rest again.
  void from_kernel(const Tap& tap);
  /// Makes the TAP's carrier follow the device's link, for routes and daemons.
  void set_carrier(std::uint16_t device, bool up);

 private:
  explicit KernelPorts(dataplane::KernelRings& rings) : rings_(&rings) {}

  void write(rte_mbuf* mbuf);

  dataplane::KernelRings* rings_;
  std::vector<Tap> taps_;
};

}  // namespace adit::app
