// SPDX-License-Identifier: Apache-2.0
// A control connection under test: a virtual clock, a host that records every request, and the peer's side.
// Everything that the connection sends must parse, with one message per send().
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/pptp/connection.hpp"

namespace adit::control {

using namespace pptp;

class PptpConnectionTest : public ::testing::Test, public PptpConnectionHost {
 protected:
  struct Cleared {
    std::uint16_t local_id;
    EndReason reason;
  };

  // ---- PptpConnectionHost
  void send(wire::Bytes message) override {
    ASSERT_FALSE(ended_) << "sent after the end";
    const auto parsed = parse(message);
    ASSERT_TRUE(parsed.has_value());
    sent_.push_back(*parsed);
    ++sent_in_all_;
  }
  void connection_established(const StartControlConnectionRequest&) override { ++established_; }
  std::expected<PptpCall*, EndReason> install_call(const CallRequest& request) override {
    sent_at_install_ = sent_in_all_;
    if (refuse_with_ != EndReason::kNone) {
      return std::unexpected(refuse_with_);
    }
    auto call = std::make_unique<PptpCall>();
    call->local_id = wire::LocalCallId(next_id_);
    next_id_ = static_cast<std::uint16_t>(next_id_ + 0x0101);
    call->peer_id = request.peer_id;
    calls_.push_back(std::move(call));
    return calls_.back().get();
  }
  void call_answered(PptpCall&) override {
    ASSERT_GT(sent_in_all_, sent_at_install_) << "the reply leaves between install and PPP";
    ++answered_;
  }
  void call_refused(wire::PeerCallId, EndReason reason, std::string_view why) override {
    EXPECT_EQ(why.empty(), reason == refuse_with_) << "each refusal but the host's says why";
    refused_.push_back(reason);
  }
  void call_cleared(PptpCall& call, EndReason reason, std::string_view why) override {
    EXPECT_FALSE(why.empty()) << to_text(reason);
    cleared_.push_back({call.local_id.value, reason});
  }
  void wan_errors_told(std::uint64_t more) override { wan_errors_ += more; }
  void message_ignored(ControlType type, std::string_view why) override {
    EXPECT_FALSE(why.empty());
    ignored_.push_back(type);
  }
  void connection_ended(EndReason reason, std::string_view detail) override {
    ASSERT_FALSE(ended_) << "ended twice";
    EXPECT_FALSE(detail.empty()) << to_text(reason);
    ended_ = true;
    end_reason_ = reason;
    end_detail_ = detail;
  }

  // ---- the peer's side
  PptpConnection& connection() {
    if (!connection_) {
      connection_ = std::make_unique<PptpConnection>(settings_, wheel_, *this);
    }
    return *connection_;
  }
  void restart() {
    connection_.reset();
    calls_.clear();
    sent_.clear();
    refused_.clear();
    cleared_.clear();
    ignored_.clear();
    ended_ = false;
    established_ = answered_ = 0;
    end_reason_ = EndReason::kNone;
  }
  void receive(const Message& message) { connection().on_bytes(write(message).octets()); }
  void receive_raw(std::vector<std::uint8_t> octets) { connection().on_bytes(octets); }
  void advance(Duration by) { wheel_.advance(wheel_.now() + by); }

  template <typename M>
  M expect_sent() {
    if (sent_.empty() || !std::holds_alternative<M>(sent_.front())) {
      ADD_FAILURE() << "expected message type " << static_cast<int>(M::kType) << ", got "
                    << (sent_.empty() ? 0 : sent_.front().index() + 1);
      return {};
    }
    const M message = std::get<M>(sent_.front());
    sent_.pop_front();
    return message;
  }
  void expect_silence() { EXPECT_TRUE(sent_.empty()) << "type " << sent_.front().index() + 1; }

  void establish() {
    receive(StartControlConnectionRequest{});
    EXPECT_EQ(expect_sent<StartControlConnectionReply>().result, StartResult::kOk);
  }
  std::uint16_t dial(std::uint16_t peer_id) {
    OutgoingCallRequest request;
    request.call_id = peer_id;
    receive(request);
    const auto reply = expect_sent<OutgoingCallReply>();
    EXPECT_EQ(reply.result, OutgoingResult::kConnected);
    EXPECT_EQ(reply.peer_call_id, peer_id);
    return reply.call_id;
  }
  /// Rings, and returns our ID; the call waits for connect().
  std::uint16_t ring(std::uint16_t peer_id, std::string_view calling = "", std::string_view called = "") {
    IncomingCallRequest request;
    request.call_id = peer_id;
    request.dialing_number = FixedText<64>(calling);
    request.dialing_length = static_cast<std::uint16_t>(calling.size());
    request.dialed_number = FixedText<64>(called);
    request.dialed_length = static_cast<std::uint16_t>(called.size());
    receive(request);
    const auto reply = expect_sent<IncomingCallReply>();
    EXPECT_EQ(reply.result, IncomingResult::kConnect);
    EXPECT_EQ(reply.peer_call_id, peer_id);
    return reply.call_id;
  }
  void connect(std::uint16_t our_id) {
    IncomingCallConnected connected;
    connected.peer_call_id = our_id;
    connected.receive_window = 17;
    receive(connected);
  }
  void expect_stopped_for(EndReason reason) {
    expect_sent<StopControlConnectionRequest>();
    receive(StopControlConnectionReply{});
    EXPECT_TRUE(ended_);
    EXPECT_EQ(end_reason_, reason);
  }

  PptpSettings settings_;
  TimerWheel wheel_;
  std::unique_ptr<PptpConnection> connection_;
  std::vector<std::unique_ptr<PptpCall>> calls_;
  std::uint16_t next_id_ = 0x1234;
  EndReason refuse_with_ = EndReason::kNone;
  std::deque<Message> sent_;
  std::size_t sent_in_all_ = 0, sent_at_install_ = 0;
  std::vector<EndReason> refused_;
  std::vector<Cleared> cleared_;
  std::vector<ControlType> ignored_;
  std::uint64_t wan_errors_ = 0;
  int established_ = 0, answered_ = 0;
  bool ended_ = false;
  EndReason end_reason_ = EndReason::kNone;
  std::string end_detail_;
};

inline std::vector<Message> one_of_each() {
  return {StartControlConnectionRequest{},
          StartControlConnectionReply{},
          StopControlConnectionRequest{},
          StopControlConnectionReply{},
          EchoRequest{7},
          EchoReply{7},
          OutgoingCallRequest{},
          OutgoingCallReply{},
          IncomingCallRequest{},
          IncomingCallReply{},
          IncomingCallConnected{},
          CallClearRequest{},
          CallDisconnectNotify{},
          WanErrorNotify{},
          SetLinkInfo{}};
}

}  // namespace adit::control
