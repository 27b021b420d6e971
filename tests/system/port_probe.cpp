// SPDX-License-Identifier: Apache-2.0
// Opens ports as aditd does, fills the XDP maps, mirrors the kernel's routes, prints a line for every packet that reaches
// DPDK and sends it back with its Ethernet addresses swapped. Driven by ports_test.py; ends when its standard input does.
//   port_probe [-d auto|af_xdp|af_packet] -a ACCESS_IF -c CORE_IF -l LOCAL_ADDRESS -p POOL_FIRST POOL_LAST -6 POOL
// Lines: "note TEXT", "port NAME DRIVER QUEUES", "ready", "rx NAME DESTINATION PROTOCOL OCTETS", "closed".
// Commands on standard input, each answered by a line that begins with its verb; an ADDRESS is of either family:
//   "add ADDRESS", "remove ADDRESS"  a subscriber outside the pool: "add ok"
//   "network ADDRESS"                a /16 behind a subscriber, or in IPv6 a /48: "network ok"
//   "machine ADDRESS"                an address of the machine's own: "machine ok"; "remove" removes it
//   "hop ADDRESS"      "hop PORT MAC", "hop unresolved" or "hop none"
//   "resolve ADDRESS"  has the kernel ask for its neighbour
#include <poll.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/host/eal.hpp"
#include "app/host/host_ports.hpp"
#include "app/host/netlink/kernel_routes.hpp"
#include "app/host/xdp_maps.hpp"
#include "dataplane/ports/ports.hpp"

namespace {

using namespace adit;

struct Arguments {
  dataplane::PortDriver driver = dataplane::PortDriver::kAfXdp;
  std::string access, core;
  wire::Ipv4Address local, pool_first, pool_last;
  wire::Ipv6Prefix pool6;
};

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "port_probe: %s\n", why.c_str());
  std::exit(1);
}

wire::Ipv4Address address_of(const char* text) {
  const auto address = wire::parse_ipv4(text == nullptr ? "" : text);
  return address ? *address : (fail("not an IPv4 address"), wire::Ipv4Address());
}

Arguments parse(char** arg) {
  Arguments parsed;
  while (*++arg != nullptr && arg[1] != nullptr) {
    const std::string option = *arg++;
    if (option == "-d") {
      parsed.driver = std::strcmp(*arg, "auto") == 0     ? dataplane::PortDriver::kAuto
                      : std::strcmp(*arg, "af_xdp") == 0 ? dataplane::PortDriver::kAfXdp
                                                         : dataplane::PortDriver::kAfPacket;
    } else if (option == "-a") {
      parsed.access = *arg;
    } else if (option == "-c") {
      parsed.core = *arg;
    } else if (option == "-l") {
      parsed.local = address_of(*arg);
    } else if (option == "-p") {
      parsed.pool_first = address_of(*arg);
      parsed.pool_last = address_of(*++arg);
    } else if (option == "-6") {
      const auto pool = wire::parse_ipv6_prefix(*arg);
      parsed.pool6 = pool ? *pool : (fail("not an IPv6 prefix"), wire::Ipv6Prefix());
    }
  }
  return parsed;
}

/// Prints what the packet is if it is IPv4 or IPv6, behind VLAN tags or not, and swaps its Ethernet addresses.
void describe(const std::string& port, rte_mbuf* packet) {
  auto* ethernet = rte_pktmbuf_mtod(packet, rte_ether_hdr*);
  std::uint16_t at = sizeof *ethernet;
  rte_be16_t type = ethernet->ether_type;
  while (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN) || type == rte_cpu_to_be_16(RTE_ETHER_TYPE_QINQ)) {
    type = rte_pktmbuf_mtod_offset(packet, rte_vlan_hdr*, at)->eth_proto;
    at = static_cast<std::uint16_t>(at + sizeof(rte_vlan_hdr));
  }
  if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4)) {
    const auto* ip = rte_pktmbuf_mtod_offset(packet, rte_ipv4_hdr*, at);
    const wire::Ipv4Address destination(rte_be_to_cpu_32(ip->dst_addr));
    std::printf("rx %s %s %u %u\n", port.c_str(), to_string(destination).c_str(), ip->next_proto_id,
                packet->pkt_len);
  } else if (type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6)) {
    const auto* ip = rte_pktmbuf_mtod_offset(packet, rte_ipv6_hdr*, at);
    std::printf("rx %s %s %u %u\n", port.c_str(),
                to_string(wire::load_ipv6(reinterpret_cast<const std::uint8_t*>(&ip->dst_addr))).c_str(),
                ip->proto, packet->pkt_len);
  }
  std::swap(ethernet->src_addr, ethernet->dst_addr);
}

