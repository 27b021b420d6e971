// SPDX-License-Identifier: Apache-2.0
// Two real workers with traffic, while control publishes a snapshot of routes every millisecond and restarts
// a device every ten. scripts/test runs it for a second each under AddressSanitizer, which sees a snapshot used
// after it was freed, and under ThreadSanitizer; scripts/stress for longer (ADIT_STRESS_SECONDS).
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_log.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "app/host/port_supervisor.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

using std::chrono::steady_clock;

constexpr std::uint16_t kWorkers = 2;
constexpr std::uint16_t kCalls = 8;
constexpr unsigned kPublishesPerRestart = 10;
constexpr unsigned kFramesWaiting = 256;  // in a port's ring at most: workers may be descheduled for long

std::chrono::seconds duration() {
  const char* seconds = std::getenv("ADIT_STRESS_SECONDS");
  return std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 1);
}

wire::Ipv4Address subscriber(std::uint16_t number) {
  return wire::Ipv4Address(kSubscriber.value + number);
}

/// The World's ring ports as devices that can be restarted.
void take_over(std::span<OpenPort> ports) {
  for (const Side side : {kAccessSide, kCoreSide}) {
    const std::string name = side == kAccessSide ? "access" : "core";
    OpenPort& open = ports[side];
    open.name = name;
    open.port.id = Bench::instance().ports[side];
    ASSERT_EQ(rte_eth_dev_stop(open.port.id), 0);
    auto device = Device::open(
        {.arguments = "net_ring_" + name, .rx_queues = Bench::kQueues, .tx_queues = Bench::kQueues}, 1023);
    ASSERT_TRUE(device) << device.error();
    ASSERT_EQ(device->id(), open.port.id);
    open.owned = std::make_unique<Device>(std::move(*device));
    open.device = open.owned.get();
  }
}

/// DPDK replaces a stopped device's functions by ones that log an error.
class DpdkLog {
 public:
  DpdkLog() { rte_openlog_stream(stream_); }
  ~DpdkLog() {
    rte_openlog_stream(nullptr);
    std::fclose(stream_);
    std::free(text_);
  }
  DpdkLog(const DpdkLog&) = delete;
  DpdkLog& operator=(const DpdkLog&) = delete;
  [[nodiscard]] std::string text() const {
    std::fflush(stream_);
    return {text_, size_};
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  FILE* stream_ = open_memstream(&text_, &size_);
};

/// Both ways, at the right worker and at the wrong one.
void feed(World& world, std::vector<Peer>& peers) {
  const Bench& bench = Bench::instance();
  for (std::uint16_t queue = 0; queue < kWorkers; ++queue) {
    if (rte_ring_count(bench.receive[kAccessSide][queue]) > kFramesWaiting ||
        rte_ring_count(bench.receive[kCoreSide][queue]) > kFramesWaiting) {
      continue;
    }
    for (std::uint16_t number = 0; number < kCalls; ++number) {
      world.arrive(kAccessSide, peers[number].clear(inner_packet(subscriber(number), kHost)), queue);
      world.arrive(kCoreSide, core_frame(inner_packet(kHost, subscriber(number))), queue);
    }
  }
}

/// Control's thread: returns how often each port was restarted.
unsigned disturb(World& world, std::vector<Peer>& peers, app::PortSupervisor& supervisor) {
  unsigned restarts = 0;
  unsigned publishes = 0;
  const auto end = steady_clock::now() + duration();
  for (auto next = steady_clock::now(); next < end || supervisor.restarting();
       next += std::chrono::milliseconds{1}) {
    std::this_thread::sleep_until(next);
    world.publish_again();
    feed(world, peers);
    for (const Side side : {kAccessSide, kCoreSide}) {
      world.sent(side);
    }
    if (++publishes % kPublishesPerRestart == 0 && !supervisor.restarting()) {
      EXPECT_TRUE(supervisor.begin_restart(restarts % 2 == 0 ? "access" : "core"));
    }
    if (const auto done = supervisor.finish_restart()) {
      EXPECT_EQ(done->what, "port_restarted") << done->error;
      ++restarts;
    }
  }
  return restarts;
}

TEST(Grace, NoSnapshotAndNoDeviceIsTakenFromUnderAWorker) {
  std::vector<OpenPort> ports(2);
  ASSERT_NO_FATAL_FAILURE(take_over(ports));
  World* running = nullptr;
  app::PortSupervisor supervisor(ports, [&] { return running->iterations(); });
  World world({.workers = kWorkers, .paused_ports = &supervisor.paused()});
  running = &world;
  std::vector<Peer> peers;
  for (std::uint16_t number = 0; number < kCalls; ++number) {
    peers.emplace_back(number);
    world.install_up(number, number % kWorkers);
  }
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;
  DpdkLog log;
  for (std::uint16_t number = 0; number < kWorkers; ++number) {
    workers.emplace_back([&, number] {
      while (!stop.load(std::memory_order_relaxed)) {
        if (!world.worker(number).poll_once(rte_rdtsc())) {
          std::this_thread::yield();
        }
      }
    });
  }
  const unsigned restarts = disturb(world, peers, supervisor);
  stop = true;
  for (std::thread& worker : workers) {
    worker.join();
  }
  world.settle();
  EXPECT_EQ(log.text().find("not ready"), std::string::npos) << log.text().substr(0, 2000);
  EXPECT_GE(restarts, 2U);
  EXPECT_GT(world.counters(0).uplink_packets.read() + world.counters(1).uplink_packets.read(), 0U);
  EXPECT_GT(world.counters(0).downlink_packets.read() + world.counters(1).downlink_packets.read(), 0U);
}

}  // namespace
}  // namespace adit::dataplane::path
