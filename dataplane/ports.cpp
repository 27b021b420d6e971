// SPDX-License-Identifier: Apache-2.0
// One port: find the device (probe), configure its queues, start it, describe it. The mbuf pools are shared by the ports
// of a NUMA node: net_af_xdp then sends what another port received without copying it.
#include "dataplane/ports.hpp"

#include <linux/filter.h>
#include <netinet/in.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <unordered_set>

#include "dataplane/kernel_interface.hpp"
#include "dataplane/xdp/attached.hpp"
#include "dataplane/xdp/layout.h"

namespace adit::dataplane {
namespace {

template <typename T>
using Result = std::expected<T, std::string>;

constexpr std::uint16_t kRxDescriptors = 1024;
constexpr std::uint16_t kTxDescriptors = 1024;
/// net_af_xdp keeps two rings' worth of buffers in its fill queue beside those in the receive ring.
constexpr unsigned kBuffersPerRxQueue = 4 * kRxDescriptors;
constexpr unsigned kBuffersPerTxQueue = 2 * kTxDescriptors;
/// In hand-off rings, reassembly and bursts at any time.
constexpr unsigned kBuffersPerWorker = 4096;
constexpr unsigned kPoolCache = 256;
/// Ethernet with two VLAN tags.
constexpr unsigned kLinkOverhead = RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;
constexpr unsigned kLargestFrame = RTE_MBUF_DEFAULT_DATAROOM;
constexpr unsigned kLargestMtu = kLargestFrame - kLinkOverhead;
/// net_af_packet: what fits a 2,048-octet ring frame behind the kernel's header (64 octets and alignment).
constexpr unsigned kLargestAfPacketMtu = 1900;

std::string reason(int negative_errno) {
  return std::strerror(negative_errno < 0 ? -negative_errno : negative_errno);
}

/// "net_tap0" of "net_tap0,iface=wan0".
std::string device_name(const std::string& device) {
  return device.substr(0, device.find(','));
}

/// The shared pool of a NUMA node, made when its first port asks.
Result<rte_mempool*> packet_pool(int socket, unsigned buffers) {
  const std::string name = "adit_packets_" + std::to_string(socket);
  if (rte_mempool* known = rte_mempool_lookup(name.c_str()); known != nullptr) {
    return known;
  }
  rte_mempool* pool =
      rte_pktmbuf_pool_create(name.c_str(), buffers, kPoolCache, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket);
  if (pool == nullptr) {
    return std::unexpected("no memory for " + std::to_string(buffers) + " packet buffers (" +
                           std::to_string(buffers / 400) + " MB): " + rte_strerror(rte_errno) +
                           "; give more with dpdk.memory or hugepages");
  }
  return pool;
}

/// How many buffers all ports need at most; every pool gets that many (a NUMA node may own all ports).
unsigned buffers_needed(std::span<const PortSettings> settings, unsigned workers) {
  unsigned buffers = workers * kBuffersPerWorker;
  for (const PortSettings& port : settings) {
    const auto interface = read_kernel_interface(port.interface);
    const unsigned channels = interface ? interface->channels : 1U;
    const unsigned queues = std::max({workers, unsigned{port.queues}, channels});
    buffers += queues * (kBuffersPerRxQueue + kBuffersPerTxQueue);
  }
  return buffers;
}

/// net_af_packet copies: the kernel sees the GRE too, and would answer "protocol unreachable". A raw socket makes GRE a
/// known protocol to it, and the filter drops every packet before it is queued there.
Result<UniqueFd> open_gre_sink() {
  UniqueFd fd(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_GRE));
  std::array<sock_filter, 1> drop_all{{{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0}}};
  const sock_fprog program{.len = drop_all.size(), .filter = drop_all.data()};
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) {
    return std::unexpected("raw GRE socket: " + reason(errno));
  }
  return fd;
}

struct Device {
  std::string arguments;  ///< as rte_dev_probe takes them: name and key=value list
  std::uint16_t rx_queues = 0;
  std::uint16_t tx_queues = 0;
  std::uint16_t mtu = 0;  ///< 0: leave the device's
};

