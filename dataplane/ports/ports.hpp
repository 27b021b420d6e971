// SPDX-License-Identifier: Apache-2.0
// Brings Ethernet ports up: a kernel interface through net_af_xdp with our XDP program (or net_af_packet
// where that does not work), or any device that DPDK knows by name. VLANs of one device are separate ports
// that share it.
// Thread: control, before workers start and after they have stopped. Owner: aditd.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/ports/device.hpp"
#include "dataplane/ports/kernel_interface.hpp"
#include "dataplane/ports/port.hpp"
#include "dataplane/ports/steering.hpp"
#include "dataplane/ports/subscribers.hpp"
#include "dataplane/ports/unique_fd.hpp"

struct rte_mempool;

namespace adit::dataplane {

enum class PortDriver : std::uint8_t {
  kAuto,      ///< af_xdp, and af_packet with a note when that fails
  kAfXdp,     ///< net_af_xdp or, if that fails, net_af_packet with a note
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

/// One [[port]] of the config file. It has either `interface` (a kernel network interface, VLANs included) or
/// `device`.
struct PortSettings {
  std::string name;  ///< the operator's name for it, unique; used in logs and counters
  /// Kernel interface, e.g. "access0" or "eth0.100". Optional with kDpdk, where it names an interface that by
  /// some other means leads to the device and supplies its routes and neighbours; empty: we make a TAP
  /// interface (app/host/kernel_ports.hpp).
  std::string interface;
  PortDriver driver = PortDriver::kAuto;
  std::string device;  ///< "0000:01:00.0", "net_tap0,iface=wan0", "net_memif0,..."; with kDpdk only
  PortRole role = PortRole::kAccess;
  /// Receive queues. 0: with af_xdp one per channel of the interface (packets that arrive on a queue without
  /// one stay in the kernel), otherwise one per worker, as far as the device has them.
  std::uint16_t queues = 0;
  std::uint32_t table = 0;  ///< the kernel's routing table for this side; 0: its interface's VRF's, else main
  wire::Vlan vlan{};        ///< with kDpdk only: a kernel interface of type VLAN has its own
  bool isolate = false;     ///< with kDpdk only: the kernel drives the device too (isolation.hpp)
};

/// A started port. Receive queue q is polled by worker q % workers, so with fewer queues than workers the
/// last workers poll nothing here (hand-off brings them their calls' packets). Worker w transmits on queue w
/// if w < tx_queues; a transmit queue has one owner, so other workers pass their packets to worker w %
/// tx_queues.
struct OpenPort {
  Port port;
  std::string name;
  std::string interface;                  ///< kernel interface; empty: none yet
  PortDriver driver = PortDriver::kDpdk;  ///< the driver in use; never kAuto
  Device* device = nullptr;               ///< shared by its VLANs
  std::unique_ptr<Device> owned{};        ///< set in the port that opened the device
  std::uint32_t device_ifindex = 0;       ///< kernel interface of the device: af_xdp, af_packet
  std::string vrf{};                      ///< the VRF that the interface is in
  std::uint16_t rx_queues = 1;  ///< 0: another VLAN of the device opened it and delivers the frames of all
  std::uint16_t tx_queues = 1;
  rte_mempool* pool =
      nullptr;  ///< its receive queues fill from it, on the port's NUMA node; we may allocate from it too
  PortSteering steering{};  ///< how it chooses a receive queue
  std::string note;         ///< for the log, usually empty: why a fallback was taken and what it costs
  UniqueFd gre_sink;        ///< af_packet: keeps the kernel from answering GRE with ICMP protocol unreachable
};

/// What opening ports needs besides their settings.
struct PortsContext {
  unsigned workers = 1;
  std::vector<InterfaceStack> interfaces{};  ///< of each port, in order
  /// Path of the compiled XDP program (adit_xdp.o), or why there is none, which is an error only if AF_XDP is
  /// used.
  std::expected<std::string, std::string> xdp_program{};
  Subscribers subscribers{};  ///< the pools: what isolated core ports take, and flow rules share out
};

/// Opens, configures and starts the ports, in the order given. On failure nothing stays open, and the text
/// says which port, why, and what to do. EAL must be up.
[[nodiscard]] std::expected<std::vector<OpenPort>, std::string> open_ports(
    std::span<const PortSettings> settings, const PortsContext& context);

/// Stops and closes the ports (net_af_xdp detaches its XDP program here). Workers must have stopped.
void close_ports(std::vector<OpenPort>& ports);

/// Restarts the device of `id` with all its ports, which no worker may touch meanwhile. An error leaves the device
/// running or stopped (Device::running()). net_af_xdp and net_af_packet keep their sockets and the XDP program, so a
/// port whose interface or program is gone is refused: those are made when aditd starts.
[[nodiscard]] std::expected<void, std::string> restart_device(std::span<OpenPort> ports, std::uint16_t id,
                                                              unsigned workers);

/// What the device itself counts.
struct DeviceTotals {
  std::uint64_t rx_packets = 0, tx_packets = 0;
  std::uint64_t rx_bytes = 0, tx_bytes = 0;
  std::uint64_t rx_missed = 0;  ///< no free descriptor or buffer
  std::uint64_t rx_errors = 0, tx_errors = 0;
};
[[nodiscard]] DeviceTotals device_totals(const OpenPort& port);

/// The driver's counters with their DPDK names ("rx_good_packets", "rx_missed_errors", ...).
[[nodiscard]] std::vector<std::pair<std::string, std::uint64_t>> port_counters(const OpenPort& port);

}  // namespace adit::dataplane
