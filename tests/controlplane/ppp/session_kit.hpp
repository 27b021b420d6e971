// SPDX-License-Identifier: Apache-2.0
// A session under test: the test plays the peer, packet by packet; the authentication backend returns the
// verdict that the test wants, so proofs are dummies.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/ppp/session.hpp"
#include "crypto/library.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/ppp_kit.hpp"
#include "tests/kit/recording_data_path.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::control {

using wire::Ipv4Address;
using wire::PppCode;
using wire::PppProtocol;
using enum wire::PppProtocol;

inline constexpr Ipv4Address kSubscriber{10, 64, 0, 2};
inline const Octets kMagic = option(5, u32(0x01020304));
inline const Octets kMppeOption = option(18, u32(0x01000040));
inline const Octets kAddress = option(3, u32(kSubscriber.value));
inline constexpr std::uint64_t kPeerId = 0x0011'2233'4455'6677;
inline const Octets kIdentifier = option(1, u64(kPeerId));

using test::Frame;
using Frames = std::vector<Frame>;

/// Frames appear as "protocol/code" in its trace.
class FakeHost final : public test::RecordingDataPath<SessionHost> {
 public:
  std::vector<EndReason> ends;
  std::optional<Ipv4Address> free_address = kSubscriber;
  std::optional<wire::Ipv6Prefix> link_prefix;
  std::optional<std::uint16_t> port;  ///< its MTU
  std::optional<std::uint16_t> port_mtu() const override { return port; }
  std::optional<std::uint64_t> packets, ipv6_packets;  ///< of the subscriber's
  std::map<contract::Direction, Octets> keys;
  std::map<contract::Direction, contract::MppeMode> modes;
  std::set<Octets> sent_with;  ///< every start key that was armed for sending
  int leases = 0;
  Ipv6Counters counters;

  Ipv6Counters& ipv6_counters() override { return counters; }
  void enable_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>& start,
                   const crypto::Secret<16>& session) override {
    modes[direction] = mode;
    EXPECT_FALSE(crypto::equal_constant_time(start.bytes(), session.bytes()));
    keys[direction] = Octets(start.bytes().begin(), start.bytes().end());
    if (direction == contract::Direction::kSend) {
      EXPECT_TRUE(sent_with.insert(keys[direction]).second) << "the same key stream twice";
    }
    RecordingDataPath::enable_mppe(direction, mode, start, session);
  }
  std::optional<std::uint64_t> packets_received() const override { return packets; }
  std::optional<std::uint64_t> ipv6_packets_received() const override { return ipv6_packets; }
  void flush_mppe(bool repeated) override { trace.emplace_back(repeated ? "flush again" : "flush"); }
  void disable_mppe() override {
    keys.clear();
    RecordingDataPath::disable_mppe();
  }
  void lcp_opened() override { trace.emplace_back("lcp opened"); }
  std::expected<Ipv4Address, NoAddress> lease_address(std::optional<Ipv4Address> fixed,
                                                      std::string_view pool) override {
    ++leases;
    const auto address = fixed ? fixed : free_address;
    if (!address) {
      return std::unexpected(NoAddress{EndReason::kPoolEmpty, "pool " + std::string(pool) + " is empty"});
    }
    return *address;
  }
  void return_address() override { trace.emplace_back("address returned"); }
  std::expected<wire::Ipv6Prefix, NoAddress> lease_ipv6(Ipv6Use use) override {
    if (use != Ipv6Use::kLink || !link_prefix) {
      return std::unexpected(NoAddress{EndReason::kPoolUnknown, "no pool"});
    }
    return *link_prefix;
  }
  void session_ended(EndReason reason) override { ends.push_back(reason); }

  Frames take() { return std::exchange(frames, {}); }
  std::vector<std::string> take_trace() { return std::exchange(trace, {}); }

 private:
  std::string text_of(PppProtocol protocol, unsigned code) const override {
    return std::to_string(static_cast<unsigned>(protocol)) + "/" + std::to_string(code);
  }
};

class FakeBackend final : public AuthBackend {
 public:
  AuthVerdict verdict = accepted_with_keys();
  bool makes_fresh_keys = true;  ///< as MS-CHAP does
  AuthClient* waiting = nullptr;
  bool answers_at_once = true;
  int requests = 0;

  static AuthAccepted accepted_with_keys() {
    AuthAccepted accepted;
    accepted.authenticator_response = "S=" + std::string(40, 'A');
    accepted.mppe.emplace();
    accepted.mppe->send.bytes()[0] = 1;
    accepted.mppe->receive.bytes()[0] = 2;
    return accepted;
  }
  void authenticate(AuthRequest, AuthClient& client) override {
    ++requests;
    waiting = &client;
    if (answers_at_once) {
      answer();
    }
  }
  void answer() {
    auto* accepted = std::get_if<AuthAccepted>(&verdict);
    if (accepted != nullptr && accepted->mppe && makes_fresh_keys) {
      accepted->mppe->send.bytes()[1] = accepted->mppe->receive.bytes()[1] =
          static_cast<std::uint8_t>(requests);
    }
    std::exchange(waiting, nullptr)->on_verdict(verdict);
  }
  void cancel(AuthClient&) override { waiting = nullptr; }
};

class SessionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  Settings settings;
  TimerWheel wheel;
  test::SeededEntropy entropy{3};
  test::RecordingLog log;
  FakeBackend backend;
  FakeHost host;
  std::optional<Session> session;
  Instant clock{};
  unsigned id = 100;  // of the peer's packets

  void make() {
    host.sent_with.clear();
    settings.ip.gateway = {10, 64, 0, 1};
    session.emplace(settings, wheel, entropy, log, backend, host, Ipv4Address{192, 0, 2, 9},
                    Ipv4Address{192, 0, 2, 1}, "00000000000000aa");
  }
  void receive(PppProtocol protocol, const Packet& packet) {
    session->on_frame(u16(static_cast<std::uint16_t>(protocol)) + packet.octets());
  }
  void advance(Duration by) { wheel.advance(clock = clock + by); }
  [[nodiscard]] Frame only() {
    const Frames frames = host.take();
    EXPECT_EQ(frames.size(), 1U);
    return frames.empty() ? Frame{} : frames.front();
  }

  void open_lcp(const Octets& wishes = kMagic) {
    Frames frames = host.take();
    ASSERT_FALSE(frames.empty());
    ASSERT_EQ(frames.back().protocol, kLcp);
    const Packet request = frames.back().packet;
    receive(kLcp, conf_ack(request.id, request.data));
    receive(kLcp, conf_req(++id, wishes));
    ASSERT_TRUE(host.traced("lcp opened"));
  }
  /// Answers the MS-CHAPv2 challenge, or sends PAP, with a dummy proof that the backend ignores.
  void prove(const Octets& name = {'a', 'l', 'i', 'c', 'e'}) {
    if (settings.auth.methods.front() == AuthMethod::kPap) {
      return receive(kPap, {PppCode{1}, 1, Octets{5} + name + Octets{3, 'x', 'y', 'z'}});
    }
    const Packet challenge = host.frames.back().packet;
    ASSERT_EQ(host.frames.back().protocol, kChap);
    host.take();
    // The last octet: v2's flags, or v1's "use the NT response".
    const bool v1 = challenge.data.at(0) == 8;  // octets of the challenge's value
    receive(kChap,
            {PppCode{2}, challenge.id,
             Octets{49} + Octets(16, 7) + Octets(8, 0) + Octets(24, 9) + Octets(1, v1 ? 1 : 0) + name});
  }
  /// Gets to the network phase. Earlier frames are discarded, those from the start of the network phase are
  /// kept.
  void authenticate(MppePolicy policy, const Octets& wishes = kMagic) {
    settings.ppp.mppe = policy;
    make();
    session->start();
    open_lcp(wishes);
    prove();
    EXPECT_EQ(session->status().phase, SessionStatus::Phase::kNetwork);
    if (!host.frames.empty()) {
      host.frames.erase(host.frames.begin());  // Success or Ack
    }
    host.take_trace();
  }
  void open_ccp() {
    const Packet request = only().packet;
    receive(kCcp, conf_ack(request.id, request.data));
    receive(kCcp, conf_req(++id, kMppeOption));
  }
  void open_ipcp() {
    const Packet request = host.frames.back().packet;
    ASSERT_EQ(host.frames.back().protocol, kIpcp);
    receive(kIpcp, conf_ack(request.id, request.data));
    receive(kIpcp, conf_req(++id, kAddress));
    host.take();
  }
  void bring_up(MppePolicy policy = MppePolicy::kRequire) {
    authenticate(policy);
    open_ccp();
    open_ipcp();
    ASSERT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  }
  void expect_end(EndReason reason) {
    EXPECT_EQ(host.ends, std::vector<EndReason>{reason});
    EXPECT_EQ(wheel.armed_count(), 0U);
    EXPECT_EQ(session->status().phase, SessionStatus::Phase::kTerminate);
  }
  /// A packet that ends LCP or CCP in a session that is up, from a peer that is in earnest: it does not answer the
  /// question whether it still is in Opened, which is not kept.
  void receive_in_earnest(PppProtocol protocol, const Packet& packet) {
    receive(protocol, packet);
    advance(1010ms);
    const auto asks = [](const Frame& frame) {
      return frame.packet.code == PppCode::kEchoRequest || frame.packet.code == PppCode::kResetRequest;
    };
    ASSERT_EQ(std::erase_if(host.frames, asks), 1U);
    std::erase_if(host.trace,
                  [](const std::string& line) { return line == "49185/9" || line == "33021/14"; });
    advance(10ms);
  }
  /// LCP has begun anew, by whichever end: the peer's part until the network phase, whose frames are kept.
  void renegotiate_lcp() {
    for (const Frame& frame : host.take()) {
      if (frame.protocol == kLcp && frame.packet.code == PppCode::kConfigureRequest) {
        receive(kLcp, conf_ack(frame.packet.id, frame.packet.data));
      }
    }
    if (session->status().phase == SessionStatus::Phase::kEstablish) {  // else the peer began
      receive(kLcp, conf_req(++id, kMagic));
    }
    ASSERT_EQ(session->status().phase, SessionStatus::Phase::kAuthenticate);
    prove();
    if (!host.frames.empty()) {
      host.frames.erase(host.frames.begin());  // Success
    }
  }
  /// Ends the session: its Terminate-Request is sent on a timer, and the peer acknowledges it.
  void terminate_lcp() {
    advance(10ms);
    for (const Frame& frame : host.take()) {
      if (frame.protocol == kLcp && frame.packet.code == PppCode::kTerminateRequest) {
        receive(kLcp, term_ack(frame.packet.id));
      }
    }
  }
};

}  // namespace adit::control