/// Probes (unless EAL has done so already for an argument of its own) and returns the ethdev port.
Result<std::uint16_t> probe(const Device& device) {
  const std::string name = device_name(device.arguments);
  std::uint16_t id = 0;
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) == 0) {
    return id;
  }
  if (const int rc = rte_dev_probe(device.arguments.c_str()); rc < 0) {
    return std::unexpected("device '" + device.arguments + "' cannot be probed: " + reason(rc));
  }
  if (rte_eth_dev_get_port_by_name(name.c_str(), &id) != 0) {
    return std::unexpected("device '" + name + "' has no Ethernet port of that name");
  }
  return id;
}

void close_device(std::uint16_t id) {
  rte_eth_dev_info info{};
  const bool known = rte_eth_dev_info_get(id, &info) == 0;
  rte_eth_dev_stop(id);
  rte_eth_dev_close(id);
  if (known && info.device != nullptr) {
    rte_dev_remove(info.device);
  }
}

/// As many queues as the device has, at most those wished for.
void limit_queues(Device& device, const rte_eth_dev_info& info) {
  device.rx_queues =
      std::clamp(device.rx_queues, std::uint16_t{1}, std::max(info.max_rx_queues, std::uint16_t{1}));
  device.tx_queues =
      std::clamp(device.tx_queues, std::uint16_t{1}, std::max(info.max_tx_queues, std::uint16_t{1}));
}

/// Checksums stay in software on purpose: the vdevs have none to offer, and ours cost a few additions. Promiscuous mode
/// stays off: what is addressed to others is not ours to forward.
rte_eth_conf port_configuration(const Device& device, PortRole role, const rte_eth_dev_info& info) {
  rte_eth_conf config{};
  const std::uint64_t rss = wanted_rss(role, info.flow_type_rss_offloads);
  if (device.rx_queues > 1 && rss != 0) {
    config.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    config.rx_adv_conf.rss_conf.rss_hf = rss;
  }
  config.rxmode.mtu = device.mtu != 0 ? device.mtu : RTE_ETHER_MTU;
  return config;
}

Result<void> set_up_queues(std::uint16_t id, const Device& device, rte_mempool* pool, int socket) {
  std::uint16_t rx = kRxDescriptors;
  std::uint16_t tx = kTxDescriptors;
  if (const int rc = rte_eth_dev_adjust_nb_rx_tx_desc(id, &rx, &tx); rc < 0) {
    return std::unexpected("ring sizes: " + reason(rc));
  }
  const auto socket_id = static_cast<unsigned>(socket);
  for (std::uint16_t queue = 0; queue < device.rx_queues; ++queue) {
    if (const int rc = rte_eth_rx_queue_setup(id, queue, rx, socket_id, nullptr, pool); rc < 0) {
      return std::unexpected("receive queue " + std::to_string(queue) + ": " + reason(rc));
    }
  }
  for (std::uint16_t queue = 0; queue < device.tx_queues; ++queue) {
    if (const int rc = rte_eth_tx_queue_setup(id, queue, tx, socket_id, nullptr); rc < 0) {
      return std::unexpected("transmit queue " + std::to_string(queue) + ": " + reason(rc));
    }
  }
  return {};
}

Result<void> configure_and_start(std::uint16_t id, Device& device, unsigned buffers, OpenPort& open) {
  rte_eth_dev_info info{};
  if (const int rc = rte_eth_dev_info_get(id, &info); rc < 0) {
    return std::unexpected("device information: " + reason(rc));
  }
  limit_queues(device, info);
  const int asked = rte_eth_dev_socket_id(id);
  const int socket = asked >= 0 ? asked : static_cast<int>(rte_socket_id());
  const auto pool = packet_pool(socket, buffers);
  if (!pool) {
    return std::unexpected(pool.error());
  }
  const rte_eth_conf config = port_configuration(device, open.port.role, info);
  if (const int rc = rte_eth_dev_configure(id, device.rx_queues, device.tx_queues, &config); rc < 0) {
    return std::unexpected("configuration with " + std::to_string(device.rx_queues) +
                           " queues: " + reason(rc));
  }
  if (auto queues = set_up_queues(id, device, *pool, socket); !queues) {
    return queues;
  }
  if (const int rc = rte_eth_dev_start(id); rc < 0) {
    return std::unexpected("start: " + reason(rc));
  }
  open.pool = *pool;
  return {};
}

