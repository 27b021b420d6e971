// SPDX-License-Identifier: Apache-2.0
// The client's control connection: RFC 2637 from the calling side, the stream cut anywhere, every way it can
// fail.
#include "tests/controlplane/client/client_kit.hpp"

namespace adit::control {
namespace {

using namespace pptp;

using PptpClientTest = ClientTest;

Octets octets_of(const Message& message) {
  const Encoded encoded = write(message);
  return {encoded.octets().begin(), encoded.octets().end()};
}

std::vector<Message> whatever_is_no_news() {
  return {StartControlConnectionRequest{},
          StopControlConnectionReply{},
          EchoReply{7},
          OutgoingCallRequest{},
          IncomingCallRequest{},
          IncomingCallReply{},
          IncomingCallConnected{},
          CallClearRequest{},
          WanErrorNotify{},
          SetLinkInfo{}};
}

TEST_F(PptpClientTest, DialsInOrderAndInstallsBeforeTheFirstFrame) {
  make().start();
  EXPECT_EQ(trace, (std::vector<std::string>{"message 1"}));
  receive(StartControlConnectionReply{});
  EXPECT_EQ(trace.back(), "message 7");
  trace.clear();
  receive(call_reply());
  EXPECT_EQ(trace, (std::vector<std::string>{"install", "lcp 1"}));
}

TEST_F(PptpClientTest, CTL_07_TheStreamMayBeCutAndCoalescedAnywhere) {
  const Octets stream = octets_of(StartControlConnectionReply{}) + octets_of(EchoRequest{0xDEADBEEF}) +
                        octets_of(IncomingCallRequest{}) + octets_of(call_reply()) +
                        octets_of(EchoRequest{2});
  for (std::size_t cut = 1; cut <= stream.size(); ++cut) {
    SCOPED_TRACE(cut);
    client.reset();
    messages.clear();
    trace.clear();
    make().start();
    for (std::size_t at = 0; at < stream.size(); at += cut) {
      client->on_bytes(wire::Bytes(stream).subspan(at, std::min(cut, stream.size() - at)));
    }
    EXPECT_EQ(trace, (std::vector<std::string>{"message 1", "message 7", "message 6", "install", "lcp 1",
                                               "message 6"}));
    EXPECT_EQ(last<EchoReply>().identifier, 2U);
    EXPECT_EQ(last<EchoReply>().result, SimpleResult::kOk);
  }
}

TEST_F(PptpClientTest, TruncatedMessagesAreWaitedForAndNotReadBeyond) {
  const Octets reply = octets_of(StartControlConnectionReply{});
  for (std::size_t size = 0; size < reply.size(); ++size) {
    client.reset();
    messages.clear();
    make().start();
    const Octets part(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(size));
    client->on_bytes(part);
    EXPECT_EQ(messages.size(), 1U) << size;
    client->on_bytes(Octets(reply.begin() + static_cast<std::ptrdiff_t>(size), reply.end()));
    EXPECT_EQ(messages.size(), 2U) << size;
  }
}

TEST_F(PptpClientTest, EchoRequestsAreAnsweredInEveryState) {
  make().start();
  receive(EchoRequest{1});
  receive(StartControlConnectionReply{});
  receive(EchoRequest{2});
  receive(call_reply());
  receive(EchoRequest{3});
  EXPECT_EQ(count<EchoReply>(), 3U);
  EXPECT_EQ(last<EchoReply>().identifier, 3U);
}

TEST_F(PptpClientTest, WhatACallerHasNoUseForIsIgnoredInEveryState) {
  make().start();
  for (int state = 0; state < 3; ++state) {
    const std::size_t sent_before = messages.size();
    for (const Message& message : whatever_is_no_news()) {
      receive(message);
    }
    EXPECT_EQ(messages.size(), sent_before);
    EXPECT_EQ(ended, ClientEnd::kNone);
    state == 0 ? receive(StartControlConnectionReply{}) : receive(call_reply());
  }
  receive(StartControlConnectionReply{});
  EXPECT_EQ(count<OutgoingCallRequest>(), 1U) << "a second reply is no second start";
}

TEST_F(PptpClientTest, ARefusedStartHasItsCodes) {
  for (const unsigned result : {0U, 2U, 3U, 4U, 5U, 255U}) {
    client.reset();
    closed = false;
    ended = ClientEnd::kNone;
    make().start();
    StartControlConnectionReply reply;
    reply.result = StartResult(result);
    reply.error = GeneralError::kNoResource;
    receive(reply);
    expect_end(ClientEnd::kStartRefused);
    EXPECT_EQ(detail, "result " + std::to_string(result) + " error 4");
    EXPECT_TRUE(closed);
  }
}

TEST_F(PptpClientTest, ARefusedCallHasItsCodesAndTheConnectionIsStopped) {
  make().start();
  receive(StartControlConnectionReply{});
  OutgoingCallReply reply = call_reply();
  reply.result = OutgoingResult::kGeneralError;
  reply.error = GeneralError::kNoResource;
  receive(reply);
  advance(Duration{20});
  EXPECT_EQ(count<StopControlConnectionRequest>(), 1U);
  EXPECT_EQ(count<CallClearRequest>(), 0U);
  receive(StopControlConnectionReply{});
  expect_end(ClientEnd::kCallRefused);
  EXPECT_EQ(detail, "result 2 error 4");
}

TEST_F(PptpClientTest, AReplyToAnotherCallIsNone) {
  make().start();
  receive(StartControlConnectionReply{});
  OutgoingCallReply reply = call_reply();
  reply.peer_call_id = 0x3412;
  receive(reply);
  EXPECT_TRUE(frames.empty());
  receive(call_reply());
  EXPECT_EQ(frames.size(), 1U);
}

TEST_F(PptpClientTest, SilenceBeforeEachReplyIsATimeout) {
  make().start();
  advance(settings.start_timeout);
  expect_end(ClientEnd::kStartTimeout);
  client.reset();
  closed = false;
  ended = ClientEnd::kNone;
  make().start();
  receive(StartControlConnectionReply{});
  advance(settings.start_timeout);
  expect_end(ClientEnd::kCallTimeout);
}

TEST_F(PptpClientTest, ADisconnectedCallIsStoppedWithoutAWordOfPpp) {
  dial_to_up();
  frames.clear();
  CallDisconnectNotify notify;
  notify.result = DisconnectResult::kAdminShutdown;
  receive(notify);
  advance(Duration{20});
  EXPECT_TRUE(frames.empty());
  EXPECT_EQ(count<StopControlConnectionRequest>(), 1U);
  receive(StopControlConnectionReply{});
  expect_end(ClientEnd::kServerCleared);
  EXPECT_EQ(detail, "result 3 error 0");
}

TEST_F(PptpClientTest, AStopIsAnsweredAndTheEnd) {
  dial_to_up();
  receive(StopControlConnectionRequest{StopReason::kLocalShutdown});
  EXPECT_EQ(count<StopControlConnectionReply>(), 1U);
  advance(Duration{20});
  EXPECT_TRUE(closed);
  expect_end(ClientEnd::kServerStopped);
}

TEST_F(PptpClientTest, CTL_05_MalformedMessagesCloseAtOnce) {
  const Octets good = octets_of(StartControlConnectionReply{});
  for (const std::size_t at : {0U, 2U, 4U, 7U, 8U, 9U}) {
    client.reset();
    messages.clear();
    closed = false;
    ended = ClientEnd::kNone;
    make().start();
    Octets bad = good;
    bad[at] ^= 0x40;
    client->on_bytes(bad);
    client->on_bytes(good);
    EXPECT_EQ(messages.size(), 1U);
    expect_end(ClientEnd::kMalformed);
    EXPECT_TRUE(closed);
    EXPECT_FALSE(detail.empty());
  }
}

TEST_F(PptpClientTest, AClosedConnectionIsTheServersDoingAndIsNotClosedAgain) {
  make().start();
  client->on_closed();
  client->on_closed();
  expect_end(ClientEnd::kServerClosed);
  EXPECT_FALSE(closed);
}

TEST_F(PptpClientTest, UnansweredEchoesEndTheConnection) {
  dial_to_up();
  advance(Duration{60'010});
  ASSERT_EQ(count<EchoRequest>(), 1U);
  receive(EchoReply{last<EchoRequest>().identifier});
  advance(Duration{60'010});
  ASSERT_EQ(count<EchoRequest>(), 2U);
  advance(settings.echo_timeout);
  expect_end(ClientEnd::kEchoTimeout);
}

TEST_F(PptpClientTest, AnyMessageIsLife) {
  dial_to_up();
  for (int i = 0; i < 5; ++i) {
    advance(Duration{50'000});
    receive(WanErrorNotify{});
  }
  EXPECT_EQ(count<EchoRequest>(), 0U);
  EXPECT_EQ(ended, ClientEnd::kNone);
}

TEST_F(PptpClientTest, NothingIsSentAfterTheEndWhateverComes) {
  dial_to_up();
  receive(StopControlConnectionRequest{});
  expect_end(ClientEnd::kServerStopped);
  const std::size_t before = trace.size();
  receive(EchoRequest{1});
  receive(wire::PppProtocol::kLcp, {wire::PppCode::kEchoRequest, 1, u32(0)});
  client->hang_up();
  client->on_closed();
  client->on_mppe_desynchronised();
  advance(Duration{300'000});
  EXPECT_EQ(trace.size(), before);
  EXPECT_EQ(wheel.armed_count(), 0U);
}

}  // namespace
}  // namespace adit::control
