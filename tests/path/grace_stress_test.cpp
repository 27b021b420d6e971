// SPDX-License-Identifier: Apache-2.0
// Two workers, while control publishes a snapshot of routes every millisecond and restarts a device every ten. scripts/test runs it for a second each under AddressSanitizer, which sees a snapshot used
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

/// Control's thread: `every_millisecond`, and the restarts of both ports in turn; returns how many.
template <typename EveryMillisecond>
unsigned disturb(app::PortSupervisor& supervisor, EveryMillisecond&& every_millisecond) {
  unsigned restarts = 0;
  unsigned milliseconds = 0;
  const auto end = steady_clock::now() + duration();
  while (steady_clock::now() < end || supervisor.restarting()) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    every_millisecond();
    if (++milliseconds % kPublishesPerRestart == 0 && !supervisor.restarting()) {
      EXPECT_TRUE(supervisor.begin_restart(restarts % 2 == 0 ? "access" : "core"));
    }
    if (const auto done = supervisor.finish_restart()) {
      EXPECT_EQ(done->what, "port_restarted") << done->error;
      ++restarts;
    }
  }
  return restarts;
}

/// Both workers of a data plane on threads of their own.
template <typename WorkerOf>
class Running {
 public:
  explicit Running(WorkerOf worker_of) {
    for (std::uint16_t number = 0; number < kWorkers; ++number) {
      threads_.emplace_back([this, &worker = worker_of(number)] {
        while (!stop_.load(std::memory_order_relaxed)) {
          if (!worker.poll_once(rte_rdtsc())) {
            std::this_thread::yield();
          }
        }
      });
    }
  }
  ~Running() {
    stop_ = true;
    for (std::thread& thread : threads_) {
      thread.join();
    }
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  std::atomic<bool> stop_{false};
  std::vector<std::thread> threads_;
};

/// The real loop, whose stages do nothing but read the snapshot. ThreadSanitizer can follow it: what packets pass
/// through, DPDK's pools and its ring driver, is not instrumented.
class Reader final : public PollLoop<Reader> {
 public:
  static std::expected<std::unique_ptr<Reader>, std::string> create(WorkerSettings settings,
                                                                    const WorkerShares& shares) {
    return std::unique_ptr<Reader>(new Reader(std::move(settings), shares));
  }

 private:
  friend PollLoop;
  struct NoControl {
    static std::size_t read() noexcept { return 0; }
  };
  using PollLoop::PollLoop;
  static std::size_t read_rings(std::uint64_t /*tsc*/) noexcept { return 0; }
  static void on_burst(std::span<rte_mbuf* const> /*up*/, std::span<rte_mbuf* const> /*down*/) noexcept {}
  std::size_t finish_iteration(std::uint64_t /*tsc*/) noexcept {
    return context_.next_hops->find(kClient) != nullptr ? 1 : 0;
  }
  NoControl call_control_;
};

TEST(Grace, TheSnapshotsThatLoopsReadAreFreedBehindThem) {
  std::vector<OpenPort> open(2);
  ASSERT_NO_FATAL_FAILURE(take_over(open));
  DataPlane<Reader>* running = nullptr;
  app::PortSupervisor supervisor(open, [&] { return running->iterations(); });
  const std::array ports{Port{.id = open[0].port.id, .role = PortRole::kAccess, .ifindex = 11},
                         Port{.id = open[1].port.id, .role = PortRole::kCore, .ifindex = 12}};
  auto created = DataPlane<Reader>::create(
      {.max_calls = 2}, {.sockets = std::vector<int>(kWorkers, SOCKET_ID_ANY),
                         .ports = {{.port = ports[0], .rx_queues = kWorkers, .tx_queues = kWorkers},
                                   {.port = ports[1], .rx_queues = kWorkers, .tx_queues = kWorkers}},
                         .pool = Bench::instance().pool,
                         .paused_ports = &supervisor.paused()});
  ASSERT_TRUE(created) << created.error();
  DataPlane<Reader>& plane = **created;
  running = &plane;
  const std::array routes{
      RouteEntry{.prefix = wire::Ipv4Address(192, 0, 2, 0), .length = 24, .paths = {{.ifindex = 11}}}};
  const std::array neighbours{NeighbourEntry{11, kClient, kClientMac}};
  const auto publish = [&] {
    plane.publish(std::make_unique<NextHops>(routes, neighbours, ports));
    plane.reclaim();
  };
  publish();
  DpdkLog log;
  {
    const Running loops([&](std::uint16_t number) -> Reader& { return plane.worker({number}); });
    EXPECT_GE(disturb(supervisor, publish), 2U);
  }
  EXPECT_EQ(log.text().find("not ready"), std::string::npos) << log.text().substr(0, 2000);
}

TEST(Grace, NoSnapshotAndNoDeviceIsTakenFromUnderAWorkerWithTraffic) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "DPDK's pools and its ring driver are not instrumented";
#endif
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
  DpdkLog log;
  {
    const Running workers([&](std::uint16_t number) -> Worker& { return world.worker(number); });
    const unsigned restarts = disturb(supervisor, [&] {
      world.publish_again();
      feed(world, peers);
      for (const Side side : {kAccessSide, kCoreSide}) {
        world.sent(side);
      }
    });
    EXPECT_GE(restarts, 2U);
  }
  world.settle();
  EXPECT_EQ(log.text().find("not ready"), std::string::npos) << log.text().substr(0, 2000);
  EXPECT_GT(world.counters(0).uplink_packets.read() + world.counters(1).uplink_packets.read(), 0U);
  EXPECT_GT(world.counters(0).downlink_packets.read() + world.counters(1).downlink_packets.read(), 0U);
}

}  // namespace
}  // namespace adit::dataplane::path
