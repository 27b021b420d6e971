// SPDX-License-Identifier: Apache-2.0
// Brings Ethernet ports up: a kernel interface through net_af_xdp with our XDP program (or net_af_packet where that
// does not work), or any device that DPDK knows by name. Also starts, stops and describes them.
// Thread: control, before workers start and after they have stopped. Owner: aditd.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/port.hpp"
#include "dataplane/steering.hpp"
#include "dataplane/unique_fd.hpp"

struct rte_mempool;

namespace adit::dataplane {

enum class PortDriver : std::uint8_t {
  kAuto,      ///< af_xdp, and af_packet with a note when that fails
  kAfXdp,     ///< net_af_xdp or an error
  kAfPacket,  ///< net_af_packet or an error
  kDpdk,      ///< `device` is the DPDK device: PCI address, or vdev name with arguments
};

[[nodiscard]] constexpr std::string_view to_text(PortDriver driver) {
  switch (driver) {
    case PortDriver::kAuto:
      return "auto";
    case PortDriver::kAfXdp:
      return "af_xdp";
    case PortDriver::kAfPacket:
      return "af_packet";
    case PortDriver::kDpdk:
      return "dpdk";
  }
  return "unknown";
}

/// One [[port]] of the config file. Either `interface` (a kernel network interface) or `device` is given.
struct PortSettings {
  std::string name;  ///< the operator's name for it, unique; used in logs and counters
  /// Kernel interface, e.g. "access0". With kDpdk optional: the one whose routes and neighbours lead to the device.
  std::string interface;
  PortDriver driver = PortDriver::kAuto;
  std::string device;  ///< "0000:01:00.0", "net_tap0,iface=wan0", "net_memif0,..."; only with kDpdk
  PortRole role = PortRole::kAccess;
  /// Receive queues. 0: af_xdp one per channel of the interface (what arrives on a queue without one stays in the
  /// kernel), otherwise one per worker where the device has them.
  std::uint16_t queues = 0;
};

/// A started port. Receive queue q is polled by worker q % workers, so with fewer queues than workers the last workers
/// poll nothing here (hand-off brings them their calls). Worker w transmits on queue w when w < tx_queues; a transmit
/// queue has one owner, so other workers pass their packets to worker w % tx_queues.
struct OpenPort {
  Port port;
  std::string name;
  std::string interface;                  ///< kernel interface, empty: none
  PortDriver driver = PortDriver::kDpdk;  ///< what it came to be; never kAuto
  std::uint16_t rx_queues = 1;
  std::uint16_t tx_queues = 1;
  rte_mempool* pool =
      nullptr;  ///< what its receive queues fill from, on the port's NUMA node; ours to make packets from
  PortSteering steering{};  ///< how it chooses a receive queue
  std::string note;   ///< for the log, empty mostly: why a fallback was taken and what it costs
  UniqueFd gre_sink;  ///< af_packet: keeps the kernel from answering GRE with ICMP protocol unreachable
};

/// Opens, configures and starts the ports, in the order given. On failure nothing stays open and the text says which
/// port, why, and what to do. EAL must be up. `xdp_program`: path of the compiled XDP program (adit_xdp.o).
[[nodiscard]] std::expected<std::vector<OpenPort>, std::string> open_ports(
    std::span<const PortSettings> settings, unsigned workers, const std::string& xdp_program);

/// Stops and closes the ports (net_af_xdp detaches its XDP program here). Workers must have stopped.
void close_ports(std::vector<OpenPort>& ports);

[[nodiscard]] bool link_is_up(const OpenPort& port);

/// The driver's counters with their DPDK names ("rx_good_packets", "rx_missed_errors", ...).
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> port_counters(const OpenPort& port);

}  // namespace adit::dataplane
