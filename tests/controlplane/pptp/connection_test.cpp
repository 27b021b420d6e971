// SPDX-License-Identifier: Apache-2.0
// A control connection's start, framing, echo, deadlines and end: the catalogue's CTL cases that need no
// call.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/controlplane/pptp/connection_fixture.hpp"

namespace adit::control {
namespace {

// ---- start --------------------------------------------------------------------------------------------------------

TEST_F(PptpConnectionTest, CTL_02_WindowsXpStartIsAccepted) {
  StartControlConnectionRequest request;
  request.framing_capabilities = 1;
  request.bearer_capabilities = 1;
  request.firmware_revision = 2600;
  request.host_name = FixedText<64>(std::string(64, 'h'));
  request.vendor_string = FixedText<64>("Microsoft Windows NT");
  const Encoded encoded = write(request);
  std::vector<std::uint8_t> octets(encoded.octets().begin(), encoded.octets().end());
  octets[10] = octets[11] = octets[14] = octets[15] = 0xFF;  // reserved, but not zero
  receive_raw(octets);
  const auto reply = expect_sent<StartControlConnectionReply>();
  EXPECT_EQ(reply.result, StartResult::kOk);
  EXPECT_EQ(reply.error, GeneralError::kNone);
  EXPECT_EQ(reply.version, 0x0100);
  EXPECT_EQ(reply.host_name.text(), "adit");
  EXPECT_EQ(reply.vendor_string.text(), "Adit");
  EXPECT_EQ(established_, 1);
  EXPECT_FALSE(ended_);
}

TEST_F(PptpConnectionTest, CTL_03_HigherVersionGetsOurs) {
  StartControlConnectionRequest request;
  request.version = 0x0200;
  receive(request);
  const auto reply = expect_sent<StartControlConnectionReply>();
  EXPECT_EQ(reply.result, StartResult::kOk);
  EXPECT_EQ(reply.version, 0x0100);
  dial(1);
}

TEST_F(PptpConnectionTest, CTL_03_LowerVersionIsRefused) {
  for (const std::uint16_t version : std::initializer_list<std::uint16_t>{0x0000, 0x00FF}) {
    restart();
    StartControlConnectionRequest request;
    request.version = version;
    receive(request);
    const auto reply = expect_sent<StartControlConnectionReply>();
    EXPECT_EQ(reply.result, StartResult::kVersionUnsupported);
    EXPECT_EQ(reply.version, 0x0100);
    EXPECT_TRUE(ended_);
    EXPECT_EQ(end_reason_, EndReason::kUnsupportedVersion);
    EXPECT_EQ(established_, 0);
  }
}

TEST_F(PptpConnectionTest, CTL_11_SecondStartLeavesTheCallAlone) {
  establish();
  dial(5);
  receive(StartControlConnectionRequest{});
  EXPECT_EQ(expect_sent<StartControlConnectionReply>().result, StartResult::kChannelExists);
  expect_silence();
  EXPECT_TRUE(cleared_.empty());
  receive(EchoRequest{1});
  expect_sent<EchoReply>();
}

// ---- framing ------------------------------------------------------------------------------------------------------

TEST_F(PptpConnectionTest, CTL_04_BadMagicClosesAtOnce) {
  for (const bool second : {false, true}) {
    restart();
    if (second) {
      establish();
    }
    receive_raw({0x00, 0x9C, 0x00, 0x01, 0x1A, 0x2B, 0x3C, 0x4E});
    EXPECT_TRUE(ended_);
    EXPECT_EQ(end_reason_, EndReason::kMalformed);
    EXPECT_EQ(end_detail_, "wrong magic cookie");
    expect_silence();
    receive(StartControlConnectionRequest{});  // no resynchronisation
    expect_silence();
  }
}

TEST_F(PptpConnectionTest, CTL_05_WrongLengthClosesWithoutWaitingForABody) {
  for (const Message& message : one_of_each()) {
    const Encoded encoded = write(message);
    for (const std::uint32_t length :
         {0u, 1u, 7u, 8u, 11u, 12u, 15u, 16u, 17u, 167u, 168u, 169u, 221u, 0xFFFFu}) {
      if (length == encoded.octets().size()) {
        continue;
      }
      restart();
      std::vector<std::uint8_t> octets(encoded.octets().begin(), encoded.octets().begin() + 10);
      wire::store_be(octets.data(), static_cast<std::uint16_t>(length));
      receive_raw(octets);
      EXPECT_TRUE(ended_) << length;
      EXPECT_EQ(end_reason_, EndReason::kMalformed);
      expect_silence();
    }
  }
}

TEST_F(PptpConnectionTest, MessagesMaySplitOrCoalesceAnywhere) {
  std::vector<std::uint8_t> stream;
  OutgoingCallRequest request;
  request.call_id = 0x00FF;
  for (const Message& m : {Message(StartControlConnectionRequest{}), Message(EchoRequest{9}),
                           Message(request), Message(SetLinkInfo{0x1234, 0, 0}), Message(EchoRequest{10})}) {
    const Encoded encoded = write(m);
    stream.insert(stream.end(), encoded.octets().begin(), encoded.octets().end());
  }
  const auto check = [&] {
    expect_sent<StartControlConnectionReply>();
    EXPECT_EQ(expect_sent<EchoReply>().identifier, 9u);
    EXPECT_EQ(expect_sent<OutgoingCallReply>().peer_call_id, 0x00FF);
    EXPECT_EQ(expect_sent<EchoReply>().identifier, 10u);
    expect_silence();
  };
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    restart();
    connection().on_bytes(std::span(stream).first(cut));
    connection().on_bytes(std::span(stream).subspan(cut));
    check();
  }
  restart();
  for (const std::uint8_t octet : stream) {
    connection().on_bytes({&octet, 1});
  }
  check();
}

TEST_F(PptpConnectionTest, SEC_06_WhoSendsOctetByOctetIsClosed) {
  establish();
  const Encoded echo = write(Message(EchoRequest{9}));
  int reads = 0;
  for (; !ended_ && reads < 100'000; ++reads) {  // each message is fifteen reads too many
    const std::uint8_t octet = echo.octets()[static_cast<std::size_t>(reads) % echo.octets().size()];
    connection().on_bytes({&octet, 1});
    wheel_.advance(wheel_.now() + Duration(reads % 2 * 10));  // 200 reads a second, 13 messages
  }
  EXPECT_TRUE(ended_);
  EXPECT_LT(reads, 1'000);
  EXPECT_EQ(end_reason_, EndReason::kLimit);
  EXPECT_EQ(end_detail_, "octet by octet");
}

TEST_F(PptpConnectionTest, MessagesInTwoPiecesAreNothingUnusual) {
  establish();
  dial(1);
  const Encoded echo = write(Message(EchoRequest{9}));
  for (int i = 0; i < 2'000; ++i) {  // ten a second
    connection().on_bytes(echo.octets().first(7));
    connection().on_bytes(echo.octets().subspan(7));
    wheel_.advance(wheel_.now() + Duration(100));
  }
  EXPECT_FALSE(ended_);
}

TEST_F(PptpConnectionTest, CTL_09_UnknownTypesClose) {
  for (const std::uint16_t type :
       {std::uint16_t{0}, std::uint16_t{16}, std::uint16_t{255}, std::uint16_t{0xFFFF}}) {
    restart();
    establish();
    std::vector<std::uint8_t> octets = {0, 16, 0, 1, 0x1A, 0x2B, 0x3C, 0x4D, 0, 0, 0, 0, 0, 0, 0, 0};
    wire::store_be(&octets[8], type);
    receive_raw(octets);
    EXPECT_TRUE(ended_);
    EXPECT_EQ(end_reason_, EndReason::kMalformed);
    EXPECT_EQ(end_detail_, "unknown control message type");
  }
  restart();
  establish();
  receive_raw({0, 16, 0, 2, 0x1A, 0x2B, 0x3C, 0x4D, 0, 5, 0, 0, 0, 0, 0, 0});  // a management message
  EXPECT_EQ(end_reason_, EndReason::kMalformed);
}

// ---- echo and deadlines -------------------------------------------------------------------------------------------

TEST_F(PptpConnectionTest, CTL_08_EchoRequestIsIgnoredBeforeTheStartAndAnsweredAfter) {
  receive(EchoRequest{0xDEADBEEF});
  expect_silence();
  EXPECT_FALSE(ended_);
  establish();
  receive(EchoRequest{0xDEADBEEF});
  const auto reply = expect_sent<EchoReply>();
  EXPECT_EQ(reply.identifier, 0xDEADBEEF);
  EXPECT_EQ(reply.result, SimpleResult::kOk);
  EXPECT_EQ(reply.error, GeneralError::kNone);
}

TEST_F(PptpConnectionTest, CTL_18_SilenceForExactlySixtySecondsAndSixtyMore) {
  establish();
  const std::uint16_t id = dial(7);
  advance(59'990ms);
  expect_silence();
  advance(10ms);
  expect_sent<EchoRequest>();
  advance(59'990ms);
  EXPECT_FALSE(ended_);
  expect_silence();
  advance(10ms);
  EXPECT_TRUE(ended_);
  EXPECT_EQ(end_reason_, EndReason::kEchoTimeout);
  const auto notify = expect_sent<CallDisconnectNotify>();
  EXPECT_EQ(notify.call_id, id);
  EXPECT_EQ(notify.result, DisconnectResult::kLostCarrier);
  expect_sent<StopControlConnectionRequest>();
  ASSERT_EQ(cleared_.size(), 1u);
  EXPECT_EQ(cleared_[0].reason, EndReason::kEchoTimeout);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(PptpConnectionTest, CTL_18_AnyMessageIsLifeAndHalfAMessageIsNot) {
  for (const Message& message : one_of_each()) {
    if (std::holds_alternative<StopControlConnectionRequest>(message) ||
        std::holds_alternative<CallClearRequest>(message) ||
        std::holds_alternative<CallDisconnectNotify>(message)) {
      continue;  // these end the call
    }
    restart();
    establish();
    dial(7);
    advance(60s);
    expect_sent<EchoRequest>();
    advance(59s);
    receive(message);
    sent_.clear();
    advance(59'990ms);
    EXPECT_FALSE(ended_);
    expect_silence();
    advance(10ms);
    expect_sent<EchoRequest>();
    EXPECT_FALSE(ended_);
  }
  const std::uint8_t zero = 0;
  advance(30s);
  connection().on_bytes({&zero, 1});
  advance(30s);
  EXPECT_TRUE(ended_);
  EXPECT_EQ(end_reason_, EndReason::kEchoTimeout);
}

TEST_F(PptpConnectionTest, CTL_18_EachEchoHasItsOwnIdentifier) {
  establish();
  dial(7);
  advance(60s);
  const auto first = expect_sent<EchoRequest>();
  receive(EchoReply{first.identifier, SimpleResult::kOk, GeneralError::kNone});
  advance(60s);
  EXPECT_NE(expect_sent<EchoRequest>().identifier, first.identifier);
}

TEST_F(PptpConnectionTest, SEC_05_TheStartDeadlineRunsFromAcceptNotFromTheLastOctet) {
  const Encoded request = write(StartControlConnectionRequest{});
  for (std::size_t i = 0; i < 10; ++i) {
    connection().on_bytes(request.octets().subspan(i, 1));
    EXPECT_FALSE(ended_);
    advance(1s);
  }
  EXPECT_TRUE(ended_);
  EXPECT_EQ(end_reason_, EndReason::kStartTimeout);
  expect_silence();
}

TEST_F(PptpConnectionTest, SEC_04_AStartWithoutACallIsStopped) {
  establish();
  advance(29'990ms);
  expect_silence();
  advance(10ms);
  expect_stopped_for(EndReason::kStartTimeout);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(PptpConnectionTest, SEC_04_RefusedCallsDoNotExtendTheDeadline) {
  establish();
  refuse_with_ = EndReason::kNoResource;
  for (int i = 0; i < 29; ++i) {
    receive(OutgoingCallRequest{});
    expect_sent<OutgoingCallReply>();
    advance(1s);
  }
  expect_silence();
  advance(1s);
  expect_sent<StopControlConnectionRequest>();
}

TEST_F(PptpConnectionTest, SEC_06_MessageFloodEndsTheConnection) {
  establish();
  dial(7);
  for (std::uint32_t i = 2; i < settings_.max_messages_per_second; ++i) {
    receive(EchoRequest{i});
  }
  EXPECT_FALSE(ended_);
  advance(1s);
  for (std::uint32_t i = 0; i < settings_.max_messages_per_second; ++i) {
    receive(SetLinkInfo{});
  }
  EXPECT_FALSE(ended_);
  receive(SetLinkInfo{});
  EXPECT_TRUE(ended_);
  EXPECT_EQ(end_reason_, EndReason::kLimit);
  EXPECT_EQ(cleared_.size(), 1u);
}

// ---- stop and loss ------------------------------------------------------------------------------------------------

TEST_F(PptpConnectionTest, CTL_23_StopWithoutAReplyEndsWithinItsBound) {
  establish();
  const std::uint16_t id = dial(3);
  connection().stop(EndReason::kShutdown, "a test stops");
  const auto notify = expect_sent<CallDisconnectNotify>();
  EXPECT_EQ(notify.call_id, id);
  EXPECT_EQ(notify.result, DisconnectResult::kAdminShutdown);
  EXPECT_EQ(expect_sent<StopControlConnectionRequest>().reason, StopReason::kLocalShutdown);
  EXPECT_EQ(cleared_.size(), 1u);
  receive(EchoRequest{5});  // still answered, but without extending the deadline
  expect_sent<EchoReply>();
  receive(OutgoingCallRequest{});
  EXPECT_EQ(expect_sent<OutgoingCallReply>().error, GeneralError::kNotConnected);
  advance(2'990ms);
  EXPECT_FALSE(ended_);
  advance(10ms);
  EXPECT_TRUE(ended_);
  EXPECT_EQ(end_reason_, EndReason::kShutdown);
  EXPECT_EQ(wheel_.armed_count(), 0u);
}

TEST_F(PptpConnectionTest, CTL_23_StopIsOverWithTheReplyTheirStopOrTheirClose) {
  for (const int how : {0, 1, 2}) {
    restart();
    establish();
    connection().stop(EndReason::kShutdown, "a test stops");
    expect_sent<StopControlConnectionRequest>();
    if (how == 0) {
      receive(StopControlConnectionReply{});
    } else if (how == 1) {
      receive(StopControlConnectionRequest{});
      expect_sent<StopControlConnectionReply>();
    } else {
      connection().on_closed(EndReason::kPeerClosed, "a test closes");
    }
    EXPECT_TRUE(ended_);
    EXPECT_EQ(end_reason_, EndReason::kShutdown);
  }
  restart();
  connection().stop(EndReason::kShutdown, "a test stops");  // before the start nothing is sent
  expect_silence();
  EXPECT_TRUE(ended_);
}

// The peer vanishes after each octet of a whole session; every call is cleared, no timer is left.
TEST_F(PptpConnectionTest, CTL_16_NothingIsLeftWhenThePeerVanishes) {
  settings_.max_calls_per_connection = 2;
  std::vector<std::uint8_t> stream;
  OutgoingCallRequest first, second;
  first.call_id = 1;
  second.call_id = 2;
  for (const Message& m : {Message(StartControlConnectionRequest{}), Message(first), Message(second),
                           Message(CallClearRequest{1}), Message(CallClearRequest{2})}) {
    const Encoded encoded = write(m);
    stream.insert(stream.end(), encoded.octets().begin(), encoded.octets().end());
  }
  for (std::size_t octets = 0; octets <= stream.size(); ++octets) {
    restart();
    connection().on_bytes(std::span(stream).first(octets));
    const std::size_t installed = calls_.size();
    connection().on_closed(EndReason::kPeerClosed, "a test closes");
    EXPECT_TRUE(ended_);
    EXPECT_EQ(cleared_.size(), installed) << octets;
    EXPECT_EQ(wheel_.armed_count(), 0u);
    connection().on_closed(EndReason::kPeerClosed, "a test closes");  // reported twice: harmless
    connection().on_bytes(stream);
  }
}

// Random messages, valid or not, in random order: never sends after its end, never ends twice, clears each
// call once.
TEST_F(PptpConnectionTest, FUZ_02_RandomOrderOfMessages) {
  std::mt19937 random(1998);
  settings_.max_calls_per_connection = 3;
  for (int round = 0; round < 3000; ++round) {
    restart();
    for (int step = 0; step < 40 && !ended_; ++step) {
      auto all = one_of_each();
      Message message = all[random() % all.size()];
      const std::uint16_t id = static_cast<std::uint16_t>(random() % 4 == 0 ? 0x1234 : random() % 5);
      if (auto* m = std::get_if<OutgoingCallRequest>(&message)) {
        m->call_id = id;
      } else if (auto* c = std::get_if<CallClearRequest>(&message)) {
        c->call_id = id;
      } else if (auto* s = std::get_if<StopControlConnectionRequest>(&message);
                 s != nullptr && random() % 8 != 0) {
        message = StartControlConnectionRequest{};
      }
      receive(message);
      if (random() % 16 == 0) {
        advance(Duration(random() % 40'000));
      }
      if (random() % 64 == 0 && !ended_ && calls_.size() > cleared_.size()) {
        connection().stop(EndReason::kShutdown, "a test stops");
      }
    }
    connection().on_closed(EndReason::kPeerClosed, "a test closes");
    EXPECT_TRUE(ended_);
    EXPECT_EQ(cleared_.size(), calls_.size());
    EXPECT_EQ(wheel_.armed_count(), 0u);
  }
}

}  // namespace
}  // namespace adit::control
