// SPDX-License-Identifier: Apache-2.0
// Opens ports as aditd does, fills the XDP maps, prints a line for every packet that reaches DPDK and sends the packet
// back with its Ethernet addresses swapped. Driven by ports_test.py; ends when its standard input does.
//   port_probe [-d auto|af_xdp|af_packet] -a ACCESS_IF -c CORE_IF -l LOCAL_ADDRESS -p POOL_FIRST POOL_LAST
// Lines: "note TEXT", "port NAME DRIVER", "ready", "rx NAME DESTINATION PROTOCOL OCTETS", "closed".
// Commands on standard input: "add ADDRESS", "remove ADDRESS" (a subscriber outside the pool); answered by "ok".
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
#include <vector>

#include "app/aditd/eal.hpp"
#include "app/aditd/xdp_maps.hpp"
#include "dataplane/ports.hpp"

namespace {

using namespace adit;

struct Arguments {
  dataplane::PortDriver driver = dataplane::PortDriver::kAfXdp;
  std::string access, core;
  wire::Ipv4Address local, pool_first, pool_last;
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
    }
  }
  return parsed;
}

void echo(const dataplane::OpenPort& open) {
  std::array<rte_mbuf*, 32> burst{};
  const std::uint16_t count = rte_eth_rx_burst(open.port.id, 0, burst.data(), burst.size());
  for (std::uint16_t i = 0; i < count; ++i) {
    auto* ethernet = rte_pktmbuf_mtod(burst[i], rte_ether_hdr*);
    const auto* ip = rte_pktmbuf_mtod_offset(burst[i], rte_ipv4_hdr*, sizeof *ethernet);
    if (ethernet->ether_type == rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4)) {
      std::printf("rx %s %s %u %u\n", open.name.c_str(),
                  to_string(wire::Ipv4Address(rte_be_to_cpu_32(ip->dst_addr))).c_str(), ip->next_proto_id,
                  burst[i]->pkt_len);
    }
    std::swap(ethernet->src_addr, ethernet->dst_addr);
  }
  const std::uint16_t sent = open.driver == dataplane::PortDriver::kAfPacket
                                 ? std::uint16_t{0}
                                 : rte_eth_tx_burst(open.port.id, 0, burst.data(), count);
  for (std::uint16_t i = sent; i < count; ++i) {
    rte_pktmbuf_free(burst[i]);
  }
  std::fflush(stdout);
}

/// False: standard input ended.
bool obey(app::XdpMaps& maps) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  if (::poll(&input, 1, 1) <= 0) {
    return true;
  }
  std::string verb, address;
  if (!(std::cin >> verb >> address)) {
    return false;
  }
  if (verb == "add") {
    std::puts(maps.add_subscriber(address_of(address.c_str())) ? "ok" : "refused");
  } else {
    maps.remove_subscriber(address_of(address.c_str()));
    std::puts("ok");
  }
  std::fflush(stdout);
  return true;
}

}  // namespace

int main(int, char** argv) {
  const Arguments arguments = parse(argv);
  app::EalOptions options;
  options.workers = 1;
  options.memory_mb = 256;
  options.user_args = {"--no-huge", "--no-shconf", "--no-telemetry", "-m", "256"};
  const auto eal = app::start_eal(options);
  if (!eal) {
    fail(eal.error());
  }
  const std::string from_environment = std::getenv("ADIT_XDP_PROGRAM") ? std::getenv("ADIT_XDP_PROGRAM") : "";
  const auto program = app::find_xdp_program(from_environment);
  if (!program) {
    fail(program.error());
  }
  std::vector<dataplane::PortSettings> settings(2);
  settings[0].name = "access";
  settings[0].interface = arguments.access;
  settings[0].role = dataplane::PortRole::kAccess;
  settings[1].name = "core";
  settings[1].interface = arguments.core;
  settings[1].role = dataplane::PortRole::kCore;
  settings[0].driver = settings[1].driver = arguments.driver;
  auto ports = dataplane::open_ports(settings, 1, *program);
  if (!ports) {
    fail(ports.error());
  }
  const std::array local{arguments.local};
  const auto pools = app::prefixes_of_range(arguments.pool_first, arguments.pool_last);
  auto maps = app::XdpMaps::fill(*ports, local, pools);
  if (!maps) {
    fail(maps.error());
  }
  for (const auto& open : *ports) {
    if (!open.note.empty()) {
      std::printf("note %s\n", open.note.c_str());
    }
    std::printf("port %s %s\n", open.name.c_str(),
                open.driver == dataplane::PortDriver::kAfXdp ? "af_xdp" : "af_packet");
  }
  std::puts("ready");
  std::fflush(stdout);
  while (obey(*maps)) {
    for (const auto& open : *ports) {
      echo(open);
    }
  }
  dataplane::close_ports(*ports);
  app::stop_eal();
  std::puts("closed");
}
