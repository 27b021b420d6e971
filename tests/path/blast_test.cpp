// SPDX-License-Identifier: Apache-2.0
// adit-blast's data plane against the concentrator's, connected back to back by rings: the verifier must
// report what really happened. Both share the two halves of the tunnel code; tests/interop/foreign runs it
// against an independent server.
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "app/adit-blast/traffic/traffic_worker.hpp"
#include "crypto/mppe_keys.hpp"
#include "dataplane/wire/router_discovery.hpp"
#include "dataplane/worker/data_plane.hpp"
#include "tests/path/world.hpp"

namespace adit::app::blast {
namespace {

using namespace dataplane::path;  // shared by all path tests
using dataplane::DropReason;

constexpr std::uint16_t kCalls = 16;
constexpr std::uint32_t kBlastAccess = 21, kBlastCore = 22;
constexpr wire::Ipv6Address kHost6{0x2001'0db8'ffff'0000, 5};
constexpr wire::Ipv6Address kServerCore6 = wire::link_local(0xc0);
constexpr std::uint64_t kLinks = 0x2001'0db8'0064'0000, kNetworks = 0x2001'0db8'1000'0000;

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
    const TrafficSettings traffic{
        .impairment = impairment, .payload = payload, .core = kHost, .core6 = kHost6, .has_ipv6 = true};
    auto created = dataplane::DataPlane<TrafficWorker>::create(
        {.max_calls = kCalls},
        {.sockets = {SOCKET_ID_ANY}, .ports = {{ports[0]}, {ports[1]}}, .pool = Bench::instance().pool},
        traffic, *commands_);
    EXPECT_TRUE(created.has_value());
    plane_ = std::move(*created);
    dataplane::RouteEntry6 route6;  // everything
    route6.paths = {dataplane::RoutePath6{.ifindex = kBlastCore, .gateway = kServerCore6}};
    const dataplane::NeighbourEntry6 neighbour6{
        .ifindex = kBlastCore, .address = kServerCore6, .mac = kCoreMac};
    plane_->publish(std::make_unique<dataplane::NextHops>(
        routes, neighbours, ports, std::span<const wire::Ipv4Prefix>(),
        dataplane::Ipv6Routes{.routes = {&route6, 1}, .neighbours = {&neighbour6, 1}}));
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
      command(
          {.kind = TrafficCommand::Kind::kJoin,
           .slot = number,
           .incarnation = call.generation,
           .ends = Ends<Ipv4Probe>{.own = wire::Ipv4Address(kSubscriber.value + number), .other = kHost}});
    }
    run(1);
  }

