// SPDX-License-Identifier: Apache-2.0
// adit-blast's data plane against the concentrator's, connected back to back by rings: the verifier must
// report what really happened. Both share the two halves of the tunnel code; tests/interop/foreign runs it
// against an independent server.
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "app/adit-blast/traffic/traffic_worker.hpp"
#include "crypto/mppe_keys.hpp"
#include "dataplane/worker/data_plane.hpp"
#include "tests/path/world.hpp"

namespace adit::app::blast {
namespace {

using namespace dataplane::path;  // shared by all path tests
using dataplane::DropReason;

constexpr std::uint16_t kCalls = 16;
constexpr std::uint32_t kBlastAccess = 21, kBlastCore = 22;

/// The other end of the World's two ports: their transmit rings are our receive rings, and vice versa.
std::uint16_t crossed_port(const char* name, Side side) {
  Bench& bench = Bench::instance();
  const int port =
      rte_eth_from_rings(name, &bench.transmit[side][0], 1, &bench.receive[side][0], 1, SOCKET_ID_ANY);
  const auto id = static_cast<std::uint16_t>(port);
  rte_eth_conf conf{};
  EXPECT_EQ(rte_eth_dev_configure(id, 1, 1, &conf), 0);
  EXPECT_EQ(rte_eth_rx_queue_setup(id, 0, 512, SOCKET_ID_ANY, nullptr, bench.pool), 0);
  EXPECT_EQ(rte_eth_tx_queue_setup(id, 0, 512, SOCKET_ID_ANY, nullptr), 0);
  EXPECT_EQ(rte_eth_dev_start(id), 0);
  return id;
}

class Blast : public testing::Test {
 protected:
  explicit Blast(Impairment impairment = {}, Payload payload = Payload::kRandom) {
    static const std::array ids{crossed_port("blast_access", kAccessSide),
                                crossed_port("blast_core", kCoreSide)};
    const std::array ports{
        dataplane::Port{
            .id = ids[0], .role = dataplane::PortRole::kAccess, .ifindex = kBlastAccess, .mac = kClientMac},
        dataplane::Port{
            .id = ids[1], .role = dataplane::PortRole::kCore, .ifindex = kBlastCore, .mac = kRouterMac}};
    const std::array routes{
        dataplane::RouteEntry{
            .prefix = wire::Ipv4Address(192, 0, 2, 0), .length = 24, .paths = {{.ifindex = kBlastAccess}}},
        dataplane::RouteEntry{
            .prefix = wire::Ipv4Address(10, 64, 0, 0),
            .length = 16,
            .paths = {{.ifindex = kBlastCore, .gateway = wire::Ipv4Address(198, 51, 100, 1)}}}};
    const std::array neighbours{
        dataplane::NeighbourEntry{kBlastAccess, kServer, kAccessMac},
        dataplane::NeighbourEntry{kBlastCore, wire::Ipv4Address(198, 51, 100, 1), kCoreMac}};
    const TrafficSettings traffic{.impairment = impairment, .payload = payload, .core = kHost};
    auto created = dataplane::DataPlane<TrafficWorker>::create(
        {.max_calls = kCalls},
        {.sockets = {SOCKET_ID_ANY}, .ports = {{ports[0]}, {ports[1]}}, .pool = Bench::instance().pool},
        traffic, *commands_);
    EXPECT_TRUE(created.has_value());
    plane_ = std::move(*created);
    plane_->publish(std::make_unique<dataplane::NextHops>(routes, neighbours, ports));
    blast_ = &plane_->worker({0});
    mailbox_ = &plane_->mailbox({0});
  }

  /// Sets up both ends of kCalls calls, IP up, and if `encrypted` MPPE-128 both ways.
  void dial(bool encrypted) {
    dial(contract::MppeMode{.strength =
                                encrypted ? contract::MppeStrength::k128 : contract::MppeStrength::kNone});
  }
  void dial(contract::MppeMode mode) {
    for (std::uint16_t number = 0; number < kCalls; ++number) {
      server_[number] = world_.install_up(number);
      const contract::CallRef call{{0}, number, number + 1U};
      install(call, number);
      if (mode.encrypted() || mode.compressed) {
        encrypt(call, server_[number], number, mode);
      }
      command({.kind = TrafficCommand::Kind::kJoin,
               .slot = number,
               .incarnation = call.generation,
               .own = wire::Ipv4Address(kSubscriber.value + number),
               .other = kHost});
    }
    run(1);
  }