Result<void> open_device(Device device, unsigned buffers, OpenPort& open) {
  const auto id = probe(device);
  if (!id) {
    return std::unexpected(id.error());
  }
  if (auto started = configure_and_start(*id, device, buffers, open); !started) {
    close_device(*id);
    return started;
  }
  rte_ether_addr mac{};
  rte_eth_macaddr_get(*id, &mac);
  std::memcpy(open.port.mac.data(), mac.addr_bytes, open.port.mac.size());
  open.port.id = *id;
  open.port.needs_mac_filter = open.driver == PortDriver::kAfPacket;
  open.rx_queues = device.rx_queues;
  open.tx_queues = device.tx_queues;
  std::uint16_t mtu = 0;
  if (device.mtu == 0 && rte_eth_dev_get_mtu(*id, &mtu) == 0) {
    open.port.mtu = mtu;
  }
  return {};
}

void add_note(OpenPort& open, const std::string& text) {
  open.note += (open.note.empty() ? "" : "; ") + text;
}

/// Frames that do not fit one buffer cannot be received.
std::uint16_t usable_mtu(std::uint16_t mtu, unsigned largest, OpenPort& open) {
  if (mtu <= largest) {
    return mtu;
  }
  add_note(open, "MTU " + std::to_string(mtu) + " is more than Adit receives; larger packets than " +
                     std::to_string(largest) + " octets are lost, set the interface's MTU to 1500");
  return static_cast<std::uint16_t>(largest);
}

Result<void> open_af_xdp(const PortSettings& settings, const KernelInterface& interface,
                         const std::string& xdp_program, unsigned buffers, OpenPort& open) {
  if (auto free = xdp::detach_stale_program(interface.ifindex, settings.interface); !free) {
    return free;
  }
  const auto wished = settings.queues != 0 ? settings.queues : interface.channels;
  const auto queues = std::min({wished, interface.channels, std::uint16_t{ADIT_XDP_MAX_QUEUES}});
  if (queues < interface.receive_queues) {
    const std::string kind = interface.receive_queues > interface.channels ? " rx " : " combined ";
    add_note(open, "it receives on " + std::to_string(interface.receive_queues) + " queues and only " +
                       std::to_string(queues) + (queues == 1 ? " is" : " are") +
                       " served, the kernel keeps the others' packets; do: ethtool -L " + settings.interface +
                       kind + std::to_string(queues));
  }
  open.driver = PortDriver::kAfXdp;
  open.port.mtu = usable_mtu(interface.mtu, kLargestMtu, open);
  return open_device({.arguments = "net_af_xdp_" + settings.interface + ",iface=" + settings.interface +
                                   ",queue_count=" + std::to_string(queues) + ",xdp_prog=" + xdp_program,
                      .rx_queues = queues,
                      .tx_queues = queues,
                      .mtu = open.port.mtu},
                     buffers, open);
}

Result<void> open_af_packet(const PortSettings& settings, const KernelInterface& interface, unsigned workers,
                            unsigned buffers, OpenPort& open) {
  auto sink = open_gre_sink();
  if (!sink) {
    return std::unexpected(sink.error());
  }
  const auto queues = settings.queues != 0 ? settings.queues : static_cast<std::uint16_t>(workers);
  open.driver = PortDriver::kAfPacket;
  open.gre_sink = std::move(*sink);
  open.port.mtu = usable_mtu(interface.mtu, kLargestAfPacketMtu, open);
  return open_device({.arguments = "net_af_packet_" + settings.interface + ",iface=" + settings.interface +
                                   ",qpairs=" + std::to_string(queues) + ",framecnt=2048,qdisc_bypass=1",
                      .rx_queues = queues,
                      .tx_queues = queues,
                      .mtu = open.port.mtu},
                     buffers, open);
}