  /// Beside dial(): a /64 each, and a /56 behind every other call.
  void dial_ipv6() {
    dataplane::RouteEntry6 route;  // everything
    route.paths = {dataplane::RoutePath6{.ifindex = kCoreIfindex, .gateway = kRouter6}};
    const dataplane::NeighbourEntry6 router{.ifindex = kCoreIfindex, .address = kRouter6, .mac = kRouterMac};
    world_.publish_ipv6(std::array{route}, std::array{router});
    for (std::uint16_t number = 0; number < kCalls; ++number) {
      const bool has_network = number % 2 == 1;
      const contract::CallRef call{{0}, number, number + 1U};
      contract::EnableIpv6 message{.call = call,
                                   .peer_mru = 1500,
                                   .delegated_length = static_cast<std::uint8_t>(has_network ? 56 : 0),
                                   .interface_id = 0x500U + number,
                                   .link_prefix = kLinks + number,
                                   .delegated = has_network ? kNetworks + (std::uint64_t{number} << 8) : 0};
      tell(message);
      message.call = server_[number];
      world_.tell(server_[number], message);
      EXPECT_TRUE(
          world_.index().map_route({.address = {message.link_prefix, 0}, .length = 64}, server_[number]));
      Ends<Ipv6Probe> ends{.own = {message.link_prefix, message.interface_id}, .other = kHost6};
      if (has_network) {
        ends.behind = {message.delegated + 7, 1};
        EXPECT_TRUE(
            world_.index().map_route({.address = {message.delegated, 0}, .length = 56}, server_[number]));
      }
      command({.kind = TrafficCommand::Kind::kJoin,
               .slot = number,
               .incarnation = call.generation,
               .ends = ends});
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

  [[nodiscard]] const TrafficTable& table6() const { return blast_->ipv6(); }
  [[nodiscard]] const TrafficTable& table() const { return blast_->ipv4(); }
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

TEST_F(Blast, BothFamiliesArriveFromLinksAndFromTheNetworksBehind) {
  for (const bool encrypted : {false, true}) {
    SCOPED_TRACE(encrypted ? "MPPE" : "clear");
    if (!encrypted) {
      dial(false);
      dial_ipv6();
    } else {
      for (std::uint16_t number = 0; number < kCalls; ++number) {
        encrypt({{0}, number, number + 1U}, server_[number], number, {});
      }
    }
    load_.families = Families::kMixed;
    offer(4000);
    run(1000);
    stop();
    for (const TrafficTable* family : {&table(), &table6()}) {
      expect_all_arrived(family->up, family->calls_up(), 1950);
      expect_all_arrived(family->down, family->calls_down(), 1950);
      EXPECT_EQ(family->foreign.read() + family->stale.read(), 0U);
    }
    EXPECT_EQ(world_.all_drops(), 0U);
  }
}

TEST_F(Blast, Ipv6Alone) {
  dial(false);
  dial_ipv6();
  load_.families = Families::kIpv6;
  offer(4000);
  run(500);
  stop();
  expect_all_arrived(table6().up, table6().calls_up(), 1950);
  expect_all_arrived(table6().down, table6().calls_down(), 1950);
  EXPECT_EQ(table().up.sent.read() + table().down.sent.read(), 0U);
}

/// What the server may not have told yet is not sent from.
TEST_F(Blast, ACallWhosePrefixHasGoneSendsNoIpv6) {
  dial(false);
  dial_ipv6();
  tell(contract::DisableIpv6{.call = {{0}, 3, 4}});
  load_.families = Families::kMixed;
  offer(4000);
  run(200);
  stop();
  EXPECT_EQ(table6().flows[3].up_sent, 0U);
  EXPECT_GT(table().flows[3].up_sent, 0U);
}

/// Whatever the server leads into another call's tunnel is intact, and yet not where it belongs.
TEST_F(Blast, APacketInAnotherCallsTunnelIsNoPacketReceived) {
  dial(false);
  dial_ipv6();
  for (const std::uint16_t number :
       {std::uint16_t{2}, std::uint16_t{4}}) {  // their links change places at the server, downwards alone
    const wire::Ipv6Prefix link{.address = {kLinks + number, 0}, .length = 64};
    world_.tell(server_[number],
                contract::EnableIpv6{.call = server_[number],
                                     .peer_mru = 1500,
                                     .has_routes = true,  // or the server looks no further than its own
                                     .interface_id = 0x500U + number,
                                     .link_prefix = kLinks + number});
    world_.index().unmap_route(link);
    EXPECT_TRUE(world_.index().map_route(link, server_[6U - number]));
  }
  load_.families = Families::kIpv6;
  offer(4000);
  run(500);
  stop();
  EXPECT_EQ(table6().up.received.read(), table6().up.sent.read());
  EXPECT_GT(table6().down.corrupted.read(), 100U);
  EXPECT_EQ(table6().down.corrupted.read() + table6().down.received.read(), table6().down.sent.read());
  EXPECT_EQ(table6().calls_down().silent, 2U);
}

/// Router Advertisements and DHCPv6 reach control, whatever else is sent on the link does not.
TEST_F(Blast, WhatConfiguresTheLinkReachesControl) {
  dial(false);
  dial_ipv6();
  std::array<std::uint8_t, wire::kRouterAdvertisementMaxSize> packet;
  const std::size_t size = wire::write_router_advertisement(packet.data(), wire::link_local(1),
                                                            wire::kAllNodes, {.router_lifetime = 1800});
  world_.send_ipv6(server_[0], std::span(packet).first(size));
  run(1);
  ASSERT_NE(mailbox_->to_control.front(), nullptr);
  EXPECT_TRUE(std::holds_alternative<contract::PppFrameIn>(*mailbox_->to_control.front()));
  mailbox_->to_control.release();
  const contract::FrameSlot* frame = mailbox_->frames_to_control.front();
  ASSERT_NE(frame, nullptr);
  EXPECT_EQ(wire::load_be<std::uint16_t>(frame->octets.data()), 0x0057);
  EXPECT_TRUE(std::equal(frame->octets.begin() + 2, frame->octets.begin() + frame->length, packet.begin(),
                         packet.begin() + static_cast<std::ptrdiff_t>(size)));
  mailbox_->frames_to_control.release();
  std::array<std::uint8_t, wire::kRouterSolicitationPacketSize> other;
  wire::write_router_solicitation(other.data(), wire::link_local(1));
  world_.send_ipv6(server_[0], other);
  run(1);
  EXPECT_EQ(mailbox_->to_control.front(), nullptr);
  EXPECT_EQ(blast_dropped(DropReason::kLinkMulticast), 1U);
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

TEST_F(BlastText, CompressedInBothFamilies) {
  dial({.strength = contract::MppeStrength::k128, .compressed = true});
  dial_ipv6();
  load_.families = Families::kMixed;
  offer(4000);
  run(1000);
  stop();
  for (const TrafficTable* family : {&table(), &table6()}) {
    expect_all_arrived(family->up, family->calls_up(), 1950);
    expect_all_arrived(family->down, family->calls_down(), 1950);
  }
  EXPECT_EQ(world_.all_drops(), 0U);
  const dataplane::WorkerCounters& counters = blast_->counters();
  EXPECT_LT(counters.mppc_downlink_octets.read(), counters.mppc_downlink_plain.read() * 2 / 3);
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