  void install(const contract::CallRef& call, std::uint16_t number) {
    const wire::Ipv4Address local(kClient.value + number);
    const wire::LocalCallId id(kPeerId.value);  // here, each address has its own space
    EXPECT_TRUE(plane_->index().map_call(local, kServer, id, call));
    tell(contract::InstallCall{.call = call, .local = local, .peer = kServer, .local_id = id, .peer_id = {}});
    tell(
        contract::SetPeerCallId{call, wire::PeerCallId(static_cast<std::uint16_t>(kLocalId.value + number))});
    tell(contract::EnableIp{.call = call,
                            .subscriber = wire::Ipv4Address(kSubscriber.value + number),
                            .peer_mru = 1500,
                            .require_mppe = false});
  }

  void encrypt(const contract::CallRef& client, const contract::CallRef& server, std::uint16_t number,
               contract::MppeMode mode) {
    for (const bool up : {true, false}) {
      std::array<std::uint8_t, 16> start{};
      start[0] = static_cast<std::uint8_t>(number);
      start[1] = up ? 1 : 2;
      const crypto::Secret<16> key{std::span<const std::uint8_t, 16>(start)};
      const auto session = crypto::mppe_initial_session_key(key, crypto::MppeKeyLength::k128);
      contract::EnableMppe message{
          .call = client, .direction = contract::Direction::kSend, .mode = mode, .start_key = start};
      std::ranges::copy(session.bytes(), message.session_key.begin());
      message.direction = up ? contract::Direction::kSend : contract::Direction::kReceive;
      tell(message);
      message.call = server;
      message.direction = up ? contract::Direction::kReceive : contract::Direction::kSend;
      world_.tell(server, message);
    }
  }

  void tell(const contract::ToWorker& message) { EXPECT_TRUE(mailbox_->to_worker.push(message)); }
  void command(const TrafficCommand& command) { EXPECT_TRUE(commands_->push(command)); }

  void offer(double pps) {
    load_.up = load_.down = {.unit = Rate::Unit::kPackets, .per_second = pps};
    load_.sizes = {64, 576, 1400};
    load_.size_count = 3;
    command({.kind = TrafficCommand::Kind::kReset});
    command({.kind = TrafficCommand::Kind::kLoad, .load = &load_});
  }
  /// Stops the load; packets in flight arrive.
  void stop() {
    command({.kind = TrafficCommand::Kind::kLoad});
    run(200);
  }
  void run(int milliseconds) {
    for (int ms = 0; ms < milliseconds; ++ms) {
      world_.pass_ms(1);
      blast_->poll_once(world_.tsc());
      world_.settle();
      blast_->poll_once(world_.tsc());
    }
  }

  [[nodiscard]] const TrafficTable& table() const { return blast_->table(); }
  [[nodiscard]] std::uint64_t blast_dropped(DropReason reason) const {
    return blast_->counters().dropped(reason);
  }

