// SPDX-License-Identifier: Apache-2.0
// adit-blast's memif client and its server in one process: the server's port restarts, goes and comes back.
#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "app/adit-blast/traffic/memif_reconnect.hpp"

namespace adit::app::blast {
namespace {

using dataplane::OpenPort;
using dataplane::PortSettings;
using namespace std::chrono_literals;

class Memif : public testing::Test {
 protected:
  void SetUp() override {
    auto opened =
        dataplane::open_ports(std::vector{settings("server", devices_[0], dataplane::PortRole::kAccess),
                                          settings("client", devices_[1], dataplane::PortRole::kCore)},
                              {});
    ASSERT_TRUE(opened) << opened.error();
    ports_ = std::move(*opened);
    supervisor_.emplace(ports_, [] { return std::vector<std::uint64_t>{}; });
    reconnect_.emplace(*supervisor_, ports_, devices_);
    ASSERT_TRUE(becomes(true, [] {}));
  }
  void TearDown() override {
    dataplane::close_ports(ports_);
    std::filesystem::remove(socket_);
  }

  static PortSettings settings(const char* name, const std::string& device, dataplane::PortRole role) {
    PortSettings port;
    port.name = name;
    port.driver = dataplane::PortDriver::kDpdk;
    port.device = device;
    port.role = role;
    return port;
  }
  [[nodiscard]] dataplane::Device& server() { return *ports_[0].device; }
  [[nodiscard]] const dataplane::Device& client() const { return *ports_[1].device; }

  /// The handshake is between two of the drivers' own threads.
  [[nodiscard]] bool becomes(bool up, const std::function<void()>& meanwhile) const {
    for (int tries = 0; tries < 500; ++tries) {
      if (client().link().up == up) {
        return true;
      }
      meanwhile();
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  /// A second of the loop each time, and some of ours for the handshake.
  [[nodiscard]] bool is_reconnected() {
    return becomes(true, [this] {
      reconnect_->turn(now_ += 1s);
      std::this_thread::sleep_for(100ms);
    });
  }

  const std::string socket_ = "/tmp/adit-memif-" + std::to_string(::getpid()) + ".sock";
  const std::vector<std::string> devices_{"net_memif8,role=server,id=7,socket-abstract=no,socket=" + socket_,
                                          "net_memif9,role=client,id=7,socket-abstract=no,socket=" + socket_};
  std::vector<OpenPort> ports_;
  std::optional<PortSupervisor> supervisor_;
  std::optional<MemifReconnect> reconnect_;
  MemifReconnect::Clock::time_point now_ = MemifReconnect::Clock::now() + 1h;
};

TEST_F(Memif, IsLeftAloneWhileItIsConnected) {
  for (int turns = 0; turns < 5; ++turns) {
    reconnect_->turn(now_ += 1s);
  }
  EXPECT_FALSE(supervisor_->restarting());
  EXPECT_EQ(supervisor_->state(1).restarts, 0U);
}

TEST_F(Memif, ConnectsAgainAfterItsServersPortHasRestarted) {
  for (unsigned times = 1; times <= 3; ++times) {
    ASSERT_TRUE(server().restart());
    ASSERT_TRUE(becomes(false, [] {}));
    std::this_thread::sleep_for(50ms);
    EXPECT_FALSE(client().link().up) << "the driver does not do it by itself";
    EXPECT_TRUE(is_reconnected());
    EXPECT_GE(supervisor_->state(1).restarts, times);
    EXPECT_EQ(supervisor_->paused(), 0U);
  }
}

TEST_F(Memif, TriesUntilTheServerIsBack) {
  std::filesystem::rename(socket_, socket_ + ".hidden");
  ASSERT_TRUE(server().restart());
  ASSERT_TRUE(becomes(false, [] {}));
  for (int turns = 0; turns < 20; ++turns) {
    reconnect_->turn(now_ += 1s);
  }
  EXPECT_FALSE(client().running());
  EXPECT_NE(supervisor_->paused(), 0U) << "the worker may not poll a stopped device";
  std::filesystem::rename(socket_ + ".hidden", socket_);
  EXPECT_TRUE(is_reconnected());
  EXPECT_EQ(supervisor_->paused(), 0U);
}

TEST_F(Memif, AServerIsNotAClient) {
  const std::vector<std::string> devices{devices_[0], "net_null0"};
  MemifReconnect nothing(*supervisor_, ports_, devices);
  ASSERT_EQ(rte_eth_dev_stop(ports_[1].port.id), 0);
  for (int turns = 0; turns < 5; ++turns) {
    nothing.turn(now_ += 1s);
  }
  EXPECT_FALSE(supervisor_->restarting());
  EXPECT_EQ(supervisor_->state(0).restarts, 0U) << "its link is down, but that is its client's affair";
}

}  // namespace
}  // namespace adit::app::blast
