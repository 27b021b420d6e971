// SPDX-License-Identifier: Apache-2.0
#include "tests/path/world.hpp"

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace adit::dataplane::path {
namespace {

constexpr unsigned kRingSize = 2048;

void require(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "path tests: %s: %s\n", what, rte_strerror(rte_errno));
    std::abort();
  }
}

void start_eal() {
  const std::string prefix = "--file-prefix=t" + std::to_string(getpid());
  std::vector<std::string> arguments{
      "path_test", "--no-huge", "--no-pci", "--no-shconf", "--no-telemetry",       "-m",
      "192",       "-l",        "0",        prefix,        "--log-level=lib.eal:4"};
  std::vector<char*> argv;
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  require(rte_eal_init(static_cast<int>(argv.size()), argv.data()) >= 0, "EAL");
}

std::uint16_t make_port(const char* name, std::array<rte_ring*, Bench::kQueues>& receive,
                        std::array<rte_ring*, Bench::kQueues>& transmit, rte_mempool* pool) {
  for (std::uint16_t queue = 0; queue < Bench::kQueues; ++queue) {
    const std::string suffix = std::string(name) + std::to_string(queue);
    receive[queue] = rte_ring_create(("rx_" + suffix).c_str(), kRingSize, SOCKET_ID_ANY, 0);
    transmit[queue] = rte_ring_create(("tx_" + suffix).c_str(), kRingSize, SOCKET_ID_ANY, 0);
    require(receive[queue] != nullptr && transmit[queue] != nullptr, "rings");
  }
  const int port = rte_eth_from_rings(name, receive.data(), Bench::kQueues, transmit.data(), Bench::kQueues,
                                      SOCKET_ID_ANY);
  require(port >= 0, "ring port");
  const auto id = static_cast<std::uint16_t>(port);
  rte_eth_conf conf{};
  require(rte_eth_dev_configure(id, Bench::kQueues, Bench::kQueues, &conf) == 0, "configure");
  for (std::uint16_t queue = 0; queue < Bench::kQueues; ++queue) {
    require(rte_eth_rx_queue_setup(id, queue, kRingSize, SOCKET_ID_ANY, nullptr, pool) == 0, "rx queue");
    require(rte_eth_tx_queue_setup(id, queue, kRingSize, SOCKET_ID_ANY, nullptr) == 0, "tx queue");
  }
  require(rte_eth_dev_start(id) == 0, "start");
  return id;
}

}  // namespace

Bench& Bench::instance() {
  static Bench bench;
  return bench;
}

