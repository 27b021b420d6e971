// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/ports.hpp"

#include <linux/filter.h>
#include <netinet/in.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_set>

#include "dataplane/ports/xdp/attached.hpp"
#include "dataplane/ports/xdp/layout.h"

namespace adit::dataplane {
namespace {

template <typename T>
using Result = std::expected<T, std::string>;

/// In the rings between workers and to control, in reorder windows and bursts at any one time.
constexpr unsigned kBuffersPerWorker = 4096;
/// Ethernet with two VLAN tags.
constexpr unsigned kLinkOverhead = RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN;
constexpr unsigned kLargestFrame = RTE_MBUF_DEFAULT_DATAROOM;
constexpr unsigned kLargestMtu = kLargestFrame - kLinkOverhead;
/// net_af_packet: what fits a 2,048-octet ring frame after the kernel's header (64 octets and alignment).
constexpr unsigned kLargestAfPacketMtu = 1900;

std::string reason(int negative_errno) {
  return std::strerror(negative_errno < 0 ? -negative_errno : negative_errno);
}

/// net_af_packet copies, so the kernel sees the GRE too and would answer "protocol unreachable". A raw socket
/// makes GRE a protocol it knows, and a filter drops every packet before it is queued there.
Result<UniqueFd> open_gre_sink() {
  UniqueFd fd(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_GRE));
  std::array<sock_filter, 1> drop_all{{{.code = BPF_RET | BPF_K, .jt = 0, .jf = 0, .k = 0}}};
  const sock_fprog program{.len = drop_all.size(), .filter = drop_all.data()};
  if (!fd || ::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0) {
    return std::unexpected("raw GRE socket: " + reason(errno));
  }
  return fd;
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

/// A port about to be opened: its device, and its place among the settings.
struct Plan {
  const PortSettings* settings = nullptr;
  std::string
      device;  ///< the same for all ports of a device: its arguments, or the kernel interface below the VLANs
  std::optional<KernelInterface> interface{};   ///< the one that was named
  std::optional<KernelInterface> underlying{};  ///< the one below all VLANs
  wire::Vlan vlan{};
};

/// Follows a VLAN interface down: eth0.200.100 to eth0, with both tags.
Result<void> find_underlying(Plan& plan, const InterfaceStack& stack) {
  std::vector<wire::Vlan> tags;
  for (const KernelInterface& interface : std::span(stack).first(stack.size() - 1)) {
    tags.push_back({.outer = interface.vlan_id, .inner = 0, .outer_type = interface.vlan_type});
  }
  if (tags.size() > 2) {
    return std::unexpected("interface '" + plan.interface->name + "' has more than two VLAN tags");
  }
  if (!tags.empty()) {
    plan.vlan = tags.back();
    plan.vlan.inner = tags.size() > 1 ? tags.front().outer : std::uint16_t{0};
  }
  plan.underlying = stack.back();
  return {};
}

Result<Plan> plan_port(const PortSettings& settings, const InterfaceStack& stack) {
  Plan plan{.settings = &settings, .device = settings.device};
  if (!settings.interface.empty()) {
    if (stack.empty()) {
      return std::unexpected("nothing is known about interface '" + settings.interface + "'");
    }
    plan.interface = stack.front();
    if (settings.driver != PortDriver::kDpdk) {
      if (auto found = find_underlying(plan, stack); !found) {
        return std::unexpected(found.error());
      }
      plan.device = plan.underlying->name;
    }
  }
  if (settings.driver == PortDriver::kDpdk) {
    plan.vlan = settings.vlan;
  }
  return plan;
}

/// The most buffers that all ports can need. Every pool gets that many, because one NUMA node may have all
/// the ports.
unsigned buffers_needed(std::span<const Plan> plans, unsigned workers) {
  unsigned buffers = workers * kBuffersPerWorker;
  for (const Plan& plan : plans) {
    const unsigned channels = plan.underlying ? plan.underlying->channels : 1U;
    const unsigned queues = std::max({workers, unsigned{plan.settings->queues}, channels});
    buffers += queues * (kBuffersPerRxQueue + kBuffersPerTxQueue);
  }
  return buffers;
}

/// What opening a device takes besides its port's settings.
struct Opening {
  const Plan& plan;
  PortRole role;  ///< of all ports on the device
  unsigned buffers;
  const PortsContext& context;
};

Result<void> open_device(DeviceSettings settings, const Opening& opening, OpenPort& open) {
  settings.role = opening.role;
  settings.subscribers = opening.context.subscribers;
  const std::uint16_t mtu = settings.mtu;
  auto device = Device::open(std::move(settings), opening.buffers);
  if (!device) {
    return std::unexpected(std::move(device.error()));
  }
  open.owned = std::make_unique<Device>(std::move(*device));
  open.device = open.owned.get();
  open.port.mtu = mtu != 0 ? mtu : open.device->mtu();
  return {};
}

Result<void> open_af_xdp(const Opening& opening, OpenPort& open) {
  const PortSettings& settings = *opening.plan.settings;
  const KernelInterface& interface = *opening.plan.underlying;
  const Result<std::string>& program = opening.context.xdp_program;
  if (!program) {
    return std::unexpected(program.error());
  }
  if (auto free = xdp::detach_stale_program(interface.ifindex, interface.name); !free) {
    return free;
  }
  const auto wished = settings.queues != 0 ? settings.queues : interface.channels;
  const auto queues = std::min({wished, interface.channels, std::uint16_t{ADIT_XDP_MAX_QUEUES}});
  if (queues < interface.receive_queues) {
    const std::string kind = interface.receive_queues > interface.channels ? " rx " : " combined ";
    add_note(open, "it receives on " + std::to_string(interface.receive_queues) + " queues and only " +
                       std::to_string(queues) + (queues == 1 ? " is" : " are") +
                       " served, the kernel keeps the others' packets; do: ethtool -L " + interface.name +
                       kind + std::to_string(queues));
  }
  open.driver = PortDriver::kAfXdp;
  return open_device({.arguments = "net_af_xdp_" + interface.name + ",iface=" + interface.name +
                                   ",queue_count=" + std::to_string(queues) + ",xdp_prog=" + *program,
                      .rx_queues = queues,
                      .tx_queues = queues,
                      .mtu = usable_mtu(interface.mtu, kLargestMtu, open)},
                     opening, open);
}

Result<void> open_af_packet(const Opening& opening, OpenPort& open) {
  const KernelInterface& interface = *opening.plan.underlying;
  auto sink = open_gre_sink();
  if (!sink) {
    return std::unexpected(sink.error());
  }
  const std::uint16_t wished = opening.plan.settings->queues;
  const auto queues = wished != 0 ? wished : static_cast<std::uint16_t>(opening.context.workers);
  open.driver = PortDriver::kAfPacket;
  open.gre_sink = std::move(*sink);
  auto opened =
      open_device({.arguments = "net_af_packet_" + interface.name + ",iface=" + interface.name +
                                ",qpairs=" + std::to_string(queues) + ",framecnt=2048,qdisc_bypass=1",
                   .rx_queues = queues,
                   .tx_queues = queues,
                   .mtu = usable_mtu(interface.mtu, kLargestAfPacketMtu, open)},
                  opening, open);
  if (!opened) {
    opened.error() += "; adit.service allows AF_PACKET with its drop-in adit-af-packet.conf only";
  }
  return opened;
}

Result<void> open_interface(const Opening& opening, OpenPort& open) {
  const PortDriver driver = opening.plan.settings->driver;
  if (driver == PortDriver::kAfPacket) {
    return open_af_packet(opening, open);
  }
  const std::string note = open.note;
  auto fast = open_af_xdp(opening, open);
  if (fast || driver == PortDriver::kAfXdp) {
    return fast;
  }
  open.note = note;
  add_note(open, "AF_XDP is not possible (" + fast.error() +
                     "), so AF_PACKET is used: about half as fast, and the kernel also sees every packet");
  auto slow = open_af_packet(opening, open);
  if (!slow) {
    slow.error() = "AF_XDP: " + fast.error() + "; then AF_PACKET: " + slow.error();
  }
  return slow;
}

Result<void> open_dpdk_device(const Opening& opening, OpenPort& open) {
  const PortSettings& settings = *opening.plan.settings;
  const auto workers = static_cast<std::uint16_t>(opening.context.workers);
  const auto queues = settings.queues != 0 ? settings.queues : workers;
  open.driver = PortDriver::kDpdk;
  return open_device({.arguments = settings.device,
                      .rx_queues = queues,
                      .tx_queues = std::max(queues, workers),
                      .isolated = settings.isolate},
                     opening, open);
}

/// Uses the device that another VLAN of it has opened.
void join_device(const OpenPort& first, OpenPort& open) {
  open.device = first.device;
  open.driver = first.driver;
  open.port.mtu = first.port.mtu;
}

Result<void> open_port(const Opening& opening, const OpenPort* first_of_device, OpenPort& open) {
  const Plan& plan = opening.plan;
  open.name = plan.settings->name;
  open.interface = plan.settings->interface;
  open.port.role = plan.settings->role;
  open.port.vlan = plan.vlan;
  if (plan.interface && !plan.interface->up) {
    add_note(open, "interface " + open.interface + " is down; do: ip link set " + open.interface + " up");
  }
  if (plan.vlan.tags() > 0 && plan.underlying && plan.underlying->strips_tags) {
    add_note(open, plan.underlying->name +
                       " removes VLAN tags before Adit sees them, so VLANs cannot be told apart; do: "
                       "ethtool -K " +
                       plan.underlying->name + " rxvlan off");
  }
  Result<void> opened;
  if (first_of_device != nullptr) {
    join_device(*first_of_device, open);
  } else {
    opened = plan.underlying ? open_interface(opening, open) : open_dpdk_device(opening, open);
  }
  if (!opened) {
    return opened;
  }
  open.port.id = open.device->id();
  open.port.mac = open.device->mac();
  open.port.needs_mac_filter = open.driver == PortDriver::kAfPacket;
  open.rx_queues = first_of_device != nullptr ? std::uint16_t{0} : open.device->rx_queues();
  open.tx_queues = open.device->tx_queues();
  open.pool = open.device->pool();
  if (plan.underlying) {
    open.device_ifindex = plan.underlying->ifindex;
  }
  if (plan.interface) {
    open.port.ifindex = plan.interface->ifindex;
    if (!plan.interface->vrf.empty()) {
      open.vrf = plan.interface->vrf;
      open.port.table = plan.interface->vrf_table;
    }
    open.port.mtu = std::min(open.port.mtu, plan.interface->mtu);
  }
  if (plan.settings->table != 0) {
    open.port.table = plan.settings->table;
  }
  open.port.punts = open.driver == PortDriver::kDpdk && open.interface.empty();
  return {};
}

PortRole role_of_device(std::span<const Plan> plans, const std::string& device) {
  PortRole role{};
  for (const Plan& plan : plans) {
    role = plan.device == device ? role | plan.settings->role : role;
  }
  return role;
}

}  // namespace

Result<std::vector<OpenPort>> open_ports(std::span<const PortSettings> settings,
                                         const PortsContext& context) {
  const auto failure = [](const PortSettings& port, const std::string& why) {
    return std::unexpected("port '" + port.name + "': " + why);
  };
  std::vector<Plan> plans;
  for (std::size_t i = 0; i < settings.size(); ++i) {
    auto plan =
        plan_port(settings[i], i < context.interfaces.size() ? context.interfaces[i] : InterfaceStack{});
    if (!plan) {
      return failure(settings[i], plan.error());
    }
    plans.push_back(std::move(*plan));
  }
  const unsigned buffers = buffers_needed(plans, context.workers);
  std::vector<OpenPort> ports;
  for (const Plan& plan : plans) {
    const auto first = std::ranges::find(plans, plan.device, &Plan::device) - plans.begin();
    const bool joins = static_cast<std::size_t>(first) < ports.size();
    const PortRole role = role_of_device(plans, plan.device);
    OpenPort open;
    auto opened = open_port({plan, role, buffers, context},
                            joins ? &ports[static_cast<std::size_t>(first)] : nullptr, open);
    if (!opened) {
      close_ports(ports);
      return failure(*plan.settings, opened.error());
    }
    open.steering =
        joins ? ports[static_cast<std::size_t>(first)].steering
              : read_steering(open.port.id, role, open.rx_queues, context.workers, context.subscribers.ipv6);
    ports.push_back(std::move(open));
  }
  return ports;
}

void close_ports(std::vector<OpenPort>& ports) {
  std::unordered_set<rte_mempool*> pools;
  for (const OpenPort& open : ports) {
    if (open.owned) {
      open.owned->close();
    }
    pools.insert(open.pool);
  }
  std::ranges::for_each(pools, rte_mempool_free);
  ports.clear();
}

DeviceTotals device_totals(const OpenPort& port) {
  rte_eth_stats stats{};
  rte_eth_stats_get(port.port.id, &stats);
  return {.rx_packets = stats.ipackets,
          .tx_packets = stats.opackets,
          .rx_bytes = stats.ibytes,
          .tx_bytes = stats.obytes,
          .rx_missed = stats.imissed + stats.rx_nombuf,
          .rx_errors = stats.ierrors,
          .tx_errors = stats.oerrors};
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