Result<void> open_interface(const PortSettings& settings, const KernelInterface& interface, unsigned workers,
                            const std::string& xdp_program, unsigned buffers, OpenPort& open) {
  if (settings.driver == PortDriver::kAfPacket) {
    return open_af_packet(settings, interface, workers, buffers, open);
  }
  const std::string note = open.note;
  auto fast = open_af_xdp(settings, interface, xdp_program, buffers, open);
  if (fast || settings.driver == PortDriver::kAfXdp) {
    return fast;
  }
  open.note = note;
  add_note(open, "AF_XDP is not possible (" + fast.error() +
                     "), so AF_PACKET is used: about half as fast, and the kernel also sees every packet");
  return open_af_packet(settings, interface, workers, buffers, open);
}

Result<void> open_dpdk_device(const PortSettings& settings, unsigned workers, unsigned buffers,
                              OpenPort& open) {
  open.driver = PortDriver::kDpdk;
  const auto queues = settings.queues != 0 ? settings.queues : static_cast<std::uint16_t>(workers);
  return open_device({.arguments = settings.device,
                      .rx_queues = queues,
                      .tx_queues = std::max(queues, static_cast<std::uint16_t>(workers)),
                      .mtu = 0},
                     buffers, open);
}

Result<OpenPort> open_port(const PortSettings& settings, unsigned workers, const std::string& xdp_program,
                           unsigned buffers) {
  OpenPort open;
  open.name = settings.name;
  open.interface = settings.interface;
  open.port.role = settings.role;
  Result<void> opened;
  if (settings.interface.empty()) {
    opened = open_dpdk_device(settings, workers, buffers, open);
  } else if (const auto interface = read_kernel_interface(settings.interface); !interface) {
    opened = std::unexpected(interface.error());
  } else {
    if (!interface->up) {
      add_note(open,
               "interface " + settings.interface + " is down; do: ip link set " + settings.interface + " up");
    }
    open.port.ifindex = interface->ifindex;
    opened = settings.driver == PortDriver::kDpdk
                 ? open_dpdk_device(settings, workers, buffers, open)
                 : open_interface(settings, *interface, workers, xdp_program, buffers, open);
  }
  if (!opened) {
    return std::unexpected("port '" + settings.name + "': " + opened.error());
  }
  return open;
}

}  // namespace

std::expected<std::vector<OpenPort>, std::string> open_ports(std::span<const PortSettings> settings,
                                                             unsigned workers,
                                                             const std::string& xdp_program) {
  const unsigned buffers = buffers_needed(settings, workers);
  std::vector<OpenPort> ports;
  for (const PortSettings& wanted : settings) {
    auto opened = open_port(wanted, workers, xdp_program, buffers);
    if (!opened) {
      close_ports(ports);
      return std::unexpected(opened.error());
    }
    opened->steering = read_steering(opened->port.id, opened->port.role, opened->rx_queues, workers);
    ports.push_back(std::move(*opened));
  }
  return ports;
}

void close_ports(std::vector<OpenPort>& ports) {
  std::unordered_set<rte_mempool*> pools;
  for (const OpenPort& open : ports) {
    close_device(open.port.id);
    pools.insert(open.pool);
  }
  std::ranges::for_each(pools, rte_mempool_free);
  ports.clear();
}

bool link_is_up(const OpenPort& port) {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(port.port.id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

std::vector<std::pair<std::string, std::uint64_t>> port_counters(const OpenPort& port) {
  const int count = rte_eth_xstats_get_names(port.port.id, nullptr, 0);
  if (count <= 0) {
    return {};
  }
  const auto size = static_cast<unsigned>(count);
  std::vector<rte_eth_xstat_name> names(size);
  std::vector<rte_eth_xstat> values(size);
  if (rte_eth_xstats_get_names(port.port.id, names.data(), size) != count ||
      rte_eth_xstats_get(port.port.id, values.data(), size) != count) {
    return {};
  }
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  for (const rte_eth_xstat& value : values) {
    counters.emplace_back(names[value.id].name, value.value);
  }
  return counters;
}

}  // namespace adit::dataplane