Bench::Bench() {
  start_eal();
  pool = rte_pktmbuf_pool_create("packets", kPoolSize, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  tight_pool = rte_pktmbuf_pool_create("tight", 63, 0, 0, 1600, SOCKET_ID_ANY);
  require(pool != nullptr && tight_pool != nullptr, "packet pool");
  ports[kAccessSide] = make_port("access", receive[kAccessSide], transmit[kAccessSide], pool);
  ports[kCoreSide] = make_port("core", receive[kCoreSide], transmit[kCoreSide], pool);
}

World::World(WorldOptions options)
    : bench_(Bench::instance()), tsc_per_ms_(rte_get_tsc_hz() / 1000), tsc_(tsc_per_ms_ * 1'000'000) {
  ports_[kAccessSide] = {.id = bench_.ports[kAccessSide],
                         .role = options.access_role,
                         .ifindex = kAccessIfindex,
                         .mac = kAccessMac,
                         .mtu = options.access_mtu,
                         .needs_mac_filter = options.needs_mac_filter,
                         .vlan = options.access_vlan,
                         .punts = options.punts};
  ports_[kCoreSide] = {.id = bench_.ports[options.one_device ? kAccessSide : kCoreSide],
                       .role = PortRole::kCore,
                       .ifindex = kCoreIfindex,
                       .mac = options.one_device ? kAccessMac : kCoreMac,
                       .mtu = options.core_mtu,
                       .vlan = options.core_vlan,
                       .punts = options.punts};
  const std::vector<RouteEntry> routes{
      {.prefix = wire::Ipv4Address(192, 0, 2, 0), .length = 24, .paths = {{.ifindex = kAccessIfindex}}},
      {.prefix = {},
       .length = 0,
       .paths = {{.ifindex = kCoreIfindex, .gateway = wire::Ipv4Address(198, 51, 100, 2)}}}};
  std::vector<NeighbourEntry> neighbours{{kCoreIfindex, wire::Ipv4Address(198, 51, 100, 2), kRouterMac}};
  for (std::uint32_t n = 0; n < 64; ++n) {
    neighbours.push_back({kAccessIfindex, wire::Ipv4Address(kClient.value + n), kClientMac});
  }
  std::vector<PortQueues> queues;
  for (const Port& port : ports_) {
    queues.push_back({.port = port,
                      .rx_queues = options.workers,
                      .tx_queues = options.one_transmit_queue ? std::uint16_t{1} : options.workers});
  }
  if (options.one_device) {
    queues.back().rx_queues = 0;
  }
  auto plane = DataPlane<Worker>::create(
      {.max_calls = options.slots * options.workers,
       .gateway = kGateway,
       .policy = options.policy,
       .reorder = options.reorder,
       .stateful_mppe = options.stateful_mppe,
       .mppc_histories = options.mppc_histories},
      {.sockets = std::vector<int>(options.workers, SOCKET_ID_ANY),
       .ports = std::move(queues),
       .pool = bench_.pool,
       .kernel = options.punts ? &kernel_ : nullptr,
       .paused_ports = options.paused_ports != nullptr ? options.paused_ports : &paused_,
       .call_memory = options.call_memory});
  require(plane.has_value(), plane.has_value() ? "" : plane.error().c_str());
  plane_ = std::move(*plane);
  plane_->index().add_local_address(kServer);
  publish(routes, neighbours);
}

World::~World() {
  for (const Side side : {kAccessSide, kCoreSide}) {
    sent(side);
    for (rte_ring* ring : bench_.receive[side]) {
      EXPECT_EQ(rte_ring_count(ring), 0U) << "frames that no worker looked at";
    }
  }
  plane_.reset();
  punted();
  EXPECT_EQ(rte_mempool_avail_count(bench_.pool), Bench::kPoolSize) << "packet buffers lost";
}

void World::publish_again() {
  publish(std::vector(routes_), std::vector(neighbours_));
  plane_->reclaim();
}

void World::publish(std::span<const RouteEntry> routes, std::span<const NeighbourEntry> neighbours) {
  routes_.assign(routes.begin(), routes.end());
  neighbours_.assign(neighbours.begin(), neighbours.end());
  publish_ipv6({}, {});
}

void World::publish_ipv6(std::span<const RouteEntry6> routes, std::span<const NeighbourEntry6> neighbours) {
  plane_->publish(std::make_unique<NextHops>(
      routes_, neighbours_, ports_,
      std::array{wire::Ipv4Prefix{.address = kServer}, wire::Ipv4Prefix{.address = kRouterSide}},
      Ipv6Routes{.routes = routes, .neighbours = neighbours}));
}

contract::CallRef World::install(std::uint16_t number, std::uint16_t worker) {
  const contract::CallRef call{{worker}, number, next_generation_++};
  const contract::InstallCall message{
      .call = call,
      .local = kServer,
      .peer = wire::Ipv4Address(kClient.value + number),
      .local_id = wire::LocalCallId(static_cast<std::uint16_t>(kLocalId.value + number)),
      .peer_id = kPeerId};
  tell(call, message);
  EXPECT_TRUE(plane_->index().map_call(message.local, message.peer, message.local_id, call));
  return call;
}

contract::CallRef World::install_up(std::uint16_t number, std::uint16_t worker, std::uint16_t peer_mru) {
  const contract::CallRef call = install(number, worker);
  const wire::Ipv4Address subscriber(kSubscriber.value + number);
  tell(call, contract::EnableIp{
                 .call = call, .subscriber = subscriber, .peer_mru = peer_mru, .require_mppe = false});
  EXPECT_TRUE(plane_->index().map_subscriber(subscriber, call));
  settle();
  return call;
}

CallAdoption::Outcome World::adopt(PreviousEnd end, std::span<const contract::CallRef> known,
                                   std::vector<AdoptionFault>* refused) {
  CallAdoption adoption = worker().adopt_calls(end, {static_cast<std::uint32_t>(tsc_ / tsc_per_ms_)});
  for (const contract::CallRef& call : known) {
    const auto identity = adoption.adopt(call);
    if (!identity) {
      EXPECT_NE(refused, nullptr) << describe(identity.error()).name;
      if (refused != nullptr) {
        refused->push_back(identity.error());
      }
      continue;
    }
    EXPECT_TRUE(plane_->index().map_call(identity->local, identity->peer, identity->local_id, call));
    if (!identity->subscriber.is_none()) {
      EXPECT_TRUE(plane_->index().map_subscriber(identity->subscriber, call));
    }
  }
  return adoption.finish();
}

void World::tell(const contract::CallRef& call, const contract::ToWorker& message) {
  EXPECT_TRUE(plane_->mailbox(call.worker).to_worker.push(message));
}

void World::send_ipv6(const contract::CallRef& call, std::span<const std::uint8_t> packet) {
  contract::Mailbox& box = plane_->mailbox(call.worker);
  EXPECT_TRUE(
      contract::post_with_frame(box.to_worker, box.frames_to_worker, contract::SendIpv6{call}, packet));
}

void World::send_ppp(const contract::CallRef& call, std::span<const std::uint8_t> frame) {
  contract::Mailbox& box = plane_->mailbox(call.worker);
  EXPECT_TRUE(
      contract::post_with_frame(box.to_worker, box.frames_to_worker, contract::SendPppFrame{call}, frame));
}

void World::arrive(Side side, const Octets& frame, std::uint16_t queue, rte_mempool* pool) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(pool == nullptr ? bench_.pool : pool);
  ASSERT_NE(mbuf, nullptr);
  mbuf->port = bench_.ports[side];
  if (pool != nullptr) {
    mbuf->data_off = 16;
  }
  char* at = rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size()));
  ASSERT_NE(at, nullptr);
  std::ranges::copy(frame, reinterpret_cast<std::uint8_t*>(at));
  ASSERT_EQ(rte_ring_enqueue(bench_.receive[side][queue], mbuf), 0);
}

