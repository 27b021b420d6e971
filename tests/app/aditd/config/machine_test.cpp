// SPDX-License-Identifier: Apache-2.0
// A configuration against a machine that exists only in the test: what --check warns of, the start and reload refuse.
#include "app/aditd/config/machine.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/call/mppc_stateful.hpp"
#include "tests/app/aditd/config/config_kit.hpp"

namespace adit::app {
namespace {

using wire::Ipv4Address;
using Lines = std::vector<std::string>;

struct Judged {
  bool starts = true;
  bool error = false;
  Lines lines;
};

Judged judge(const std::string& toml, const MachineFacts& machine, bool must_start,
             const Sheet* runs = nullptr) {
  const ConfigResult read = parse_config(toml, "t.toml");
  EXPECT_TRUE(read.config.has_value()) << test::lines_of(read);
  Problems problems("t.toml");
  Judged judged;
  judged.starts = check_machine(*read.config, read.sheet, {}, machine,
                                {.must_start = must_start, .runs = runs}, problems);
  judged.error = problems.any_error();
  for (const ConfigProblem& problem : problems.take()) {
    judged.lines.push_back(problem.line);
  }
  return judged;
}

/// What is legal here, but unwise: the same words for --check and the start.
Lines warnings(const std::string& more, const MachineFacts& machine) {
  const std::string toml = std::string(test::kGood) + more;
  const Judged checked = judge(toml, machine, false);
  const Judged started = judge(toml, machine, true);
  EXPECT_TRUE(checked.starts && started.starts);
  EXPECT_FALSE(started.error);
  EXPECT_EQ(checked.lines, started.lines);
  return started.lines;
}

/// Why aditd would not start: a warning for --check, which may run elsewhere, in the words of the error.
Lines faults(const std::string& more, const MachineFacts& machine) {
  const std::string toml = std::string(test::kGood) + more;
  const Judged checked = judge(toml, machine, false);
  const Judged started = judge(toml, machine, true);
  EXPECT_FALSE(checked.starts || started.starts);
  EXPECT_FALSE(checked.error);
  EXPECT_TRUE(started.error);
  Lines as_errors = checked.lines;
  for (std::string& line : as_errors) {
    const std::size_t at = line.find(" warning:");
    EXPECT_NE(at, std::string::npos) << line;
    line.erase(at, std::string_view(" warning:").size());
  }
  EXPECT_EQ(as_errors, started.lines);
  return started.lines;
}

MachineFacts with_core0(Ipv4Address address, Ipv4Address network) {
  return {.addresses = {
              {.interface = "core0", .address = address, .network = {.address = network, .length = 24}}}};
}

TEST(Machine, NothingIsSaidOfWhatIsNotKnown) {
  EXPECT_EQ(warnings("[core]\nworkers = 64\n[ppp]\nmru = 1500\n[dpdk]\nhugepages = \"require\"\n", {}),
            Lines{});
}

TEST(Machine, APoolThatHoldsAnOwnAddress) {
  EXPECT_EQ(
      warnings("", with_core0(Ipv4Address(10, 64, 7, 1), Ipv4Address(10, 64, 7, 0))),
      Lines{"t.toml:13:10: warning: ip-pool.ranges: value \"10.64.0.2-10.64.255.254\": holds 10.64.7.1, the "
            "address of core0; it is never given out; leave it out of the range"});
}

TEST(Machine, APoolInANetworkOfTheMachines) {
  EXPECT_EQ(
      warnings("", with_core0(Ipv4Address(10, 64, 0, 1), Ipv4Address(10, 64, 0, 0))),
      Lines{"t.toml:13:10: warning: ip-pool.ranges: value \"10.64.0.2-10.64.255.254\": shares addresses with "
            "10.64.0.0/24, the network of core0; hosts there reach subscribers only by proxy ARP; give "
            "subscribers a network of their own"});
}

TEST(Machine, APoolOfItsOwn) {
  EXPECT_EQ(warnings("", with_core0(Ipv4Address(10, 65, 0, 1), Ipv4Address(10, 65, 0, 0))), Lines{});
}

template <typename Address>
void expect_hosts() {
  for (const auto& own : interface_addresses<Address>()) {
    EXPECT_TRUE(wire::is_host(own.address)) << own.interface;
    EXPECT_TRUE(own.network.contains(own.address)) << own.interface;
  }
}

TEST(Machine, AddressesOfThisOneAreHosts) {
  expect_hosts<Ipv4Address>();
  expect_hosts<wire::Ipv6Address>();
}

MachineFacts with_core0(std::string_view address, std::string_view network) {
  return {.addresses6 = {{.interface = "core0",
                          .address = wire::parse_ipv6_address(address).value(),
                          .network = wire::parse_ipv6_prefix(network).value()}}};
}

constexpr std::string_view kPool6 = "[[ipv6-pool]]\nprefix = \"2001:db8:64::/48\"\n";

TEST(Machine, AnIpv6PoolThatHoldsAnOwnAddress) {
  EXPECT_EQ(
      warnings(std::string(kPool6), with_core0("2001:db8:64:7::1", "2001:db8:64:7::/64")),
      Lines{"t.toml:15:10: warning: ipv6-pool.prefix: value \"2001:db8:64::/48\": holds "
            "2001:db8:64:7::1, the address of core0; the /64 that it is in is never given out; leave it "
            "out of the prefix"});
}

TEST(Machine, AnIpv6PoolInANetworkOfTheMachines) {
  EXPECT_EQ(
      warnings(std::string(kPool6), with_core0("2001:db8::1", "2001:db8::/32")),
      Lines{"t.toml:15:10: warning: ipv6-pool.prefix: value \"2001:db8:64::/48\": shares addresses with "
            "2001:db8::/32, the network of core0; hosts there reach subscribers only by a route or proxy "
            "NDP; give subscribers a network of their own"});
}

TEST(Machine, AnIpv6PoolOfItsOwn) {
  EXPECT_EQ(warnings(std::string(kPool6), with_core0("2001:db8:65::1", "2001:db8:65::/64")), Lines{});
  EXPECT_EQ(warnings(std::string(kPool6), with_core0("2001:db8:63:ffff::1", "2001:db8:63:ffff::/64")),
            Lines{});
}

TEST(Machine, WhatWasTriedAndFailedIsToldByTheLineOfItsKey) {
  const MachineFacts machine{.obstacles = {{.section = "port",
                                            .table = "core0",
                                            .key = "interface",
                                            .value = "\"core0\"",
                                            .wrong = "there is no such interface on this machine",
                                            .remedy = "make it"},
                                           {.section = "cli",
                                            .table = "",
                                            .key = "socket",
                                            .value = "\"/x/y\"",
                                            .wrong = "there is no directory /x",
                                            .remedy = "make it"}}};
  EXPECT_EQ(
      faults("", machine),
      (Lines{
          "t.toml:6:13: port.interface: value \"core0\": there is no such interface on this machine; make it",
          "t.toml: cli.socket: value \"/x/y\": there is no directory /x; make it"}))
      << "a default has no line";
}

TEST(Machine, PortsOfASideShareARoutingTable) {
  MachineFacts machine{.ports = {{{.name = "access0", .vrf = "red", .vrf_table = 10}},
                                 {{.name = "core0"}},
                                 {{.name = "access1"}}}};
  constexpr const char* kThird = "[[port]]\ninterface = \"access1\"\n";
  EXPECT_EQ(
      faults(kThird, machine),
      Lines{
          "t.toml: port.table: value 254: port 'access0', which serves the access side too, goes by routing "
          "table 10; put their interfaces into one VRF, or give them the same table"});
  EXPECT_EQ(warnings(std::string(kThird) + "table = 10\n", machine), Lines{});
  machine.ports[2].front().vrf_table = 10;
  EXPECT_EQ(warnings(kThird, machine), Lines{});
}

TEST(Machine, SizesThatFitNoTunnel) {
  const MachineFacts machine{.ports = {{{.name = "access0", .mtu = 1500}}, {{.name = "core0", .mtu = 600}}}};
  EXPECT_EQ(warnings("[ppp]\nmru = 1460\nmtu = 1456\n", machine), Lines{})
      << "20 of IP, 16 of GRE, 4 of PPP; MPPE's 4 are within the MRU and beside the MTU";
  EXPECT_EQ(
      warnings("[ppp]\nmru = 1461\nmtu = 1457\n", machine),
      (Lines{"t.toml:15:7: warning: ppp.mru: value 1461: does not fit a tunnel through access0, whose MTU is "
             "1500; write 1460 or less",
             "t.toml:16:7: warning: ppp.mtu: value 1457: does not fit a tunnel through access0, whose MTU is "
             "1500; write 1456 or less"}));
}

TEST(Machine, MoreWorkersThanCpus) {
  constexpr const char* kMany = "[core]\nworkers = 64\n";
  EXPECT_EQ(warnings(kMany, {.cpus = 2}), Lines{"t.toml:15:11: warning: core.workers: value 64: and the "
                                                "control thread share 2 CPUs; throughput and "
                                                "latency suffer; give more CPUs, or write 0"});
  EXPECT_EQ(warnings(kMany, {.cpus = 65}), Lines{});
  EXPECT_EQ(warnings("", {.cpus = 1}), Lines{}) << "as it comes by default";
}

TEST(Machine, RequiredHugepages) {
  constexpr const char* kRequired = "[dpdk]\nhugepages = \"require\"\n[common]\nmax-sessions = 1024\n";
  EXPECT_EQ(warnings(kRequired, {.cpus = 2, .huge_mb = 449}), Lines{});
  EXPECT_EQ(faults(kRequired, {.cpus = 2, .huge_mb = 448}),
            Lines{"t.toml:15:13: dpdk.hugepages: value \"require\": needs 449 MB, and 448 MB are reserved; "
                  "do: sysctl "
                  "vm.nr_hugepages=225"});
  EXPECT_EQ(warnings("", {.cpus = 2, .huge_mb = 0}), Lines{}) << "\"auto\" is content without";
  EXPECT_EQ(warnings(kRequired, {.cpus = 2, .huge_mb = 1024, .huge_used_mb = 575}), Lines{});
  EXPECT_EQ(
      faults(kRequired, {.cpus = 2, .huge_mb = 1024, .huge_used_mb = 576}),
      Lines{"t.toml:15:13: dpdk.hugepages: value \"require\": needs 449 MB, and 448 MB of those reserved are "
            "free; do: sysctl vm.nr_hugepages=513"});
}

TEST(Machine, MemoryGrowsWithCallsAndWithWorkers) {
  Config config;
  config.data_plane.max_calls = 1 << 20;
  EXPECT_EQ(memory_mb(config, 1), 448U + 1280U);
  EXPECT_EQ(memory_mb(config, 2), 448U + 1280U);
  EXPECT_EQ(memory_mb(config, 64), 448U + 1280U + 62U * (40U + 11U)) << "packet buffers and a mailbox each";
  config.control.ipv6.mode = control::Ipv6Policy::kAllow;
  EXPECT_EQ(memory_mb(config, 1), 448U + 1280U + 128U) << "and what each call has in the index of IPv6";
  config.data_plane.mppc_histories = (256U << 20) / sizeof(dataplane::StatefulMppc);
  EXPECT_GE(memory_mb(config, 1), 448U + 1280U + 128U + 255U) << "and histories of stateful MPPC";
}

std::string text_of(const char* name) {
  const char* root = ::getenv("ADIT_SOURCE_ROOT");
  EXPECT_NE(root, nullptr) << "run it by `meson test`, or set it to the top of the source tree";
  std::ifstream in(std::filesystem::path(root == nullptr ? "." : root) / name);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Whoever reserves what README and the unit say must not be told by the start that it is too little.
TEST(Machine, ReadmeHasTheMemoryOfTheDefaults) {
  const std::string readme = text_of("README.md");
  const unsigned least = memory_mb(Config(), 2);
  const unsigned of_8_cpus = memory_mb(Config(), 7);
  const std::string pages = std::to_string((of_8_cpus + 1) / 2);
  const std::string here =
      std::to_string(least) + " MB on up to 3 CPUs and " + std::to_string(of_8_cpus) + " MB on 8";
  EXPECT_NE(readme.find(here), std::string::npos) << here;
  EXPECT_NE(readme.find("vm.nr_hugepages=" + pages + ' '), std::string::npos) << pages;
  EXPECT_NE(text_of("packaging/adit.service.in").find("isolcpus=1-7 nohz_full=1-7 hugepages=" + pages + '\n'),
            std::string::npos)
      << pages;
}

// ---- a reload

/// Whether a reload of `toml` into an aditd that runs `ran` is refused for what the machine lacks.
bool is_refused(const std::string& ran, const std::string& toml, const MachineFacts& machine) {
  const ConfigResult runs = parse_config(std::string(test::kGood) + ran, "t.toml");
  EXPECT_TRUE(runs.config) << test::lines_of(runs);
  const Judged judged = judge(std::string(test::kGood) + toml, machine, true, &runs.sheet);
  EXPECT_EQ(judged.lines.size(), 1U);
  EXPECT_EQ(judged.error, !judged.starts);
  return judged.error;
}

TEST(MachineOfAReload, WhatTheFileLeavesAsItRunsDoesNotKeepTheRestFromBeingApplied) {
  const MachineFacts gone{.obstacles = {{.section = "cli",
                                         .table = "",
                                         .key = "socket",
                                         .value = "",
                                         .wrong = "is gone",
                                         .remedy = "r",
                                         .depends = {"core.user"}}}};
  EXPECT_FALSE(is_refused("", "", gone));
  EXPECT_FALSE(is_refused("", "[log]\nlevel = \"debug\"\n", gone)) << "another key";
  EXPECT_TRUE(is_refused("", "[cli]\nsocket = \"/run/other\"\n", gone));
  EXPECT_TRUE(is_refused("", "[core]\nuser = \"other\"\n", gone)) << "who may not write there";
}

TEST(MachineOfAReload, WhatAReloadAppliesIsRefused) {
  const MachineFacts unreachable{.obstacles = {{.section = "radius-server",
                                                .table = "aaa",
                                                .key = "address",
                                                .value = "",
                                                .wrong = "no route",
                                                .remedy = "r"}}};
  const std::string server = "[[radius-server]]\nname = \"aaa\"\naddress = \"192.0.2.9\"\nsecret = \"x\"\n";
  EXPECT_TRUE(is_refused(server, server, unreachable));
}

TEST(MachineOfAReload, MoreSessionsThanHugepagesHoldAreRefused) {
  const std::string require = "[dpdk]\nhugepages = \"require\"\n[common]\nmax-sessions = ";
  const MachineFacts small{.cpus = 2, .huge_mb = 300};
  EXPECT_FALSE(is_refused(require + "1024\n", require + "1024\n", small));
  EXPECT_TRUE(is_refused(require + "1024\n", require + "2048\n", small));
}

}  // namespace
}  // namespace adit::app