void echo(const dataplane::OpenPort& open, std::uint16_t queue) {
  std::array<rte_mbuf*, 32> burst{};
  const std::uint16_t count = rte_eth_rx_burst(open.port.id, queue, burst.data(), burst.size());
  for (std::uint16_t i = 0; i < count; ++i) {
    describe(open.name, burst[i]);
  }
  // On net_af_packet what we send comes back to us: no echo there, it would never end.
  const bool sends = !open.port.needs_mac_filter;
  for (auto i = sends ? rte_eth_tx_burst(open.port.id, queue, burst.data(), count) : std::uint16_t{0};
       i < count; ++i) {
    rte_pktmbuf_free(burst[i]);
  }
}

struct Host {
  std::vector<dataplane::OpenPort> ports;
  app::XdpMaps maps;
  std::unique_ptr<app::KernelRoutes> routes;
  std::unique_ptr<dataplane::NextHops> hops;
};

template <typename Address>
void print_hop(const Host& host, const Address& address) {
  const auto* hop = host.hops->find(address);
  if (hop == nullptr) {
    std::puts(host.hops->needs_resolving(address) ? "hop unresolved" : "hop none");
    return;
  }
  const auto mac = hop->link.destination();
  for (const auto& open : host.ports) {
    if (open.port.id == hop->port) {
      std::printf("hop %s %02x:%02x:%02x:%02x:%02x:%02x\n", open.name.c_str(), mac[0], mac[1], mac[2], mac[3],
                  mac[4], mac[5]);
    }
  }
}

template <typename Address>
void obey(Host& host, const std::string& verb, const Address& address) {
  using Family = wire::IpFamily<Address>;
  using Prefix = typename Family::Prefix;
  const Prefix single{.address = address, .length = Family::kBits};
  if (verb == "add") {
    std::puts(host.maps.add_subscriber(single) ? "add ok" : "add refused");
  } else if (verb == "remove") {
    host.maps.remove(single);
    std::puts("remove ok");
  } else if (verb == "network") {
    const Prefix network{.address = address,
                         .length = Family::kBits == 32 ? std::uint8_t{16} : std::uint8_t{48}};
    std::puts(host.maps.add_subscriber(network) ? "network ok" : "network refused");
  } else if (verb == "machine") {
    std::puts(host.maps.add_machine(single) ? "machine ok" : "machine refused");
  } else if (verb == "hop") {
    print_hop(host, address);
  } else if (verb == "resolve") {
    host.routes->resolve(address);
    std::puts("resolve ok");
  }
}

/// False: standard input ended.
bool obey(Host& host) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, 1) <= 0) {
    return true;
  }
  std::string verb;
  std::string text;
  if (!(std::cin >> verb >> text)) {
    return false;
  }
  if (const auto ipv6 = wire::parse_ipv6_address(text)) {
    obey(host, verb, *ipv6);
  } else {
    obey(host, verb, address_of(text.c_str()));
  }
  return true;
}

template <typename T>
T take(std::expected<T, std::string>&& result) {
  return result ? std::move(*result) : (fail(result.error()), T());
}

void open_host(const Arguments& arguments, Host& host) {
  std::vector<dataplane::PortSettings> settings(2);
  settings[0].name = "access";
  settings[0].interface = arguments.access;
  settings[0].role = dataplane::PortRole::kAccess;
  settings[1].name = "core";
  settings[1].interface = arguments.core;
  settings[1].role = dataplane::PortRole::kCore;
  settings[0].driver = settings[1].driver = arguments.driver;
  host.ports = take(app::open_host_ports(settings, 1));
  const std::array local{wire::Ipv4Prefix{.address = arguments.local, .length = 32}};
  host.maps = take(app::XdpMaps::fill(host.ports, local,
                                      app::prefixes_of_range(arguments.pool_first, arguments.pool_last),
                                      std::array{arguments.pool6}));
  const std::array ports{host.ports[0].port, host.ports[1].port};
  host.routes = take(app::KernelRoutes::open(ports, [&host](auto next) { host.hops = std::move(next); }));
}

}  // namespace

int main(int, char** argv) {
  const Arguments arguments = parse(argv);
  app::EalOptions options;
  options.workers = 1;
  options.memory_mb = 256;
  options.file_prefix = "adit-port-probe";  // one directory however often the test kills us
  options.user_args = {"--no-huge", "--no-shconf", "--no-telemetry", "-m", "256"};
  const auto eal = app::start_eal(options);
  if (!eal) {
    fail(eal.error());
  }
  Host host;
  open_host(arguments, host);
  for (const auto& open : host.ports) {
    if (!open.note.empty()) {
      std::printf("note %s\n", open.note.c_str());
    }
    std::printf("port %s %s %u\n", open.name.c_str(),
                open.driver == dataplane::PortDriver::kAfXdp ? "af_xdp" : "af_packet", open.rx_queues);
  }
  std::puts("ready");
  std::fflush(stdout);
  while (obey(host)) {
    host.routes->on_readable();
    for (const auto& open : host.ports) {
      for (std::uint16_t queue = 0; queue < open.rx_queues; ++queue) {
        echo(open, queue);
      }
    }
    std::fflush(stdout);
  }
  dataplane::close_ports(host.ports);
  app::stop_eal();
  std::puts("closed");
}