std::vector<Octets> World::punted() {
  std::vector<Octets> frames;
  void* object = nullptr;
  for (rte_ring* ring : kernel_.to_kernel) {
    while (rte_ring_dequeue(ring, &object) == 0) {
      auto* mbuf = static_cast<rte_mbuf*>(object);
      const auto* at = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
      frames.emplace_back(at, at + mbuf->data_len);
      rte_pktmbuf_free(mbuf);
    }
  }
  return frames;
}

void World::inject(Side side, const Octets& frame) {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(bench_.pool);
  ASSERT_NE(mbuf, nullptr);
  std::ranges::copy(frame, reinterpret_cast<std::uint8_t*>(
                               rte_pktmbuf_append(mbuf, static_cast<std::uint16_t>(frame.size()))));
  mbuf->port = ports_[side].id;
  ASSERT_EQ(rte_ring_enqueue(kernel_.from_kernel, mbuf), 0);
}

void World::pause(Side side, bool on) {
  paused_.store(on ? 1U << ports_[side].id : 0, std::memory_order_release);
}

void World::turn() {
  for (const auto& worker : plane_->workers()) {
    worker->poll_once(tsc_);
  }
}

void World::settle() {
  for (bool worked = true; worked;) {
    worked = false;
    for (const auto& worker : plane_->workers()) {
      worked = worker->poll_once(tsc_) || worked;
    }
  }
}

std::vector<Octets> World::sent(Side side) {
  std::vector<Octets> frames;
  for (std::uint16_t queue = 0; queue < Bench::kQueues; ++queue) {
    const std::vector<Octets> more = sent(side, queue);
    frames.insert(frames.end(), more.begin(), more.end());
  }
  return frames;
}

std::vector<Octets> World::sent(Side side, std::uint16_t queue) {
  std::vector<Octets> frames;
  void* object = nullptr;
  while (rte_ring_dequeue(bench_.transmit[side][queue], &object) == 0) {
    auto* mbuf = static_cast<rte_mbuf*>(object);
    const auto* at = rte_pktmbuf_mtod(mbuf, const std::uint8_t*);
    frames.emplace_back(at, at + mbuf->pkt_len);
    rte_pktmbuf_free(mbuf);
  }
  return frames;
}

std::optional<Octets> World::ppp_frame(std::uint16_t worker) {
  while (told<contract::ResolveNextHop>(worker)) {  // of a peer that nobody has answered yet
  }
  if (!told<contract::PppFrameIn>(worker)) {
    return std::nullopt;
  }
  contract::FrameSlot* slot = mailbox(worker).frames_to_control.front();
  if (slot == nullptr) {
    ADD_FAILURE() << "a PppFrameIn without its frame";
    return std::nullopt;
  }
  Octets frame(slot->octets.begin(), slot->octets.begin() + slot->length);
  mailbox(worker).frames_to_control.release();
  return frame;
}

std::uint64_t World::dropped(DropReason reason) const {
  std::uint64_t count = 0;
  for (const auto& worker : plane_->workers()) {
    count += worker->counters().dropped(reason);
  }
  return count;
}

std::uint64_t World::all_drops() const {
  std::uint64_t count = 0;
  for (std::size_t reason = 0; reason < kDropReasons; ++reason) {
    count += dropped(static_cast<DropReason>(reason));
  }
  return count;
}

contract::CallTotals World::totals(const contract::CallRef& call) const {
  return plane_->worker(call.worker).calls().totals(call).value_or(contract::CallTotals{});
}

}  // namespace adit::dataplane::path
