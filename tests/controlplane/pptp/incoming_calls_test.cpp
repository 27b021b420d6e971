// SPDX-License-Identifier: Apache-2.0
// Calls that an access concentrator brings in: Incoming-Call-Request, -Reply and -Connected in every order.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/controlplane/pptp/connection_fixture.hpp"

namespace adit::control {
namespace {

using namespace std::chrono_literals;

class IncomingCallsTest : public PptpConnectionTest {
 protected:
  IncomingCallsTest() {
    settings_.incoming_calls = true;
    settings_.max_calls_per_connection = 3;
  }
  IncomingCallReply refused_ring(const IncomingCallRequest& request) {
    receive(request);
    const auto reply = expect_sent<IncomingCallReply>();
    EXPECT_EQ(reply.peer_call_id, request.call_id);
    EXPECT_EQ(reply.call_id, 0);
    return reply;
  }
  void disconnect(std::uint16_t id) {
    CallDisconnectNotify notify;
    notify.call_id = id;
    receive(notify);
  }
};

TEST_F(IncomingCallsTest, CTL_24_ACallIsBroughtInAnsweredAndConnected) {
  establish();
  IncomingCallRequest request;
  request.call_id = 0x00FF;
  request.dialing_number = FixedText<64>("0305551234");
  request.dialing_length = 10;
  request.dialed_number = FixedText<64>("555000tail");
  request.dialed_length = 6;
  receive(request);
  const auto reply = expect_sent<IncomingCallReply>();
  EXPECT_EQ(reply.result, IncomingResult::kConnect);
  EXPECT_EQ(reply.error, GeneralError::kNone);
  EXPECT_EQ(reply.call_id, 0x1234);
  EXPECT_EQ(reply.peer_call_id, 0x00FF);
  EXPECT_EQ(reply.receive_window, 64);
  EXPECT_EQ(answered_, 0) << "PPP waits for the Incoming-Call-Connected";
  ASSERT_EQ(calls_.size(), 1u);
  ASSERT_NE(calls_[0]->incoming, nullptr);
  EXPECT_EQ(calls_[0]->incoming->stations->calling, "0305551234");
  EXPECT_EQ(calls_[0]->incoming->stations->called, "555000") << "as long as it says";
  connect(reply.call_id);
  EXPECT_EQ(answered_, 1);
  EXPECT_EQ(calls_[0]->peer_window, 17);
  expect_silence();
  EXPECT_TRUE(ignored_.empty());
}

TEST_F(IncomingCallsTest, CTL_24_DeniedItIsToldSoAndTheConnectionStays) {
  settings_.incoming_calls = false;
  establish();
  IncomingCallRequest request;
  request.call_id = 7;
  const auto reply = refused_ring(request);
  EXPECT_EQ(reply.result, IncomingResult::kDoNotAccept);
  EXPECT_EQ(reply.error, GeneralError::kNone);
  EXPECT_EQ(refused_, std::vector{EndReason::kIncomingDenied});
  EXPECT_TRUE(calls_.empty());
  dial(7);
}

TEST_F(IncomingCallsTest, CTL_24_AnIdThatIsInUseIsRefusedWhoeverAsks) {
  establish();
  ring(10);
  dial(11);
  for (const std::uint16_t used : {std::uint16_t{10}, std::uint16_t{11}}) {
    IncomingCallRequest request;
    request.call_id = used;
    const auto reply = refused_ring(request);
    EXPECT_EQ(reply.result, IncomingResult::kGeneralError);
    EXPECT_EQ(reply.error, GeneralError::kBadCallId);
    OutgoingCallRequest other;
    other.call_id = used;
    receive(other);
    EXPECT_EQ(expect_sent<OutgoingCallReply>().error, GeneralError::kBadCallId);
  }
  EXPECT_EQ(calls_.size(), 2u);
  EXPECT_TRUE(cleared_.empty());
}

TEST_F(IncomingCallsTest, CTL_24_MalformedNumbersAreABadValue) {
  establish();
  const auto with = [](std::string_view calling, std::uint16_t length, std::uint16_t dialed) {
    IncomingCallRequest request;
    request.call_id = 5;
    request.dialing_number = FixedText<64>(calling);
    request.dialing_length = length;
    request.dialed_length = dialed;
    return request;
  };
  for (const IncomingCallRequest& request :
       {with("030", 65, 0), with("030", 3, 65), with("030", 0xFFFF, 0), with("03\n0", 4, 0),
        with("\x1b[2J", 4, 0), with("\xc3\xa4", 2, 0), with("0\x7f", 2, 0)}) {
    const auto reply = refused_ring(request);
    EXPECT_EQ(reply.result, IncomingResult::kGeneralError);
    EXPECT_EQ(reply.error, GeneralError::kBadValue);
    EXPECT_EQ(refused_.back(), EndReason::kMalformed);
  }
  EXPECT_TRUE(calls_.empty());
  receive(with(std::string(64, '7'), 64, 0));  // the longest
  EXPECT_EQ(expect_sent<IncomingCallReply>().result, IncomingResult::kConnect);
  EXPECT_EQ(calls_[0]->incoming->stations->calling.size(), 64u);
}

TEST_F(IncomingCallsTest, CTL_24_BeforeTheStartAndWhileStoppingItIsNotConnected) {
  IncomingCallRequest request;
  request.call_id = 5;
  EXPECT_EQ(refused_ring(request).error, GeneralError::kNotConnected);
  establish();
  dial(3);
  receive(CallClearRequest{3});
  expect_sent<CallDisconnectNotify>();
  expect_sent<StopControlConnectionRequest>();
  EXPECT_EQ(refused_ring(request).error, GeneralError::kNotConnected);
  EXPECT_EQ(calls_.size(), 1u);
}

TEST_F(IncomingCallsTest, CTL_24_RefusedInstallSaysWhy) {
  establish();
  IncomingCallRequest request;
  refuse_with_ = EndReason::kNoResource;
  auto reply = refused_ring(request);
  EXPECT_EQ(reply.result, IncomingResult::kGeneralError);
  EXPECT_EQ(reply.error, GeneralError::kNoResource);
  refuse_with_ = EndReason::kShutdown;
  reply = refused_ring(request);
  EXPECT_EQ(reply.result, IncomingResult::kDoNotAccept);
  EXPECT_EQ(reply.error, GeneralError::kNone);
}

TEST_F(IncomingCallsTest, CTL_24_ConnectedWithoutARequestForAnothersCallOrTwiceIsIgnored) {
  connect(1);  // before the start
  establish();
  connect(0x1234);
  EXPECT_EQ(ignored_.size(), 1u) << "no call at all";
  const std::uint16_t outgoing = dial(3);
  EXPECT_EQ(answered_, 1);
  connect(outgoing);
  EXPECT_EQ(ignored_.size(), 2u) << "the call was not brought in";
  const std::uint16_t brought = ring(4);
  connect(4);
  EXPECT_EQ(ignored_.size(), 3u) << "their ID is not ours";
  EXPECT_EQ(answered_, 1);
  connect(brought);
  EXPECT_EQ(answered_, 2);
  connect(brought);
  EXPECT_EQ(ignored_, std::vector(4, ControlType::kIncomingCallConnected));
  EXPECT_EQ(answered_, 2);
  expect_silence();
  EXPECT_FALSE(ended_);
}

TEST_F(IncomingCallsTest, CTL_24_ACallThatIsNotConnectedInTimeIsClearedAlone) {
  settings_.call_timeout = 5s;
  establish();
  const std::uint16_t slow = ring(10);
  const std::uint16_t quick = ring(11);
  connect(quick);
  advance(4900ms);
  expect_silence();
  advance(200ms);
  EXPECT_EQ(expect_sent<CallClearRequest>().call_id, slow);
  expect_silence();
  ASSERT_EQ(cleared_.size(), 1u);
  EXPECT_EQ(cleared_[0].local_id, slow);
  EXPECT_EQ(cleared_[0].reason, EndReason::kNotConnected);
  disconnect(10);  // its answer ends no other call
  EXPECT_EQ(cleared_.size(), 1u);
  connect(slow);  // too late
  EXPECT_EQ(ignored_.size(), 1u);
  EXPECT_EQ(answered_, 1);
}

TEST_F(IncomingCallsTest, CTL_24_WeAskForTheEndAndThePeerNotifiesIt) {
  establish();
  const std::uint16_t id = ring(10);
  connect(id);
  connection().end_call(*calls_[0], EndReason::kAdminReset);
  EXPECT_EQ(expect_sent<CallClearRequest>().call_id, id);
  expect_silence();
  disconnect(10);
  expect_silence();
  EXPECT_TRUE(cleared_.empty());
  EXPECT_FALSE(ended_) << "it may bring in others";
  connect(ring(10));
  EXPECT_EQ(answered_, 2);
}

TEST_F(IncomingCallsTest, CTL_24_AConnectionThatBringsCallsInWaitsForTheNextAndThenStops) {
  settings_.call_timeout = 5s;
  settings_.echo_interval = 1h;
  establish();
  connect(ring(10));
  advance(20s);
  disconnect(10);
  ASSERT_EQ(cleared_.size(), 1u);
  EXPECT_EQ(cleared_[0].reason, EndReason::kUserRequest);
  expect_silence();
  EXPECT_TRUE(connection().outlives_calls());
  advance(4s);
  connect(ring(11));
  advance(20s);
  disconnect(11);
  advance(5100ms);
  expect_stopped_for(EndReason::kStartTimeout);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(IncomingCallsTest, CTL_24_TheCallerHangsUpBeforeTheAnswer) {
  establish();
  const std::uint16_t id = ring(10);
  disconnect(10);
  ASSERT_EQ(cleared_.size(), 1u);
  EXPECT_EQ(cleared_[0].local_id, id);
  connect(id);
  EXPECT_EQ(answered_, 0);
  EXPECT_EQ(ignored_.size(), 1u);
}

TEST_F(IncomingCallsTest, CTL_25_MixedEndsDoNotMeet) {
  establish();
  const std::uint16_t brought = ring(10);
  connect(brought);
  const std::uint16_t asked = dial(brought);  // their ID for the second is ours for the first
  EXPECT_EQ(answered_, 2);
  disconnect(0x7777);  // nobody's, and no guess is made
  receive(CallClearRequest{asked});
  expect_silence();
  receive(CallClearRequest{brought});  // the one that they asked for
  EXPECT_EQ(expect_sent<CallDisconnectNotify>().call_id, asked);
  ASSERT_EQ(cleared_.size(), 1u);
  EXPECT_EQ(cleared_[0].local_id, asked);
  disconnect(10);
  ASSERT_EQ(cleared_.size(), 2u);
  EXPECT_EQ(cleared_[1].local_id, brought);
  EXPECT_FALSE(ended_);
}

TEST_F(IncomingCallsTest, CTL_25_TheLimitIsForBothEnds) {
  establish();
  ring(10);
  dial(11);
  ring(12);
  IncomingCallRequest request;
  request.call_id = 13;
  EXPECT_EQ(refused_ring(request).result, IncomingResult::kDoNotAccept);
  EXPECT_EQ(refused_, std::vector{EndReason::kLimit});
}

TEST_F(IncomingCallsTest, CTL_25_AStopClearsBothEndsAndLeavesNoTimer) {
  establish();
  const std::uint16_t ringing = ring(10);
  const std::uint16_t connected = ring(11);
  connect(connected);
  const std::uint16_t asked = dial(12);
  connection().stop(EndReason::kShutdown, "aditd is stopping");
  EXPECT_EQ(expect_sent<CallDisconnectNotify>().call_id, asked);
  EXPECT_EQ(expect_sent<CallClearRequest>().call_id, connected);
  EXPECT_EQ(expect_sent<CallClearRequest>().call_id, ringing);
  EXPECT_EQ(cleared_.size(), 3u);
  expect_stopped_for(EndReason::kShutdown);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(IncomingCallsTest, CTL_25_TheEndOfTcpLeavesNoTimer) {
  establish();
  ring(10);
  connection().on_closed(EndReason::kPeerClosed, "the peer closed it");
  ASSERT_EQ(cleared_.size(), 1u);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

}  // namespace
}  // namespace adit::control
