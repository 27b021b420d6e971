// SPDX-License-Identifier: Apache-2.0
// A client under test: a virtual clock, a host that records every request, and the server's side, message by
// message and packet by packet.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "controlplane/client/client_call.hpp"
#include "controlplane/pptp/messages.hpp"
#include "crypto/library.hpp"
#include "crypto/mppe_keys.hpp"
#include "dataplane/wire/chap.hpp"
#include "tests/kit/ppp_kit.hpp"
#include "tests/kit/recording_data_path.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control {

class ClientTest : public testing::Test, public test::RecordingDataPath<ClientCallHost> {
 protected:
  static constexpr std::uint16_t kOurId = 0x1234;
  static constexpr std::uint16_t kServerId = 0x00FF;
  static inline const Octets kAsksMsChapV2 = option(3, {0xC2, 0x23, 0x81});
  static inline const Octets kAsksMsChapV1 = option(3, {0xC2, 0x23, 0x80});
  static inline const Octets kAsksChapMd5 = option(3, {0xC2, 0x23, 0x05});
  static inline const Octets kAsksPap = option(3, {0xC0, 0x23});
  static inline const Octets kMppe128 = option(18, u32(0x01000040));
  static inline const Octets kOwnAddress = option(3, u32(0x0A400002));
  static inline const Octets kServerAddress = option(3, u32(0x0A400001));

  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }
  ClientTest() {
    settings.profile = find_client_profile("plain");
    settings.user = "alice";
    set_password(settings, "secret");
    settings.ppp.lcp_echo_interval = Duration{0};
  }

  // ---- ClientCallHost
  void send(std::span<const std::uint8_t> message) override {
    const auto parsed = pptp::parse(message);
    ASSERT_TRUE(parsed.has_value());
    ASSERT_FALSE(closed) << "sent behind FIN";
    raw = Octets(message.begin(), message.end());
    messages.push_back(*parsed);
    trace.push_back("message " + std::to_string(parsed->index() + 1));
  }
  void close() override {
    EXPECT_FALSE(closed);
    closed = true;
    trace.emplace_back("close");
  }
  void install_call(wire::LocalCallId local, wire::PeerCallId peer) override {
    EXPECT_EQ(local.value, kOurId);
    EXPECT_EQ(peer.value, kServerId);
    trace.emplace_back("install");
  }
  void enable_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>& start,
                   const crypto::Secret<16>& session) override {
    const bool sends = direction == contract::Direction::kSend;
    (sends ? send_key : receive_key) = Octets(start.bytes().begin(), start.bytes().end());
    last_mode = mode;
    RecordingDataPath::enable_mppe(direction, mode, start, session);
  }
  void client_up() override { trace.emplace_back("up"); }
  void client_ended(ClientEnd end, std::string_view words) override {
    EXPECT_EQ(ended, ClientEnd::kNone) << "ended twice";
    ended = end;
    detail = words;
    if (destroys_at_end) {
      client.reset();
    }
  }

  // ---- the server's side of the control connection
  ClientCall& make() {
    if (!client) {
      client = std::make_unique<ClientCall>(settings, wire::LocalCallId(kOurId), wheel, entropy, *this);
    }
    return *client;
  }
  void receive(const pptp::Message& message) { make().on_bytes(pptp::write(message).octets()); }
  static pptp::OutgoingCallReply call_reply() {
    pptp::OutgoingCallReply reply;
    reply.call_id = kServerId;
    reply.peer_call_id = kOurId;
    return reply;
  }
  void advance(Duration by) { wheel.advance(wheel.now() + by); }
  void dial() {
    make().start();
    receive(pptp::StartControlConnectionReply{});
    advance(settings.profile->pause_before_call);
    receive(call_reply());
  }
  template <typename M>
  [[nodiscard]] std::size_t count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(messages, [](const auto& m) { return std::holds_alternative<M>(m); }));
  }
  template <typename M>
  [[nodiscard]] M last() const {
    for (auto m = messages.rbegin(); m != messages.rend(); ++m) {
      if (std::holds_alternative<M>(*m)) {
        return std::get<M>(*m);
      }
    }
    ADD_FAILURE() << "no message of type " << static_cast<int>(M::kType);
    return {};
  }
  /// Waits long enough for any orderly end.
  void expect_end(ClientEnd end) {
    advance(settings.hang_up_timeout + Duration{1'000});
    EXPECT_EQ(ended, end) << to_text(ended) << ": " << detail;
  }

  // ---- the server's side of the link
  void receive(wire::PppProtocol protocol, const Packet& packet) {
    make().on_frame(u16(static_cast<std::uint16_t>(protocol)) + packet.octets());
  }
  /// The latest frame of `protocol` with `code`.
  [[nodiscard]] Packet sent(wire::PppProtocol protocol, unsigned code) const {
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
      if (frame->protocol == protocol && static_cast<unsigned>(frame->packet.code) == code) {
        return frame->packet;
      }
    }
    ADD_FAILURE() << "no " << name(protocol) << " " << code;
    return {};
  }
  [[nodiscard]] std::size_t count(wire::PppProtocol protocol, unsigned code) const {
    return static_cast<std::size_t>(std::ranges::count_if(frames, [&](const test::Frame& frame) {
      return frame.protocol == protocol && static_cast<unsigned>(frame.packet.code) == code;
    }));
  }
  /// Acknowledges the latest request, once ours has been acknowledged.
  void agree(wire::PppProtocol protocol, const Octets& server_asks) {
    const Packet request = sent(protocol, 1);
    receive(protocol, conf_ack(request.id, request.data));
    receive(protocol, conf_req(++server_requests, server_asks));
  }
  void dial_to_authentication(const Octets& method) {
    dial();
    agree(wire::PppProtocol::kLcp, method);
    ASSERT_EQ(sent(wire::PppProtocol::kLcp, 2).data, method);
  }
  static Packet chap(unsigned code, unsigned id, const Octets& data) {
    return {wire::PppCode(code), id, data};
  }
  void challenge(unsigned id = 7) {
    receive(wire::PppProtocol::kChap, chap(1, id, Octets{16} + server_challenge));
  }
  /// The Success text for the latest Response, from a server that knows `password`; and the keys it would
  /// have.
  std::string success_text(std::string_view password) {
    const Packet response = sent(wire::PppProtocol::kChap, 2);
    const auto value = wire::parse_chap_value(response.data);
    const auto proof = wire::parse_ms_chap_v2(value->value);
    EXPECT_TRUE(proof.has_value());
    const auto hash = crypto::nt_password_hash(wire::octets_of(password));
    const auto hash_hash = crypto::nt_hash_hash(hash);
    std::array<std::uint8_t, 16> ours;
    std::ranges::copy(server_challenge, ours.begin());
    const auto hashed = crypto::challenge_hash(proof->peer_challenge, ours, wire::text_of(value->name));
    EXPECT_TRUE(password != "secret" || crypto::nt_response(hashed, hash) == proof->nt_response);
    server_keys = crypto::mppe_start_keys_v2(hash_hash, proof->nt_response);
    return crypto::authenticator_response(hash_hash, proof->nt_response, hashed);
  }
  void succeed(std::string_view text) {
    const wire::Bytes octets = wire::octets_of(text);
    receive(wire::PppProtocol::kChap,
            chap(3, sent(wire::PppProtocol::kChap, 2).id, Octets(octets.begin(), octets.end())));
  }
  void dial_to_network() {
    dial_to_authentication(kAsksMsChapV2);
    challenge();
    succeed(success_text("secret") + " M=Welcome");
  }
  void assign_address() {
    const Packet request = sent(wire::PppProtocol::kIpcp, 1);
    receive(wire::PppProtocol::kIpcp, conf_nak(request.id, kOwnAddress));
    agree(wire::PppProtocol::kIpcp, kServerAddress);
  }
  void dial_to_up() {
    dial_to_network();
    agree(wire::PppProtocol::kCcp, kMppe128);
    assign_address();
    ASSERT_TRUE(make().status().up);
  }

  std::string text_of(wire::PppProtocol protocol, unsigned code) const override {
    return name(protocol) + " " + std::to_string(code);
  }
  static std::string name(wire::PppProtocol protocol) {
    switch (protocol) {
      case wire::PppProtocol::kLcp:
        return "lcp";
      case wire::PppProtocol::kPap:
        return "pap";
      case wire::PppProtocol::kChap:
        return "chap";
      case wire::PppProtocol::kCcp:
        return "ccp";
      case wire::PppProtocol::kIpcp:
        return "ipcp";
      case wire::PppProtocol::kIpv6cp:
        return "ipv6cp";
      default:
        return std::to_string(static_cast<unsigned>(protocol));
    }
  }

  ClientSettings settings;
  TimerWheel wheel;
  test::SeededEntropy entropy{1};
  std::unique_ptr<ClientCall> client;
  std::vector<pptp::Message> messages;
  Octets raw;  // the last message
  Octets send_key, receive_key;
  contract::MppeMode last_mode;
  crypto::MppeStartKeys server_keys;
  Octets server_challenge = Octets(16, 0xA5);
  unsigned server_requests = 0x40;
  bool closed = false;
  bool destroys_at_end = false;
  ClientEnd ended = ClientEnd::kNone;
  std::string detail;
};

}  // namespace adit::control
