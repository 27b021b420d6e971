// SPDX-License-Identifier: Apache-2.0
// Pools that share addresses with the machine: what --check and the start say.
#include "app/aditd/config/own_networks.hpp"

#include <gtest/gtest.h>

namespace adit::app {
namespace {

using wire::Ipv4Address;

std::vector<std::string> warnings(Ipv4Address first, Ipv4Address last) {
  Config config;
  config.control.ip.pools.push_back({.name = "default", .ranges = {{first, last}}});
  const std::vector<InterfaceAddress> own{
      {.interface = "core0",
       .address = Ipv4Address(198, 51, 100, 1),
       .network = {.address = Ipv4Address(198, 51, 100, 0), .length = 24}}};
  Problems problems("adit.toml");
  check_own_networks(config, own, problems);
  EXPECT_FALSE(problems.any_error()) << "it works, by the longest prefix";
  std::vector<std::string> lines;
  for (const ConfigProblem& problem : problems.take()) {
    lines.push_back(problem.line);
  }
  return lines;
}

TEST(OwnNetworks, APoolThatHoldsAnOwnAddress) {
  EXPECT_EQ(warnings(Ipv4Address(198, 51, 100, 1), Ipv4Address(198, 51, 100, 254)),
            std::vector<std::string>{"adit.toml: warning: ip-pool.ranges: value "
                                     "\"198.51.100.1-198.51.100.254\": holds 198.51.100.1, the "
                                     "address of core0; it is never given out; leave it out of the range"});
}

TEST(OwnNetworks, APoolInANetworkOfTheMachines) {
  EXPECT_EQ(
      warnings(Ipv4Address(198, 51, 100, 100), Ipv4Address(198, 51, 100, 200)),
      std::vector<std::string>{
          "adit.toml: warning: ip-pool.ranges: value \"198.51.100.100-198.51.100.200\": shares addresses "
          "with "
          "198.51.100.0/24, the network of core0; hosts there reach subscribers only by proxy ARP; give "
          "subscribers a network of their own"});
}

TEST(OwnNetworks, APoolOfItsOwn) {
  EXPECT_TRUE(warnings(Ipv4Address(198, 51, 101, 0), Ipv4Address(198, 51, 101, 255)).empty());
  EXPECT_TRUE(warnings(Ipv4Address(198, 51, 99, 0), Ipv4Address(198, 51, 99, 255)).empty());
}

TEST(OwnNetworks, ThoseOfThisMachineAreHostAddresses) {
  for (const InterfaceAddress& own : interface_addresses()) {
    EXPECT_TRUE(wire::is_host(own.address)) << own.interface;
    EXPECT_TRUE(own.network.contains(own.address)) << own.interface;
  }
}

}  // namespace
}  // namespace adit::app
