// SPDX-License-Identifier: Apache-2.0
// Ports on DPDK's virtual devices, which need neither root nor hugepages. Kernel interfaces: tests/system.
#include "dataplane/ports/ports.hpp"

#include <gtest/gtest.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace adit::dataplane {
namespace {

PortSettings device(const std::string& name, const std::string& arguments,
                    PortRole role = PortRole::kAccess) {
  PortSettings settings;
  settings.name = name;
  settings.driver = PortDriver::kDpdk;
  settings.device = arguments;
  settings.role = role;
  return settings;
}

class Ports : public testing::Test {
 protected:
  void TearDown() override {
    close_ports(open_);
    EXPECT_EQ(rte_eth_dev_count_avail(), 1) << "net_null7 of EAL's own arguments stays";
    EXPECT_EQ(rte_mempool_lookup("adit_packets_0"), nullptr);
  }
  void open(const std::vector<PortSettings>& settings, unsigned workers,
            std::vector<InterfaceStack> interfaces = {}) {
    auto opened = open_ports(settings, {.workers = workers, .interfaces = std::move(interfaces)});
    ASSERT_TRUE(opened) << opened.error();
    open_ = std::move(*opened);
  }
  std::vector<OpenPort> open_;
};

TEST_F(Ports, DeviceByNameWithAQueuePerWorker) {
  open({device("edge", "net_null0,size=64", PortRole::kBoth)}, 3);
  ASSERT_EQ(open_.size(), 1U);
  EXPECT_EQ(open_[0].name, "edge");
  EXPECT_EQ(open_[0].driver, PortDriver::kDpdk);
  EXPECT_EQ(open_[0].port.role, PortRole::kBoth);
  EXPECT_EQ(open_[0].rx_queues, 3);
  EXPECT_EQ(open_[0].tx_queues, 3);
  EXPECT_EQ(open_[0].port.mtu, 1500);
  EXPECT_EQ(open_[0].port.ifindex, 0U);
  EXPECT_FALSE(open_[0].port.needs_mac_filter);
  EXPECT_TRUE(open_[0].note.empty());
  EXPECT_TRUE(open_[0].device->link().up);
}

TEST_F(Ports, SaysHowItChoosesAQueue) {
  open({device("access", "net_null0")}, 2);
  const RssHash& rss = open_[0].steering.rss;
  ASSERT_EQ(open_[0].steering.by, SteeringBy::kAddresses);
  EXPECT_EQ(rss.key.size(), 40U);
  EXPECT_EQ(rss.reta.size(), 128U);
  for (std::uint32_t n = 0; n < 1000; ++n) {
    EXPECT_LT(rss.queue_of(wire::Ipv4Address(n * 0x01030507), wire::Ipv4Address(192, 0, 2, 1)), 2);
  }
  EXPECT_TRUE(open_[0].steering.rules.empty()) << "net_null takes no flow rules, and says so";
}

TEST_F(Ports, OneQueueLeavesNothingToSteer) {
  open({device("one", "net_null0")}, 1);
  EXPECT_EQ(open_[0].steering.by, SteeringBy::kOneQueue);
}

TEST_F(Ports, PacketsComeFromTheSharedPoolAndGoBack) {
  open({device("a", "net_null0"), device("b", "net_null1", PortRole::kCore)}, 1);
  ASSERT_EQ(open_[0].pool, open_[1].pool);
  const unsigned before = rte_mempool_avail_count(open_[0].pool);
  std::array<rte_mbuf*, 8> burst{};
  ASSERT_EQ(rte_eth_rx_burst(open_[0].port.id, 0, burst.data(), burst.size()), burst.size());
  EXPECT_EQ(burst[0]->pool, open_[0].pool);
  EXPECT_EQ(rte_eth_tx_burst(open_[1].port.id, 0, burst.data(), burst.size()), burst.size());
  EXPECT_EQ(rte_mempool_avail_count(open_[0].pool), before);
  const auto counters = port_counters(open_[0]);
  EXPECT_NE(std::ranges::find(counters, std::pair<std::string, std::uint64_t>("rx_good_packets", 8)),
            counters.end());
}

TEST_F(Ports, VlansShareADevice) {
  auto access = device("a", "net_null0");
  access.vlan = {.outer = 100};
  auto core = device("b", "net_null0", PortRole::kCore);
  core.vlan = {.outer = 200};
  open({access, core}, 1);
  EXPECT_EQ(open_[0].port.id, open_[1].port.id);
  EXPECT_EQ(open_[0].device, open_[1].device);
  EXPECT_EQ(open_[0].rx_queues, 1);
  EXPECT_EQ(open_[1].rx_queues, 0) << "the first brings the frames of both";
  EXPECT_EQ(open_[1].port.vlan.outer, 200);
  EXPECT_EQ(open_[1].port.role, PortRole::kCore);
  EXPECT_TRUE(open_[0].port.punts) << "no kernel interface leads here";
}

TEST_F(Ports, RestartedDeviceReceivesAgain) {
  open({device("a", "net_null0"), device("b", "net_null1", PortRole::kCore)}, 1);
  const auto restarted = restart_device(open_, open_[0].port.id, 1);
  ASSERT_TRUE(restarted) << restarted.error();
  std::array<rte_mbuf*, 8> burst{};
  ASSERT_EQ(rte_eth_rx_burst(open_[0].port.id, 0, burst.data(), burst.size()), burst.size());
  rte_pktmbuf_free_bulk(burst.data(), burst.size());
  EXPECT_FALSE(open_[0].device->wants_restart());
}

TEST_F(Ports, IsolationIsRefusedWhereTheDriverHasNone) {
  auto isolated = device("a", "net_null0");
  isolated.isolate = true;
  const auto opened = open_ports(std::vector{isolated}, {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("remove isolate"), std::string::npos) << opened.error();
}

TEST_F(Ports, FewerQueuesThanWorkersWhenAsked) {
  auto settings = device("a", "net_null0");
  settings.queues = 1;
  open({settings}, 2);
  EXPECT_EQ(open_[0].rx_queues, 1);
  EXPECT_EQ(open_[0].tx_queues, 2)
      << "every worker transmits on a queue of its own where the device has them";
}

TEST_F(Ports, DeviceOfEalsOwnArgumentsIsTaken) {
  const auto opened = open_ports(std::vector{device("a", "net_null7")}, {});
  ASSERT_TRUE(opened) << opened.error();
  EXPECT_EQ((*opened)[0].name, "a");
  // Closing would remove the device for the other tests.
  rte_eth_dev_stop((*opened)[0].port.id);
  rte_mempool_free((*opened)[0].pool);
}

TEST_F(Ports, FailureClosesWhatWasOpenAndNamesThePort) {
  const auto opened =
      open_ports(std::vector{device("good", "net_null0"), device("bad", "net_nonesuch0,x=1")}, {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().find("'bad'"), std::string::npos) << opened.error();
  EXPECT_NE(opened.error().find("net_nonesuch0"), std::string::npos) << opened.error();
}

TEST_F(Ports, InterfaceMustHaveBeenRead) {
  PortSettings settings;
  settings.name = "wan";
  for (const std::string interface : {"nonesuch0", "longer-than-a-name-may-be"}) {
    settings.interface = interface;
    const auto opened = open_ports(std::vector{settings}, {});
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().find("'wan'"), std::string::npos) << opened.error();
    EXPECT_NE(opened.error().find(interface), std::string::npos) << opened.error();
  }
}

TEST_F(Ports, AnotherMtuThanTheDevicesIsTheInterfaces) {
  auto settings = device("a", "net_null0");
  settings.interface = "lo";
  open({settings}, 1, {{{.name = "lo", .ifindex = 1, .mtu = 65535}}});
  EXPECT_EQ(open_[0].port.ifindex, 1U) << "routes through lo lead here";
}

}  // namespace
}  // namespace adit::dataplane

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const std::string prefix = "--file-prefix=adit-ports-test-" + std::to_string(getpid());
  std::vector<std::string> texts = {"ports_test",
                                    "--no-huge",
                                    "-m",
                                    "256",
                                    "--no-pci",
                                    "--no-shconf",
                                    "--no-telemetry",
                                    "-l",
                                    "0",
                                    "--vdev=net_null7",
                                    prefix,
                                    "--log-level=*:emergency"};
  std::vector<char*> arguments;
  for (std::string& text : texts) {
    arguments.push_back(text.data());
  }
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0) {
    return 1;
  }
  const int result = RUN_ALL_TESTS();
  rte_eal_cleanup();
  return result;
}
