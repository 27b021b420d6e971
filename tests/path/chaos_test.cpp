// SPDX-License-Identifier: Apache-2.0
// Random input in any order: valid frames of several calls, fragmented, reordered, repeated, damaged and
// tagged, while control changes the calls. No packet buffer is lost (World), every turn terminates, nothing
// comes out that was never sent, and MPPE only sees increasing numbers. Seeds are fixed; AddressSanitizer
// watches.
#include <random>
#include <set>

#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

class Chaos : public testing::TestWithParam<unsigned> {
 protected:
  static constexpr std::uint16_t kCalls = 3;
  std::mt19937 random_{GetParam()};

  std::uint32_t below(std::uint32_t bound) {
    return std::uniform_int_distribution<std::uint32_t>(0, bound - 1)(random_);
  }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  /// Some octets of the frame are changed, or it is cut short.
  Octets damaged(Octets frame) {
    for (std::uint32_t n = below(4); n > 0 && !frame.empty(); --n) {
      frame[below(static_cast<std::uint32_t>(frame.size()))] ^= static_cast<std::uint8_t>(1U << below(8));
    }
    if (one_in(4)) {
      frame.resize(below(static_cast<std::uint32_t>(frame.size()) + 1));
    }
    return frame;
  }
};

TEST_P(Chaos, NothingIsLostAndNothingIsInvented) {
  const bool tagged = GetParam() % 2 == 0;
  World world({.workers = 2,
               .reorder = {.mode = contract::ReorderMode::kFixed},
               .access_vlan = {.outer = tagged ? std::uint16_t{7} : std::uint16_t{0}},
               .punts = one_in(2)});
  std::vector<contract::CallRef> calls;
  std::vector<Peer> peers;
  for (std::uint16_t number = 0; number < kCalls; ++number) {
    calls.push_back(world.install_up(number, number % 2));
    Peer& peer = peers.emplace_back(number);
    if (number > 0) {
      world.tell(calls.back(), peer.enable_receive(calls.back()));
      world.tell(calls.back(), peer.enable_send(calls.back()));
    }
  }
  world.settle();
  std::vector<Octets> held;  // frames in flight, in the link's order
  std::set<std::size_t> sizes;
  for (unsigned step = 0; step < 4000; ++step) {
    const auto number = static_cast<std::uint16_t>(below(kCalls));
    const std::size_t size = 40 + below(1400);
    const Octets inner = inner_packet(wire::Ipv4Address(kSubscriber.value + number), kHost, size);
    Octets frame = number > 0 ? peers[number].encrypted(inner) : peers[number].clear(inner);
    sizes.insert(size);
    if (tagged) {
      frame = PacketBuilder(frame).vlan(7).octets();
    }
    const std::vector<Octets> pieces = !tagged && frame.size() > 200 && one_in(3)
                                           ? fragments_of(frame, 8 * (10 + below(100)))
                                           : std::vector<Octets>{frame};
    for (const Octets& piece : pieces) {
      if (!one_in(20)) {
        held.push_back(piece);
      }
      if (one_in(20)) {
        held.push_back(one_in(2) ? piece : damaged(piece));
      }
    }
    while (held.size() > below(12)) {
      const std::uint32_t which = below(static_cast<std::uint32_t>(std::min<std::size_t>(held.size(), 4)));
      world.arrive(kAccessSide, held[which], static_cast<std::uint16_t>(below(2)));
      held.erase(held.begin() + which);
      if (one_in(3)) {
        world.arrive(kCoreSide,
                     one_in(8) ? damaged(core_frame(inner))
                               : core_frame(inner_packet(
                                     kHost, wire::Ipv4Address(kSubscriber.value + below(5)), size)),
                     static_cast<std::uint16_t>(below(2)));
      }
    }
    if (one_in(4)) {
      world.settle();
      for (const Octets& out : world.sent(kCoreSide)) {
        const auto header = wire::parse_ethernet(out);
        ASSERT_TRUE(header);
        const wire::Ipv4View ip(out.data() + header->header_length);
        // Damage that passes IPv4's checksum and the plausibility test may change a payload, but never the
        // packet's owner.
        if (ip.protocol() == wire::kIpProtocolUdp) {
          ASSERT_TRUE(sizes.contains(ip.total_length())) << ip.total_length();
        }
        ASSERT_LT(ip.source().value - kSubscriber.value, kCalls);
      }
      world.sent(kAccessSide);
      world.punted();
      while (world.told<contract::PppFrameIn>(0) || world.told<contract::PppFrameIn>(1) ||
             world.told<contract::FramesPunted>(0) || world.told<contract::FramesPunted>(1) ||
             world.told<contract::MppeDesynchronised>(0) || world.told<contract::MppeDesynchronised>(1)) {
        for (std::uint16_t worker = 0; worker < 2; ++worker) {
          auto& frames = world.mailbox(worker).frames_to_control;
          while (frames.front() != nullptr) {
            frames.release();
          }
        }
      }
      world.pass_ms(below(30));
    }
    if (one_in(500)) {
      const std::uint16_t again = static_cast<std::uint16_t>(below(kCalls));
      world.tell(calls[again], contract::DisableIp{calls[again]});
      world.tell(calls[again],
                 contract::EnableIp{.call = calls[again],
                                    .subscriber = wire::Ipv4Address(kSubscriber.value + again)});
    }
  }
  world.pass_ms(2 * kReassemblyMs);
  world.settle();
  std::uint64_t through = 0;
  for (const contract::CallRef& call : calls) {
    through += world.totals(call).uplink_packets;
  }
  EXPECT_GT(through, 1000U) << "and most calls have gone on";
}

INSTANTIATE_TEST_SUITE_P(Seeds, Chaos, testing::Range(1U, 9U));

}  // namespace
}  // namespace adit::dataplane::path
