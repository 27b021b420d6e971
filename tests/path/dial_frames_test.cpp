// SPDX-License-Identifier: Apache-2.0
// PPP control frames of calls whose IP has not been up yet (SEC-08). Anybody can have thousands of such calls: each may
// send what a dial takes, and all of them together leave half of the ring to control to subscribers.
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

using contract::kDialFrames;
using contract::kFramesToControl;

class DialFrames : public testing::Test {
 protected:
  /// `frames` Echo-Requests of a peer, all at once.
  void send(Peer& peer, std::uint32_t frames) {
    for (std::uint32_t n = 0; n < frames; ++n) {
      world_.arrive(kAccessSide, peer.control(wire::PppProtocol::kLcp, Octets{9, 1, 0, 8, 0, 0, 0, 0}));
      world_.settle();
    }
  }
  std::uint32_t sent(Peer& peer, std::uint32_t frames) {
    send(peer, frames);
    return received();
  }
  /// Frames that control has received.
  std::uint32_t received() {
    std::uint32_t frames = 0;
    while (world_.ppp_frame()) {
      ++frames;
    }
    return frames;
  }
  void enable_ip(const contract::CallRef& call) {
    world_.tell(call, contract::EnableIp{.call = call, .subscriber = kSubscriber});
    world_.settle();
  }
  /// Calls first.. that dial, each with as many frames as it may send at once.
  std::uint32_t strangers(std::uint16_t first, std::uint16_t count) {
    for (std::uint16_t number = first; number < first + count; ++number) {
      world_.install(number);
      Peer peer(number);
      send(peer, kDialFrameCapacity);
    }
    return count * kDialFrameCapacity;
  }

  World world_{{.slots = 128}};
};

TEST_F(DialFrames, SEC_08_ACallThatDialsHasABurstAndThenFewASecond) {
  world_.install();
  Peer peer;
  EXPECT_EQ(sent(peer, 500), kDialFrameCapacity);
  EXPECT_EQ(world_.dropped(DropReason::kPppFlood), 500 - kDialFrameCapacity);
  for (int second = 0; second < 60; ++second) {
    world_.pass_ms(1000);
    EXPECT_EQ(sent(peer, 100), kDialFramesPerSecond) << second;
  }
  world_.pass_ms(3'600'000);
  EXPECT_EQ(sent(peer, 500), kDialFrameCapacity);
}

TEST_F(DialFrames, SEC_08_OnceIpIsUpItHasASubscribersShare) {
  const contract::CallRef call = world_.install();
  Peer peer;
  EXPECT_EQ(sent(peer, 500), kDialFrameCapacity);
  enable_ip(call);
  EXPECT_EQ(sent(peer, 500), 0U) << "coming up makes no frames";
  world_.pass_ms(1000);
  EXPECT_EQ(sent(peer, 500), kPppFramesPerSecond);
  world_.pass_ms(10'000);
  EXPECT_EQ(sent(peer, 500), kPppFrameCapacity);
  // LCP begins anew for new keys: it is the same subscriber's still.
  world_.tell(call, contract::DisableIp{call});
  world_.pass_ms(1000);
  EXPECT_EQ(sent(peer, 500), kPppFramesPerSecond);
}

TEST_F(DialFrames, SEC_08_BeItByIpv6Alone) {
  const contract::CallRef call = world_.install();
  Peer peer;
  world_.tell(call, contract::EnableIpv6{.call = call, .interface_id = 7});
  world_.settle();
  EXPECT_EQ(sent(peer, 500), kPppFrameCapacity);
  world_.tell(call, contract::DisableIpv6{call});
  world_.pass_ms(1000);
  EXPECT_EQ(sent(peer, 500), kPppFramesPerSecond) << "LCP begins anew";
}

TEST_F(DialFrames, SEC_08_TheNextCallInTheSlotDials) {
  const contract::CallRef call = world_.install_up();
  world_.tell(call, contract::RemoveCall{call});
  world_.settle();
  ASSERT_TRUE(world_.told<contract::CallRemoved>());
  world_.index().unmap_call(kServer, kClient, kLocalId);
  world_.install();
  Peer peer;
  EXPECT_EQ(sent(peer, 500), kDialFrameCapacity);
}

// RFC 1661 §4.6: a peer asks up to Max-Configure times; ours is refused Max-Failure times. More than any client does.
TEST_F(DialFrames, SEC_08_NoHonestDialComesNearIt) {
  constexpr std::uint32_t kInsists =
      3 * 2 * 6;  // LCP, CCP and IPCP: five refusals and the end, both ways, in no time
  constexpr std::uint32_t kAnew = 2 + 2 + 4 + 6;  // LCP, CHAP, CCP, IPCP
  world_.install();
  Peer peer;
  EXPECT_EQ(sent(peer, kInsists + 6), kInsists + 6) << "with Identification, Time-Remaining, CHAP and IPv6CP";
  for (int second = 0; second < 60; ++second) {  // login-timeout
    world_.pass_ms(1000);
    const std::uint32_t frames =
        1 + (second % 5 == 0 ? kAnew : 0);  // a password a second, and LCP begins anew
    ASSERT_EQ(sent(peer, frames), frames) << second;
  }
  EXPECT_EQ(world_.all_drops(), 0U);
}

TEST_F(DialFrames, SEC_08_CallsThatDialLeaveSubscribersHalfTheRing) {
  const contract::CallRef subscriber = world_.install_up(0);
  Peer peer(0);
  ASSERT_EQ(world_.counters().ppp_frames_in.read(), 0U);
  const std::uint32_t flood = strangers(1, 100);
  ASSERT_GT(flood, kDialFrames);
  EXPECT_EQ(world_.dropped(DropReason::kControlRingDials), flood - kDialFrames);
  send(peer, 1);  // an echo, a Reset-Request, a hang-up
  EXPECT_EQ(world_.totals(subscriber).drops, 0U);
  EXPECT_EQ(world_.dropped(DropReason::kControlRingFull), 0U);
  EXPECT_EQ(received(), kDialFrames + 1);
}

TEST_F(DialFrames, SEC_08_SubscribersMayFillTheRing) {
  std::uint32_t flood = 0;
  for (std::uint16_t number = 0; number < 100; ++number) {
    world_.install_up(number);
    Peer peer(number);
    send(peer, kPppFrameCapacity);
    flood += kPppFrameCapacity;
  }
  EXPECT_EQ(world_.dropped(DropReason::kControlRingFull), flood - kFramesToControl);
  strangers(100, 1);
  EXPECT_EQ(world_.dropped(DropReason::kControlRingDials), kDialFrameCapacity);
  EXPECT_EQ(received(), kFramesToControl);
}

TEST_F(DialFrames, SEC_08_DialsGoOnAsControlReads) {
  strangers(0, 100);
  for (int n = 0; n < 10; ++n) {
    ASSERT_TRUE(world_.ppp_frame());
  }
  const std::uint64_t passed = world_.counters().ppp_frames_in.read();
  strangers(100, 1);
  EXPECT_EQ(world_.counters().ppp_frames_in.read(), passed + 10);
  EXPECT_EQ(received(), kDialFrames);
}

}  // namespace
}  // namespace adit::dataplane::path
