// SPDX-License-Identifier: Apache-2.0
// Calls on a control connection: the catalogue's CTL cases about OCRQ, CCRQ, CDN, ICRQ and SLI.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/controlplane/pptp/connection_fixture.hpp"

namespace adit::control {
namespace {

// ---- calls --------------------------------------------------------------------------------------------------------

TEST_F(PptpConnectionTest, CTL_10_CallBeforeTheStartIsNotConnected) {
  OutgoingCallRequest request;
  request.call_id = 0x00FF;
  receive(request);
  const auto reply = expect_sent<OutgoingCallReply>();
  EXPECT_EQ(reply.result, OutgoingResult::kGeneralError);
  EXPECT_EQ(reply.error, GeneralError::kNotConnected);
  EXPECT_EQ(reply.call_id, 0);
  EXPECT_EQ(reply.peer_call_id, 0x00FF);
  EXPECT_TRUE(calls_.empty());
  EXPECT_EQ(refused_, std::vector{EndReason::kMalformed});
}

TEST_F(PptpConnectionTest, CTL_12_SccrqOcrqCcrqInOneSegment) {
  std::vector<std::uint8_t> segment;
  OutgoingCallRequest request;
  request.call_id = 0xF1E7;
  for (const Message& m :
       {Message(StartControlConnectionRequest{}), Message(request), Message(CallClearRequest{0xF1E7})}) {
    const Encoded encoded = write(m);
    segment.insert(segment.end(), encoded.octets().begin(), encoded.octets().end());
  }
  receive_raw(segment);
  expect_sent<StartControlConnectionReply>();
  const auto reply = expect_sent<OutgoingCallReply>();
  const auto notify = expect_sent<CallDisconnectNotify>();
  EXPECT_EQ(notify.call_id, reply.call_id);
  EXPECT_EQ(notify.result, DisconnectResult::kRequest);
  ASSERT_EQ(cleared_.size(), 1u);
  EXPECT_EQ(cleared_[0].reason, EndReason::kUserRequest);
  expect_stopped_for(EndReason::kUserRequest);
}

TEST_F(PptpConnectionTest, CTL_13_ClearMatchesTheirIdThenOursThenTheOnlyCall) {
  settings_.max_calls_per_connection = 3;
  establish();
  const std::uint16_t first = dial(0x0AAA);
  const std::uint16_t second = dial(first);  // their second ID equals our first one: theirs takes precedence
  receive(CallClearRequest{first});
  EXPECT_EQ(expect_sent<CallDisconnectNotify>().call_id, second);
  const std::uint16_t third = dial(0x0BBB);
  receive(CallClearRequest{0x7777});  // matches no call, and two are up
  expect_silence();
  receive(CallClearRequest{third});  // our ID
  EXPECT_EQ(expect_sent<CallDisconnectNotify>().call_id, third);
  receive(CallClearRequest{0x7777});  // matches no call, and one is up
  EXPECT_EQ(expect_sent<CallDisconnectNotify>().call_id, first);
  expect_sent<StopControlConnectionRequest>();
  receive(CallClearRequest{0x7777});  // again
  expect_silence();
  EXPECT_EQ(cleared_.size(), 3u);
}

TEST_F(PptpConnectionTest, CTL_13_ClearWithoutACallIsIgnored) {
  receive(CallClearRequest{1});
  establish();
  receive(CallClearRequest{1});
  expect_silence();
  EXPECT_FALSE(ended_);
}

TEST_F(PptpConnectionTest, CTL_14_MessagesThatAreNotTheClientsToSend) {
  const std::vector<Message> ignored = {OutgoingCallReply{}, StartControlConnectionReply{},
                                        WanErrorNotify{},    IncomingCallConnected{},
                                        IncomingCallReply{}, EchoReply{5}};
  for (const int state : {0, 1, 2, 3}) {  // before the start, established, in a call, stopping
    restart();
    if (state >= 1) {
      establish();
    }
    if (state >= 2) {
      dial(3);
    }
    if (state == 3) {
      receive(CallClearRequest{3});
      sent_.clear();
    }
    for (const Message& message : ignored) {
      receive(message);
      expect_silence();
    }
    IncomingCallRequest ring;
    ring.call_id = 0x00FF;
    receive(ring);
    const auto reply = expect_sent<IncomingCallReply>();
    EXPECT_EQ(reply.peer_call_id, 0x00FF);
    if (state == 1 || state == 2) {
      EXPECT_EQ(reply.result, IncomingResult::kDoNotAccept);
    } else {
      EXPECT_EQ(reply.result, IncomingResult::kGeneralError);
      EXPECT_EQ(reply.error, GeneralError::kNotConnected);
    }
    EXPECT_FALSE(ended_);
    EXPECT_EQ(cleared_.size(), state == 3 ? 1u : 0u);
  }
}

TEST_F(PptpConnectionTest, CTL_14_DisconnectNotifyFromTheClientEndsTheCall) {
  establish();
  dial(3);
  CallDisconnectNotify notify;
  notify.call_id = 3;
  receive(notify);
  ASSERT_EQ(cleared_.size(), 1u);
  EXPECT_EQ(cleared_[0].reason, EndReason::kUserRequest);
  expect_stopped_for(EndReason::kUserRequest);
}

TEST_F(PptpConnectionTest, CTL_15_StopIsAnsweredAndClearsEveryCall) {
  settings_.max_calls_per_connection = 4;
  for (const unsigned reason : {1u, 2u, 3u, 99u}) {
    for (const int calls : {-1, 0, 1, 4}) {  // -1: before the start
      restart();
      if (calls >= 0) {
        establish();
      }
      for (int i = 0; i < calls; ++i) {
        dial(static_cast<std::uint16_t>(100 + i));
      }
      receive(StopControlConnectionRequest{static_cast<StopReason>(reason)});
      EXPECT_EQ(expect_sent<StopControlConnectionReply>().result, SimpleResult::kOk);
      expect_silence();
      EXPECT_TRUE(ended_);
      EXPECT_EQ(end_reason_, EndReason::kUserRequest);
      EXPECT_EQ(cleared_.size(), static_cast<std::size_t>(std::max(calls, 0)));
      for (const auto& one : cleared_) {
        EXPECT_EQ(one.reason, EndReason::kUserRequest);
      }
      EXPECT_EQ(wheel_.armed_count(), 0u);
    }
  }
}

TEST_F(PptpConnectionTest, CTL_17_RefusedInstallSaysWhy) {
  const struct {
    EndReason reason;
    OutgoingResult result;
    GeneralError error;
  } cases[] = {{EndReason::kNoResource, OutgoingResult::kGeneralError, GeneralError::kNoResource},
               {EndReason::kLimit, OutgoingResult::kDoNotAccept, GeneralError::kNone},
               {EndReason::kShutdown, OutgoingResult::kDoNotAccept, GeneralError::kNone}};
  establish();
  for (const auto& one : cases) {
    refuse_with_ = one.reason;
    receive(OutgoingCallRequest{});
    const auto reply = expect_sent<OutgoingCallReply>();
    EXPECT_EQ(reply.result, one.result);
    EXPECT_EQ(reply.error, one.error);
    EXPECT_EQ(reply.call_id, 0);
    EXPECT_EQ(refused_.back(), one.reason);
  }
  EXPECT_EQ(answered_, 0);
  refuse_with_ = EndReason::kNone;
  dial(1);  // and afterwards one succeeds
}

TEST_F(PptpConnectionTest, CTL_19_OneOfTwoCallsEndsAndTheOtherSurvives) {
  settings_.max_calls_per_connection = 2;
  establish();
  const std::uint16_t first = dial(10);
  const std::uint16_t second = dial(11);
  OutgoingCallRequest third;
  third.call_id = 12;
  receive(third);
  EXPECT_EQ(expect_sent<OutgoingCallReply>().result, OutgoingResult::kDoNotAccept);
  EXPECT_EQ(refused_, std::vector{EndReason::kLimit});
  receive(CallClearRequest{10});
  EXPECT_EQ(expect_sent<CallDisconnectNotify>().call_id, first);
  expect_silence();
  EXPECT_FALSE(ended_);
  dial(12);  // room again
  connection().end_call(*calls_[1], EndReason::kAdminReset);
  const auto notify = expect_sent<CallDisconnectNotify>();
  EXPECT_EQ(notify.call_id, second);
  EXPECT_EQ(notify.result, DisconnectResult::kAdminShutdown);
  expect_silence();
  EXPECT_FALSE(ended_);
}

TEST_F(PptpConnectionTest, CTL_19_SecondCallWithTheSameIdIsRefused) {
  settings_.max_calls_per_connection = 2;
  establish();
  dial(0);
  receive(OutgoingCallRequest{});
  const auto reply = expect_sent<OutgoingCallReply>();
  EXPECT_EQ(reply.result, OutgoingResult::kGeneralError);
  EXPECT_EQ(reply.error, GeneralError::kBadCallId);
  EXPECT_EQ(calls_.size(), 1u);
  EXPECT_TRUE(cleared_.empty());
}

TEST_F(PptpConnectionTest, EndedCallsTellWhyAndStopTheConnection) {
  const struct {
    EndReason reason;
    DisconnectResult result;
    GeneralError error;
  } cases[] = {{EndReason::kLostCarrier, DisconnectResult::kLostCarrier, GeneralError::kNone},
               {EndReason::kAdminReset, DisconnectResult::kAdminShutdown, GeneralError::kNone},
               {EndReason::kAuthFailed, DisconnectResult::kAdminShutdown, GeneralError::kNone},
               {EndReason::kPoolEmpty, DisconnectResult::kGeneralError, GeneralError::kNoResource},
               {EndReason::kInternal, DisconnectResult::kGeneralError, GeneralError::kPacError}};
  for (const auto& one : cases) {
    restart();
    establish();
    const std::uint16_t id = dial(10);
    connection().end_call(*calls_[0], one.reason);
    const auto notify = expect_sent<CallDisconnectNotify>();
    EXPECT_EQ(notify.call_id, id);
    EXPECT_EQ(notify.result, one.result);
    EXPECT_EQ(notify.error, one.error);
    EXPECT_TRUE(cleared_.empty());
    expect_stopped_for(one.reason);
  }
}

TEST_F(PptpConnectionTest, CTL_21_LinkInfoIsMirroredOnceAfterLcpOpened) {
  for (const bool before : {true, false}) {
    restart();
    establish();
    const std::uint16_t id = dial(0x00FF);
    const std::uint32_t masks[] = {0, 0xFFFFFFFF, 0x000A0000};
    if (before) {
      for (const std::uint32_t mask : masks) {
        receive(SetLinkInfo{id, mask, ~mask});
      }
      expect_silence();
      connection().on_lcp_opened(*calls_[0]);
    } else {
      connection().on_lcp_opened(*calls_[0]);
      expect_silence();
      receive(SetLinkInfo{id, 0, 0xFFFFFFFF});
    }
    const auto info = expect_sent<SetLinkInfo>();
    EXPECT_EQ(info.peer_call_id, 0x00FF);
    EXPECT_EQ(info.send_accm, 0xFFFFFFFF);
    EXPECT_EQ(info.receive_accm, 0xFFFFFFFF);
    receive(SetLinkInfo{id, 0, 0});
    connection().on_lcp_opened(*calls_[0]);
    expect_silence();
  }
}

TEST_F(PptpConnectionTest, CTL_21_LinkInfoWithAWrongIdOrNoCallIsIgnored) {
  receive(SetLinkInfo{});
  establish();
  receive(SetLinkInfo{});
  const std::uint16_t id = dial(0x00FF);
  receive(SetLinkInfo{static_cast<std::uint16_t>(id + 1), 0, 0});
  connection().on_lcp_opened(*calls_[0]);
  expect_silence();
  EXPECT_FALSE(ended_);
}

TEST_F(PptpConnectionTest, CTL_21_LinkInfoPolicies) {
  for (const auto policy : {SetLinkInfoPolicy::kNever, SetLinkInfoPolicy::kAlways}) {
    for (const bool peer_sends : {false, true}) {
      restart();
      settings_.set_link_info = policy;
      establish();
      const std::uint16_t id = dial(4);
      if (peer_sends) {
        receive(SetLinkInfo{id, 0, 0});
      }
      expect_silence();
      connection().on_lcp_opened(*calls_[0]);
      if (policy == SetLinkInfoPolicy::kAlways) {
        expect_sent<SetLinkInfo>();
      }
      expect_silence();
    }
  }
}

TEST_F(PptpConnectionTest, CTL_22_ReplyCarriesOurIdAndTheirsVerbatim) {
  for (const std::uint16_t peer_id : std::initializer_list<std::uint16_t>{0x1234, 0x00FF, 0}) {
    restart();
    next_id_ = 0xABCD;
    establish();
    OutgoingCallRequest request;
    request.call_id = peer_id;
    request.maximum_bps = 100'000'000;
    receive(request);
    const auto reply = expect_sent<OutgoingCallReply>();
    EXPECT_EQ(reply.call_id, 0xABCD);
    EXPECT_EQ(reply.peer_call_id, peer_id);
    EXPECT_EQ(reply.result, OutgoingResult::kConnected);
    EXPECT_EQ(reply.error, GeneralError::kNone);
    EXPECT_EQ(reply.cause, 0);
    EXPECT_EQ(reply.connect_speed, 100'000'000u);
    EXPECT_EQ(reply.receive_window, 64);
    EXPECT_EQ(reply.physical_channel, 0u);
    EXPECT_EQ(answered_, 1);
  }
}

}  // namespace
}  // namespace adit::control