  World world_;  // first, because its destructor counts the packet buffers
  std::unique_ptr<TrafficCommands> commands_ = std::make_unique<TrafficCommands>();
  std::array<contract::CallRef, kCalls> server_{};
  OfferedLoad load_;
  std::unique_ptr<dataplane::DataPlane<TrafficWorker>> plane_;
  TrafficWorker* blast_ = nullptr;
  contract::Mailbox* mailbox_ = nullptr;
};

void expect_all_arrived(const DirectionTotals& totals, const CallsByOutcome& calls, std::uint64_t least) {
  EXPECT_GE(totals.sent.read(), least);
  EXPECT_EQ(totals.received.read(), totals.sent.read());
  EXPECT_EQ(totals.received_octets.read(), totals.sent_octets.read());
  EXPECT_EQ(totals.duplicated.read() + totals.reordered.read() + totals.corrupted.read(), 0U);
  EXPECT_EQ(calls.sent, kCalls);
  EXPECT_EQ(calls.silent + calls.lossy, 0U);
}

TEST_F(Blast, EveryPacketOfEveryCallArrivesBothWays) {
  dial(false);
  offer(4000);
  run(1000);
  stop();
  expect_all_arrived(table().up, table().calls_up(), 3900);
  expect_all_arrived(table().down, table().calls_down(), 3900);
  EXPECT_EQ(table().foreign.read() + table().stale.read(), 0U);
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST_F(Blast, EncryptedToo) {
  dial(true);
  offer(4000);
  run(1000);
  stop();
  expect_all_arrived(table().up, table().calls_up(), 3900);
  expect_all_arrived(table().down, table().calls_down(), 3900);
  EXPECT_EQ(world_.all_drops(), 0U);
}

class BlastText : public Blast {
 protected:
  BlastText() : Blast({}, Payload::kText) {}
};

TEST_F(BlastText, CompressedWithEncryptionAndWithoutEveryPacketArrivesAsItWas) {
  dial({.strength = contract::MppeStrength::k128, .compressed = true});
  offer(4000);
  run(1000);
  stop();
  expect_all_arrived(table().up, table().calls_up(), 3900);
  expect_all_arrived(table().down, table().calls_down(), 3900);
  EXPECT_EQ(world_.all_drops(), 0U);
  const dataplane::WorkerCounters& counters = blast_->counters();
  EXPECT_GT(counters.mppc_downlink_plain.read(), 1'000'000U);
  EXPECT_LT(counters.mppc_downlink_octets.read(), counters.mppc_downlink_plain.read() * 2 / 3);
  EXPECT_EQ(counters.mppc_downlink_octets.read(), world_.counters().mppc_uplink_octets.read());
  EXPECT_EQ(counters.mppc_uplink_plain.read(), world_.counters().mppc_downlink_plain.read());
}

TEST_F(BlastText, CompressedInClearToo) {
  dial({.strength = contract::MppeStrength::kNone, .compressed = true});
  offer(4000);
  run(1000);
  stop();
  expect_all_arrived(table().up, table().calls_up(), 3900);
  expect_all_arrived(table().down, table().calls_down(), 3900);
  EXPECT_EQ(world_.all_drops(), 0U);
  EXPECT_GT(blast_->counters().mppc_downlink_plain.read(), 1'000'000U);
}

TEST_F(Blast, AFlippedOctetIsCorruptionAndLoss) {
  dial(false);
  offer(1000);
  run(100);
  command({.kind = TrafficCommand::Kind::kLoad});
  run(10);
  offer(1000);
  world_.pass_ms(3);
  blast_->poll_once(world_.tsc());
  rte_ring* wire = Bench::instance().receive[kAccessSide][0];
  void* frame = nullptr;
  ASSERT_EQ(rte_ring_dequeue(wire, &frame), 0);
  auto* mbuf = static_cast<rte_mbuf*>(frame);
  *(rte_pktmbuf_mtod(mbuf, std::uint8_t*) + mbuf->data_len - 1) ^= 0x10;
  ASSERT_EQ(rte_ring_enqueue(wire, mbuf), 0);
  run(100);
  stop();
  EXPECT_EQ(table().up.corrupted.read(), 1U);
  EXPECT_EQ(table().up.received.read() + 1, table().up.sent.read());
  EXPECT_EQ(table().calls_up().lossy, 1U);
  EXPECT_EQ(table().down.received.read(), table().down.sent.read());
}

TEST_F(Blast, ACallThatLeftIsSettledAndItsLatePacketsAreStale) {
  dial(false);
  offer(1000);
  run(100);
  command({.kind = TrafficCommand::Kind::kQuiet, .slot = 3});
  run(50);
  command({.kind = TrafficCommand::Kind::kLeave, .slot = 3});
  run(50);
  stop();
  expect_all_arrived(table().up, table().calls_up(), 150);
  expect_all_arrived(table().down, table().calls_down(), 150);
  EXPECT_EQ(table().left_up.sent, 1U);
  EXPECT_EQ(table().stale.read(), 0U);
  // Without the pause, packets in flight would find no call.
  offer(16'000);
  blast_->poll_once(world_.tsc());
  world_.pass_ms(2);
  blast_->poll_once(world_.tsc());
  command({.kind = TrafficCommand::Kind::kLeave, .slot = 4});
  stop();
  EXPECT_GT(table().stale.read(), 0U);
  EXPECT_EQ(table().calls_up().silent, 1U);
}

class BadLink : public Blast {
 protected:
  BadLink() : Blast({.loss = 0.05, .duplication = 0.03, .reordering = 0.04, .reorder_by = 2}) {}
};

/// What the link did, what the receivers dropped because of it, and what the verifier misses must add up
/// exactly.
TEST_F(BadLink, LossIsReportedAsItHappened) {
  for (const bool encrypted : {false, true}) {
    SCOPED_TRACE(encrypted ? "MPPE" : "clear");
    if (encrypted) {
      for (std::uint16_t number = 0; number < kCalls; ++number) {
        encrypt({{0}, number, number + 1U}, server_[number], number, {});
      }
      run(1);
    } else {
      dial(false);
    }
    const auto before_up = blast_->impaired_up().lost.read(),
               before_down = blast_->impaired_down().lost.read();
    const auto late_up = world_.dropped(DropReason::kGreLate),
               late_down = blast_dropped(DropReason::kGreLate);
    offer(8000);
    run(1000);
    stop();
    const std::uint64_t lost_up = table().up.sent.read() - table().up.received.read();
    const std::uint64_t lost_down = table().down.sent.read() - table().down.received.read();
    EXPECT_GT(lost_up, 500U);
    // As it shows under way: only what is lost at the very end of a call is not overtaken.
    EXPECT_LE(table().up.missing(), lost_up);
    EXPECT_GE(table().up.missing() + 2 * kCalls, lost_up);
    EXPECT_EQ(lost_up,
              blast_->impaired_up().lost.read() - before_up + world_.dropped(DropReason::kGreLate) - late_up);
    EXPECT_EQ(lost_down, blast_->impaired_down().lost.read() - before_down +
                             blast_dropped(DropReason::kGreLate) - late_down);
  }
  EXPECT_EQ(world_.dropped(DropReason::kGreLate), blast_->impaired_up().reordered.read());
  EXPECT_EQ(blast_dropped(DropReason::kGreLate), blast_->impaired_down().reordered.read());
  EXPECT_EQ(world_.dropped(DropReason::kGreDuplicate), blast_->impaired_up().duplicated.read());
  EXPECT_EQ(blast_dropped(DropReason::kGreDuplicate), blast_->impaired_down().duplicated.read());
  EXPECT_GT(blast_->impaired_up().duplicated.read(), 200U);
  EXPECT_GT(blast_->impaired_down().reordered.read(), 200U);
}

TEST_F(BadLink, AHeldFrameGoesByTheRoutesOfToday) {
  dial(false);
  offer(8000);
  run(100);
  plane_->publish(std::make_unique<dataplane::NextHops>());
  command({.kind = TrafficCommand::Kind::kLoad});
  EXPECT_EQ(blast_dropped(DropReason::kNoRoute), 0U);
  run(10);
  EXPECT_GT(blast_dropped(DropReason::kNoRoute), 0U) << "the hop that it was built for is freed by now";
}

TEST_F(Blast, AFrameThatOvertakesTheReplyReachesControl) {
  const contract::CallRef server = world_.install();
  const contract::CallRef call{{0}, 0, 1};
  EXPECT_TRUE(plane_->index().map_call(kClient, kServer, wire::LocalCallId(kPeerId.value), call));
  tell(contract::InstallCall{.call = call,
                             .local = kClient,
                             .peer = kServer,
                             .local_id = wire::LocalCallId(kPeerId.value),
                             .peer_id = {}});
  run(1);
  const std::array<std::uint8_t, 8> request{0xFF, 0x03, 0xC0, 0x21, 1, 1, 0, 4};
  world_.send_ppp(server, request);
  run(1);
  ASSERT_NE(mailbox_->to_control.front(), nullptr);
  EXPECT_TRUE(std::holds_alternative<contract::PppFrameIn>(*mailbox_->to_control.front()));
  // Answers sent after the ID is known carry it.
  tell(contract::SetPeerCallId{call, wire::PeerCallId(kLocalId.value)});
  EXPECT_TRUE(contract::post_with_frame(mailbox_->to_worker, mailbox_->frames_to_worker,
                                        contract::SendPppFrame{call}, request));
  run(1);
  EXPECT_TRUE(world_.ppp_frame().has_value());
}

}  // namespace
}  // namespace adit::app::blast
