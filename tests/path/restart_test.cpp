// SPDX-License-Identifier: Apache-2.0
// A restart and what is told of it, on a memif client, which does not start where nobody listens.
// Under traffic, and with the kernel's drivers: tests/system/restart_test.py.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "app/host/port_supervisor.hpp"
#include "dataplane/ports/ports.hpp"

namespace adit::dataplane {
namespace {

using app::PortSupervisor;
using std::chrono::milliseconds;

constexpr int kTries = 5;

class Restart : public testing::Test {
 protected:
  void SetUp() override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::listen(listener_.get(), 64), 0);
    auto opened = open_ports(
        std::vector{
            port("other", "net_null0", PortRole::kAccess),
            port("client", "net_memif0,role=client,socket-abstract=no,socket=" + socket_, PortRole::kCore)},
        {});
    ASSERT_TRUE(opened) << opened.error();
    ports_ = std::move(*opened);
    supervisor_.emplace(ports_, [] { return std::vector<std::uint64_t>{}; });
  }
  void TearDown() override {
    close_ports(ports_);
    std::filesystem::remove(socket_);
  }

  static PortSettings port(const std::string& name, const std::string& device, PortRole role) {
    PortSettings settings;
    settings.name = name;
    settings.driver = PortDriver::kDpdk;
    settings.device = device;
    settings.role = role;
    return settings;
  }
  /// Then the client's connect() fails.
  void hide_socket() { std::filesystem::rename(socket_, socket_ + ".hidden"); }
  void show_socket() { std::filesystem::rename(socket_ + ".hidden", socket_); }

  void begin() {
    const auto begun = supervisor_->begin_restart("client", [this](const auto& result) { told_ = result; });
    ASSERT_TRUE(begun) << begun.error();
  }
  [[nodiscard]] bool paused() const { return (supervisor_->paused() & 1U << ports_[1].port.id) != 0; }

  const UniqueFd listener_{::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)};
  const std::string socket_ = "/tmp/adit-restart-" + std::to_string(::getpid()) + ".sock";
  std::vector<OpenPort> ports_;
  std::optional<PortSupervisor> supervisor_;
  std::optional<std::expected<void, std::string>> told_;
};

TEST_F(Restart, WhoAskedIsToldOnceItIsDone) {
  begin();
  EXPECT_FALSE(told_);
  EXPECT_TRUE(paused());
  const auto done = supervisor_->finish_restart();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->what, "port_restarted");
  ASSERT_TRUE(told_);
  EXPECT_TRUE(*told_);
  EXPECT_FALSE(paused());
  EXPECT_EQ(supervisor_->state(1).restarts, 1U);
}

TEST_F(Restart, ADeviceThatDoesNotStartIsTriedAgainAFewTimesAndThenTold) {
  hide_socket();
  begin();
  EXPECT_EQ(supervisor_->wait(), milliseconds{1}) << "for the workers";
  for (int tries = 1; tries < kTries; ++tries) {
    EXPECT_FALSE(supervisor_->finish_restart());
    EXPECT_GE(supervisor_->wait(), milliseconds{100}) << "for the device";
    EXPECT_FALSE(told_);
  }
  const auto done = supervisor_->finish_restart();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->what, "port_restart_failed");
  ASSERT_TRUE(told_);
  ASSERT_FALSE(*told_);
  EXPECT_TRUE(told_->error().starts_with("start: ")) << told_->error();
  EXPECT_EQ(done->error, told_->error());
  EXPECT_FALSE(ports_[1].device->running());
  EXPECT_TRUE(paused()) << "workers may not poll a stopped device";
  EXPECT_EQ(supervisor_->state(1).restarts, 0U);
  show_socket();
}

TEST_F(Restart, ADeviceThatStartsInTheEndHasRestarted) {
  hide_socket();
  begin();
  EXPECT_FALSE(supervisor_->finish_restart());
  show_socket();
  const auto done = supervisor_->finish_restart();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->what, "port_restarted") << done->error;
  EXPECT_TRUE(told_ && *told_);
  EXPECT_FALSE(paused());
}

TEST_F(Restart, AfterAFailureTheNextOneMayWork) {
  hide_socket();
  begin();
  while (!supervisor_->finish_restart()) {
  }
  ASSERT_TRUE(told_);
  ASSERT_FALSE(*told_);
  show_socket();
  begin();
  ASSERT_TRUE(supervisor_->finish_restart());
  EXPECT_TRUE(*told_);
  EXPECT_TRUE(ports_[1].device->running());
  EXPECT_FALSE(paused());
}

TEST_F(Restart, WhereNobodyWaitsADeviceIsTriedUntilItStarts) {
  hide_socket();
  ASSERT_TRUE(supervisor_->begin_restart("client"));  // as a driver asks for it
  const auto failed = supervisor_->finish_restart();
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->what, "port_restart_failed");
  EXPECT_FALSE(supervisor_->restarting()) << "meanwhile an operator may restart another";
  for (int second = 0; second < 10 * kTries; ++second) {
    EXPECT_TRUE(supervisor_->check().empty());
    ASSERT_TRUE(supervisor_->restarting());
    EXPECT_FALSE(supervisor_->finish_restart()) << "told once";
    EXPECT_FALSE(supervisor_->restarting());
    EXPECT_TRUE(paused());
  }
  show_socket();
  static_cast<void>(supervisor_->check());
  const auto done = supervisor_->finish_restart();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->what, "port_restarted") << done->error;
  EXPECT_FALSE(paused());
  static_cast<void>(supervisor_->check());
  EXPECT_FALSE(supervisor_->restarting());
}

TEST_F(Restart, ADeviceOfWhichAnOperatorWasToldIsTriedOn) {
  hide_socket();
  begin();
  while (!supervisor_->finish_restart()) {
  }
  ASSERT_TRUE(told_ && !*told_);
  show_socket();
  static_cast<void>(supervisor_->check());
  const auto done = supervisor_->finish_restart();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->what, "port_restarted") << done->error;
}

TEST_F(Restart, AnInterfaceThatIsGoneIsRefusedAndItsDeviceIsNotTouched) {
  ports_[1].device_ifindex = std::numeric_limits<int>::max();
  begin();
  const auto done = supervisor_->finish_restart();
  ASSERT_TRUE(done) << "trying again would not help";
  EXPECT_EQ(done->what, "port_restart_failed");
  EXPECT_NE(done->error.find("is gone"), std::string::npos) << done->error;
  EXPECT_TRUE(told_ && !*told_);
  EXPECT_TRUE(ports_[1].device->running());
  EXPECT_FALSE(paused());
}

TEST_F(Restart, StopsInEveryState) {
  hide_socket();
  begin();
  EXPECT_FALSE(supervisor_->finish_restart());
  show_socket();
  close_ports(ports_);  // the one is stopped, the other runs
}

TEST_F(Restart, OneAtATimeAndOfPortsThatAreThere) {
  EXPECT_EQ(supervisor_->begin_restart("nosuch").error(), "no such port; adit show ports lists them");
  begin();
  EXPECT_EQ(supervisor_->begin_restart("other").error(), "port 'client' is being restarted");
  EXPECT_TRUE(supervisor_->finish_restart());
}

}  // namespace
}  // namespace adit::dataplane
