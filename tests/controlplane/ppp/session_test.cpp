// SPDX-License-Identifier: Apache-2.0
// The session: phases in their order, MPPE policies, deadlines and ends. The peer is the test, packet by
// packet; the authentication backend says what the test wants, so proofs are dummies.
#include "controlplane/ppp/session.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <new>

#include "crypto/library.hpp"
#include "tests/controlplane/ppp/ppp_kit.hpp"

namespace {
std::size_t allocated_octets = 0;  // ever, by operator new in this executable
}
// Not inlined: GCC 12 otherwise sees new and free() meet in one function, and takes them for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocated_octets += size;
  if (void* at = std::malloc(size)) {
    return at;
  }
  std::abort();
}
[[gnu::noinline]] void operator delete(void* at) noexcept {
  std::free(at);
}
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept {
  std::free(at);
}

namespace adit::control {
namespace {

using wire::Ipv4Address;
using wire::PppCode;
using wire::PppProtocol;
using enum wire::PppProtocol;

constexpr Ipv4Address kSubscriber{10, 64, 0, 2};
const Octets kMagic = option(5, u32(0x01020304));
const Octets kMppeOption = option(18, u32(0x01000040));
const Octets kAddress = option(3, u32(kSubscriber.value));

struct Frame {
  PppProtocol protocol{};
  Packet packet;
  friend bool operator==(const Frame&, const Frame&) = default;
};
std::ostream& operator<<(std::ostream& out, const Frame& frame) {
  return out << std::hex << static_cast<int>(frame.protocol) << std::dec << ' ' << frame.packet;
}
using Frames = std::vector<Frame>;

class FakeHost final : public SessionHost {
 public:
  Frames frames;
  std::vector<std::string> trace;  // in order; frames as "protocol/code"
  std::vector<EndReason> ends;
  std::optional<Ipv4Address> free_address = kSubscriber;
  std::map<contract::Direction, Octets> keys;
  std::map<contract::Direction, contract::MppeMode> modes;
  int leases = 0;

  void send_ppp_frame(std::span<const std::uint8_t> frame) override {
    const auto header = wire::parse_ppp(frame);
    ASSERT_TRUE(header && header->header_length == 4) << "FF 03 and a whole protocol field";
    const auto packet = wire::parse_ppp_packet(frame.subspan(4));
    ASSERT_TRUE(packet);
    frames.push_back(
        {header->protocol,
         {PppCode{packet->code}, packet->identifier, Octets(packet->data.begin(), packet->data.end())}});
    trace.push_back(std::to_string(static_cast<unsigned>(header->protocol)) + "/" +
                    std::to_string(packet->code));
  }
  void set_ppp_compression(bool acfc, bool pfc) override {
    trace.push_back(std::string("compression ") + (acfc ? "acfc" : "-") + (pfc ? "pfc" : "-"));
  }
  void enable_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>& start,
                   const crypto::Secret<16>& session) override {
    modes[direction] = mode;
    EXPECT_FALSE(crypto::equal_constant_time(start.bytes(), session.bytes()));
    keys[direction] = Octets(start.bytes().begin(), start.bytes().end());
    trace.emplace_back(direction == contract::Direction::kSend ? "mppe send" : "mppe receive");
  }
  void flush_mppe(bool repeated) override { trace.emplace_back(repeated ? "flush again" : "flush"); }
  void disable_mppe() override {
    keys.clear();
    trace.emplace_back("mppe off");
  }
  void enable_ip(Ipv4Address subscriber, std::uint16_t mru, bool require_mppe) override {
    trace.push_back("ip " + wire::to_string(subscriber) + " " + std::to_string(mru) +
                    (require_mppe ? " mppe" : ""));
  }
  void disable_ip() override { trace.emplace_back("ip off"); }
  void lcp_opened() override { trace.emplace_back("lcp opened"); }
  std::optional<Ipv4Address> lease_address(std::optional<Ipv4Address> fixed, std::string_view) override {
    ++leases;
    return fixed ? fixed : free_address;
  }
  void session_ended(EndReason reason) override { ends.push_back(reason); }

  Frames take() { return std::exchange(frames, {}); }
  std::vector<std::string> take_trace() { return std::exchange(trace, {}); }
  [[nodiscard]] bool traced(std::string_view line) const {
    return std::find(trace.begin(), trace.end(), line) != trace.end();
  }
};

class FakeBackend final : public AuthBackend {
 public:
  AuthVerdict verdict = accepted_with_keys();
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
  void answer() { std::exchange(waiting, nullptr)->on_verdict(verdict); }
  void cancel(AuthClient&) override { waiting = nullptr; }
};

class SessionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  Settings settings;
  TimerWheel wheel;
  SeededEntropy entropy{3};
  RecordingLog log;
  FakeBackend backend;
  FakeHost host;
  std::optional<Session> session;
  Instant clock{};
  unsigned id = 100;  // of the peer's packets

  void make() {
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
  /// Answers the MS-CHAPv2 challenge with a dummy that the backend does not look at; PAP likewise.
  void prove(const Octets& name = {'a', 'l', 'i', 'c', 'e'}) {
    if (settings.auth.methods.front() == AuthMethod::kPap) {
      return receive(kPap, {PppCode{1}, 1, Octets{5} + name + Octets{3, 'x', 'y', 'z'}});
    }
    const Packet challenge = host.frames.back().packet;
    ASSERT_EQ(host.frames.back().protocol, kChap);
    host.take();
    // The last octet: flags of v2, "use the NT response" of v1.
    const bool v1 = settings.auth.methods.front() == AuthMethod::kMsChapV1;
    receive(kChap,
            {PppCode{2}, challenge.id,
             Octets{49} + Octets(16, 7) + Octets(8, 0) + Octets(24, 9) + Octets(1, v1 ? 1 : 0) + name});
  }
  /// To the network phase. Frames sent before are gone, those of the network phase's start are left.
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
  /// Our Terminate-Request is on its way after end_soon's timer; the peer agrees.
  void say_goodbye() {
    advance(10ms);
    for (const Frame& frame : host.take()) {
      if (frame.protocol == kLcp && frame.packet.code == PppCode::kTerminateRequest) {
        receive(kLcp, term_ack(frame.packet.id));
      }
    }
  }
};

// ---- the way up -------------------------------------------------------------------------------------------

TEST_F(SessionTest, WholeDialUpInOrder) {
  bring_up();
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"mppe receive", "33021/2", "mppe send", "32801/1",
                                                         "ip 10.64.0.2 1436 mppe", "32801/2"}));
  const SessionStatus status = session->status();
  EXPECT_EQ(status.user, "alice");
  EXPECT_EQ(status.auth_method, "mschap-v2");
  EXPECT_EQ(status.address, kSubscriber);
  EXPECT_EQ(status.mppe, "128");
  EXPECT_EQ(status.peer_mru, 1500);
  EXPECT_TRUE(status.up_since.has_value());
  EXPECT_TRUE(log.has("session_up sid=00000000000000aa user=alice ip=10.64.0.2 auth=mschap-v2 mppe=128"));
  EXPECT_EQ(host.keys[contract::Direction::kSend][0], 1);
  EXPECT_EQ(host.keys[contract::Direction::kReceive][0], 2);
}

TEST_F(SessionTest, LcpOpenedTellsCompressionAndMtuIsTheLesserOfMruAndCap) {
  settings.auth.methods = {AuthMethod::kPap};
  settings.ppp.mppe = MppePolicy::kDeny;
  make();
  session->start();
  open_lcp(option(1, u16(1400)) + kMagic + option(7) + option(8));
  EXPECT_TRUE(host.traced("compression acfcpfc"));
  prove();
  open_ipcp();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1400"));
}

TEST_F(SessionTest, TheUsersOwnMtuLowersTheConfiguredOneOnly) {
  auto accepted = FakeBackend::accepted_with_keys();
  accepted.mtu = 1000;
  backend.verdict = accepted;
  bring_up();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1000 mppe"));
}

TEST_F(SessionTest, ALargerMtuOfTheUsersChangesNothing) {
  auto accepted = FakeBackend::accepted_with_keys();
  accepted.mtu = 9000;
  backend.verdict = accepted;
  bring_up();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1436 mppe"));
}

TEST_F(SessionTest, TheServersNameForAUserIsTheSessions) {
  auto accepted = FakeBackend::accepted_with_keys();
  accepted.user = "alice@example.net";
  backend.verdict = accepted;
  bring_up();
  EXPECT_EQ(session->status().user, "alice@example.net");
}

TEST_F(SessionTest, FixedAddressIsLeased) {
  auto accepted = FakeBackend::accepted_with_keys();
  accepted.address = Ipv4Address{10, 99, 0, 7};
  backend.verdict = accepted;
  authenticate(MppePolicy::kRequire);
  EXPECT_EQ(session->status().address, (Ipv4Address{10, 99, 0, 7}));
}

TEST_F(SessionTest, SlowBackendIsWaitedFor) {
  backend.answers_at_once = false;
  make();
  session->start();
  open_lcp();
  prove();
  advance(2s);
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kAuthenticate);
  backend.answer();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kNetwork);
}

// ---- before authentication --------------------------------------------------------------------------------

TEST_F(SessionTest, AUT_12_NetworkProtocolsBeforeAuthenticationAreDroppedSilently) {
  make();
  session->start();
  const auto poke = [&] {
    for (const PppProtocol protocol : {kIpcp, kCcp, kIpv6cp, kIpv4, kMppe, kEap, kPap, PppProtocol{0xC029}}) {
      receive(protocol, conf_req(1, kAddress));
    }
  };
  host.take();
  poke();
  EXPECT_TRUE(host.frames.empty());
  advance(1s);
  open_lcp();
  EXPECT_EQ(host.frames.back().protocol, kChap);
  host.take();
  host.take_trace();
  poke();
  EXPECT_TRUE(host.trace.empty());
  EXPECT_EQ(host.leases, 0);
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kAuthenticate);
}

TEST_F(SessionTest, AUT_10_WithoutAnyMethodNobodyComesIn) {
  settings.auth.methods.clear();
  make();
  session->start();
  advance(10ms);
  EXPECT_TRUE(host.frames.empty());
  expect_end(EndReason::kAuthRefused);
}

TEST_F(SessionTest, AUT_10_RejectedAuthenticationTerminatesTheLink) {
  make();
  session->start();
  const Packet request = only().packet;
  receive(kLcp, conf_rej(request.id, option(3, {0xC2, 0x23, 0x81})));
  say_goodbye();
  expect_end(EndReason::kAuthRefused);
}

TEST_F(SessionTest, WrongPasswordEndsTheLinkAfterTheFailure) {
  backend.verdict = AuthRejected{};
  make();
  session->start();
  open_lcp();
  prove();
  EXPECT_EQ(only().packet.code, PppCode{4});
  say_goodbye();
  expect_end(EndReason::kAuthFailed);
}

// pppd terminates by itself when it is refused. Its exit status tells "refused" from "hung up" only when our
// Terminate-Ack, which goes by GRE, is there before the control connection ends.
TEST_F(SessionTest, CrossedFarewellsLeaveTheLastAckItsTime) {
  backend.verdict = AuthRejected{};
  make();
  session->start();
  open_lcp();
  prove();
  EXPECT_EQ(only().packet.code, PppCode{4});
  advance(10ms);
  const Frame goodbye = only();
  ASSERT_EQ(goodbye.packet.code, PppCode::kTerminateRequest);
  receive(kLcp, term_req(9));
  EXPECT_EQ(only().packet.code, PppCode::kTerminateAck);
  receive(kLcp, term_ack(goodbye.packet.id));
  EXPECT_TRUE(host.ends.empty());
  EXPECT_EQ(session->status().ending, EndReason::kAuthFailed);
  advance(1s);
  expect_end(EndReason::kAuthFailed);
}

// ---- MPPE policies ----------------------------------------------------------------------------------------

TEST_F(SessionTest, MPP_12_IpcpIsHeldSilentlyUntilCcpIsUpAndThenAnswered) {
  authenticate(MppePolicy::kRequire);
  const Packet ccp_request = only().packet;
  receive(kIpcp, conf_req(1, option(3, u32(0))));
  receive(kIpcp, conf_req(2, option(3, u32(0))));
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_ack(ccp_request.id, ccp_request.data));
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_req(++id, kMppeOption));
  const Frames frames = host.take();
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0], (Frame{kCcp, conf_ack(id, kMppeOption)}));
  EXPECT_EQ(frames[1], (Frame{kIpcp, conf_req(1, option(3, u32(settings.ip.gateway.value)))}));
  EXPECT_EQ(frames[2], (Frame{kIpcp, conf_nak(2, kAddress)}));  // the last one, and that only
}

TEST_F(SessionTest, MPP_12_RequireEndsTheLinkWhenMppeIsRejected) {
  authenticate(MppePolicy::kRequire);
  receive(kCcp, conf_rej(only().packet.id, kMppeOption));
  EXPECT_TRUE(log.has("mppe_refused"));
  say_goodbye();
  expect_end(EndReason::kMppeRefused);
  EXPECT_FALSE(host.traced("ip 10.64.0.2 1436"));
}

TEST_F(SessionTest, MPP_12_LCP_10_RequireEndsTheLinkWhenCcpIsProtocolRejected) {
  authenticate(MppePolicy::kRequire);
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD)});
  say_goodbye();
  expect_end(EndReason::kMppeRefused);
}

TEST_F(SessionTest, MPP_12_RequireEndsTheLinkWhenCcpTerminates) {
  bring_up();
  receive(kCcp, term_req(1));
  EXPECT_TRUE(host.traced("mppe off"));
  say_goodbye();
  expect_end(EndReason::kMppeRefused);
}

TEST_F(SessionTest, MPP_12_RequireWithoutKeysEndsTheLinkWithAClearLine) {
  settings.auth.methods = {AuthMethod::kPap};
  backend.verdict = AuthAccepted{};
  settings.ppp.mppe = MppePolicy::kRequire;
  make();
  session->start();
  open_lcp();
  prove();
  EXPECT_TRUE(log.has(
      "ppp_failed sid=00000000000000aa user=alice protocol=ccp reason=mppe_refused why=the authentication "
      "method makes no MPPE keys"));
  say_goodbye();
  expect_end(EndReason::kMppeRefused);
}

TEST_F(SessionTest, MPP_12_RequireEndsTheLinkWhenThePeerIsSilentAboutCcp) {
  authenticate(MppePolicy::kRequire);
  for (int i = 0; i < 40; ++i) {
    advance(1s);
    receive(kIpcp, conf_req(1, option(3, u32(0))));
  }
  EXPECT_FALSE(host.traced("32801/1"));
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeRefused});
}

AuthAccepted must_encrypt() {
  AuthAccepted accepted = FakeBackend::accepted_with_keys();
  accepted.mppe_required = true;
  return accepted;
}

TEST_F(SessionTest, MPP_12_AUserWhoMustEncryptDoesSoUnderPreferAndAllow) {
  backend.verdict = must_encrypt();
  for (const MppePolicy policy : {MppePolicy::kPrefer, MppePolicy::kAllow}) {
    authenticate(policy);
    EXPECT_EQ(host.frames.size(), 1U) << "CCP, and nothing of IPCP";
    receive(kIpcp, conf_req(1, kAddress));
    advance(9s);
    EXPECT_FALSE(host.traced("32801/1")) << "however long the peer says nothing of CCP";
    host.frames.erase(host.frames.begin(), host.frames.end() - 1);
    open_ccp();
    EXPECT_TRUE(host.traced("mppe send"));
    open_ipcp();
    EXPECT_TRUE(host.traced("ip 10.64.0.2 1436 mppe"));
  }
}

TEST_F(SessionTest, MPP_12_AUserWhoMustEncryptAndDoesNotIsRefused) {
  backend.verdict = must_encrypt();
  authenticate(MppePolicy::kPrefer);
  receive(kCcp, conf_rej(only().packet.id, kMppeOption));
  say_goodbye();
  expect_end(EndReason::kMppeRefused);
  host.ends.clear();

  authenticate(MppePolicy::kAllow);
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD)});
  say_goodbye();
  expect_end(EndReason::kMppeRefused);
  host.ends.clear();

  authenticate(MppePolicy::kDeny);
  EXPECT_TRUE(log.has("why=the user must have MPPE, and [ppp] mppe denies it"));
  say_goodbye();
  expect_end(EndReason::kMppeRefused);
  EXPECT_FALSE(host.traced("32801/1"));
}

TEST_F(SessionTest, TheUsersStrengthsNarrowTheConfiguredOnes) {
  AuthAccepted accepted = must_encrypt();
  accepted.mppe_strengths = wire::mppe_bits::k40 | wire::mppe_bits::k56;
  backend.verdict = accepted;
  settings.ppp.mppe_key_lengths = {contract::MppeStrength::k128, contract::MppeStrength::k40};
  authenticate(MppePolicy::kPrefer);
  EXPECT_EQ(only().packet.data, option(18, u32(0x01000020)))
      << "neither 128, nor 56, which is not configured";

  accepted.mppe_strengths = 0;
  backend.verdict = accepted;
  authenticate(MppePolicy::kPrefer);
  say_goodbye();
  expect_end(EndReason::kMppeRefused);
  host.ends.clear();

  accepted.mppe_required = false;
  backend.verdict = accepted;
  authenticate(MppePolicy::kPrefer);
  open_ipcp();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1436")) << "no encryption for this user, and none needed";
}

TEST_F(SessionTest, DenyProtocolRejectsCcpAndGoesOnInClear) {
  authenticate(MppePolicy::kDeny);
  EXPECT_EQ(host.frames.back().protocol, kIpcp);
  receive(kCcp, conf_req(4, kMppeOption));
  const Frame reject = host.frames.back();
  EXPECT_EQ(reject.protocol, kLcp);
  EXPECT_EQ(reject.packet.code, PppCode::kProtocolReject);
  EXPECT_EQ(reject.packet.data, u16(0x80FD) + conf_req(4, kMppeOption).octets());
  host.frames.pop_back();
  open_ipcp();
  EXPECT_TRUE(host.traced("ip 10.64.0.2 1436"));
  EXPECT_EQ(session->status().mppe, "none");
}

TEST_F(SessionTest, AllowWaitsForThePeerToAsk) {
  authenticate(MppePolicy::kAllow);
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_req(1, kMppeOption));
  Frames frames = host.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0], (Frame{kCcp, conf_req(1, kMppeOption)}));
  EXPECT_EQ(frames[1], (Frame{kCcp, conf_ack(1, kMppeOption)}));
  receive(kIpcp, conf_req(2, option(3, u32(0))));  // pipelined: waits for CCP
  EXPECT_TRUE(host.frames.empty());
  receive(kCcp, conf_ack(1, kMppeOption));
  frames = host.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[1], (Frame{kIpcp, conf_nak(2, kAddress)}));
  EXPECT_EQ(session->status().mppe, "128");
}

TEST_F(SessionTest, AllowGoesOnInClearWithAPeerThatDoesNotAsk) {
  authenticate(MppePolicy::kAllow);
  receive(kIpcp, conf_req(2, kAddress));
  EXPECT_EQ(host.take().size(), 2U);

  authenticate(MppePolicy::kAllow);
  advance(990ms);
  EXPECT_TRUE(host.frames.empty());
  advance(20ms);
  EXPECT_EQ(only().protocol, kIpcp);  // a peer that waits for our request
}

TEST_F(SessionTest, AllowWithDeflateOnlyOpensAnEmptyCcp) {
  authenticate(MppePolicy::kAllow);
  receive(kCcp, conf_req(1, option(26, {0x78, 0})));
  Frames frames = host.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0], (Frame{kCcp, conf_req(1)}));
  EXPECT_EQ(frames[1], (Frame{kCcp, conf_rej(1, option(26, {0x78, 0}))}));
  receive(kCcp, conf_ack(1));
  receive(kCcp, conf_req(2));
  frames = host.take();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0], (Frame{kCcp, conf_ack(2)}));
  EXPECT_EQ(frames[1].protocol, kIpcp);
  EXPECT_EQ(session->status().mppe, "none");
}

TEST_F(SessionTest, PreferFallsBackToClear) {
  authenticate(MppePolicy::kPrefer);
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x80FD)});
  EXPECT_EQ(host.frames.back().protocol, kIpcp);
  open_ipcp();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_EQ(session->status().mppe, "none");
}

TEST_F(SessionTest, PreferDoesNotWaitForEverButTakesALateCcp) {
  authenticate(MppePolicy::kPrefer);
  const Packet request = only().packet;
  advance(8s);
  EXPECT_EQ(host.frames.back().protocol, kIpcp);
  open_ipcp();
  EXPECT_EQ(session->status().mppe, "none");
  receive(kCcp, conf_ack(request.id, request.data));
  receive(kCcp, conf_req(++id, kMppeOption));
  EXPECT_EQ(session->status().mppe, "128");
  EXPECT_TRUE(host.traced("mppe send"));
}

TEST_F(SessionTest, PreferWaitsOnlyASecondForAPeerWhoseCcpIsClosed) {
  authenticate(MppePolicy::kPrefer);
  receive(kCcp, term_ack(only().packet.id));
  advance(1010ms);
  EXPECT_TRUE(host.traced("32801/1"));
}

TEST_F(SessionTest, PreferWithoutKeysProtocolRejectsCcp) {
  settings.auth.methods = {AuthMethod::kPap};
  backend.verdict = AuthAccepted{};
  authenticate(MppePolicy::kPrefer);
  host.take();
  receive(kCcp, conf_req(1, kMppeOption));
  EXPECT_EQ(only().packet.code, PppCode::kProtocolReject);
}

TEST_F(SessionTest, MPP_11_ResetRequestIsAckedOnly) {
  bring_up();
  host.take_trace();
  receive(kCcp, {PppCode::kResetRequest, 9, {}});
  EXPECT_EQ(host.take_trace(), std::vector<std::string>{"33021/15"});
}

TEST_F(SessionTest, MPP_10_StatefulIsArmedBothWaysAndResetsGoThrough) {
  settings.ppp.mppe_stateful = StatefulPolicy::kPrefer;
  settings.ppp.mppe_key_lengths = {contract::MppeStrength::k40};
  authenticate(MppePolicy::kRequire);
  const Packet request = only().packet;
  EXPECT_EQ(request.data, option(18, u32(0x00000020)));
  receive(kCcp, conf_ack(request.id, request.data));
  receive(kCcp, conf_req(++id, request.data));
  open_ipcp();
  constexpr contract::MppeMode kMode{contract::MppeStrength::k40, true};
  EXPECT_EQ(host.modes[contract::Direction::kReceive], kMode);
  EXPECT_EQ(host.modes[contract::Direction::kSend], kMode);
  EXPECT_EQ(session->status().mppe, "40-stateful");
  EXPECT_TRUE(log.has("mppe=40-stateful"));
  host.take_trace();
  receive(kCcp, {PppCode::kResetRequest, 9, {}});
  session->on_mppe_out_of_step();
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"33021/15", "flush", "33021/14"}));
}

TEST_F(SessionTest, MPP_07_APeerThatDecryptsToNonsenseIsNotLeftInABlackHole) {
  const auto reject = [&](std::uint16_t protocol) {
    receive(kLcp, {PppCode::kProtocolReject, ++id, u16(protocol) + Octets(20, 7)});
  };
  bring_up();
  for (int i = 0; i < 20; ++i) {
    reject(static_cast<std::uint16_t>(0x2B00 + i));  // stateless mode recovers by itself
  }
  say_goodbye();
  EXPECT_TRUE(host.ends.empty());

  host.frames.clear();
  settings.ppp.mppe_stateful = StatefulPolicy::kPrefer;
  authenticate(MppePolicy::kRequire);
  const Packet request = only().packet;
  receive(kCcp, conf_ack(request.id, request.data));
  receive(kCcp, conf_req(++id, request.data));
  open_ipcp();
  for (int i = 0; i < 7; ++i) {
    reject(static_cast<std::uint16_t>(0x2B00 + i));
    reject(0x0021);  // such a reject is nothing of that kind
  }
  say_goodbye();
  EXPECT_TRUE(host.ends.empty());
  reject(0x2C00);
  say_goodbye();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeDesynchronised});
}

TEST_F(SessionTest, MPP_12_MsChapV1HasNoShortKeys) {
  settings.auth.methods = {AuthMethod::kMsChapV1};
  settings.ppp.mppe_key_lengths = {contract::MppeStrength::k40, contract::MppeStrength::k128};
  authenticate(MppePolicy::kRequire);
  EXPECT_EQ(only().packet.data, kMppeOption);

  settings.ppp.mppe_key_lengths = {contract::MppeStrength::k40};
  authenticate(MppePolicy::kRequire);
  say_goodbye();
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kMppeRefused});
}

TEST_F(SessionTest, CcpRenegotiationTakesTheKeysAwayAndBringsThemBack) {
  bring_up();
  host.take_trace();
  receive(kCcp, conf_req(1, kMppeOption));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"mppe off", "33021/1", "mppe receive", "33021/2"}));
  const Packet request = host.frames[0].packet;
  receive(kCcp, conf_ack(request.id, request.data));
  EXPECT_EQ(host.take_trace(), std::vector<std::string>{"mppe send"});
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

TEST_F(SessionTest, MPP_12_IpcpIsHeldWhileCcpRenegotiatesToo) {
  authenticate(MppePolicy::kRequire);
  open_ccp();
  const Packet ip_request = host.take().back().packet;
  receive(kCcp, conf_req(++id, kMppeOption));  // a new turn of CCP, and IPCP goes on regardless
  const Packet ccp_request = host.take().front().packet;
  host.take_trace();
  receive(kIpcp, conf_ack(ip_request.id, ip_request.data));
  receive(kIpcp, conf_req(++id, kAddress));
  EXPECT_TRUE(host.take_trace().empty());
  receive(kCcp, conf_ack(ccp_request.id, ccp_request.data));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"mppe send", "ip 10.64.0.2 1436 mppe", "32801/2"}));
  host.take();
  advance(1s);  // our request is repeated, and this time its answer counts
  const Packet again = only().packet;
  receive(kIpcp, conf_ack(again.id, again.data));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

TEST_F(SessionTest, NCP_01_IpIsUpBeforeThePeerCanKnow) {
  authenticate(MppePolicy::kDeny);
  const Packet request = only().packet;
  host.take_trace();
  receive(kIpcp, conf_req(++id, kAddress));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"ip 10.64.0.2 1436", "32801/2"}));
  receive(kIpcp, conf_req(++id, kAddress));  // the acknowledgement was lost
  EXPECT_EQ(host.take_trace(), std::vector<std::string>{"32801/2"});
  receive(kIpcp, conf_ack(request.id, request.data));
  EXPECT_TRUE(host.take_trace().empty());
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

// ---- other protocols --------------------------------------------------------------------------------------

TEST_F(SessionTest, LCP_11_UnknownProtocolsAreProtocolRejected) {
  bring_up();
  for (const std::uint16_t unknown :
       std::initializer_list<std::uint16_t>{0xC029, 0xC02B, 0x8053, 0x8235, 0x8281, 0x802B, 0xC0FF, 0x0281}) {
    receive(PppProtocol{unknown}, conf_req(1, {1, 2}));
    const Frame reject = only();
    EXPECT_EQ(reject.packet.code, PppCode::kProtocolReject);
    EXPECT_EQ(reject.packet.data, u16(unknown) + conf_req(1, {1, 2}).octets());
  }
  for (int i = 0; i < 1000; ++i) {
    receive(PppProtocol{0xC029}, conf_req(1));
  }
  EXPECT_TRUE(host.take().empty());
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

TEST_F(SessionTest, NCP_04_Ipv6cpIsProtocolRejectedAndIpv4StaysUp) {
  bring_up();
  host.take_trace();
  receive(kIpv6cp, conf_req(1, option(1, u32(1) + u32(2))));
  EXPECT_EQ(only().packet.code, PppCode::kProtocolReject);
  receive(kIpv6cp, term_req(2));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_FALSE(host.traced("ip off"));
}

TEST_F(SessionTest, StrayDataAndForeignAuthenticationAreIgnored) {
  bring_up();
  for (const PppProtocol protocol : {kIpv4, kMppe, kPap, kEap}) {
    receive(protocol, conf_req(1));
  }
  session->on_frame(Octets{0xC0});
  session->on_frame({});
  EXPECT_TRUE(host.take().empty());
}

TEST_F(SessionTest, LCP_10_ProtocolRejectOfIpcpEndsTheLink) {
  bring_up();
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x8021)});
  EXPECT_TRUE(host.traced("ip off"));
  say_goodbye();
  expect_end(EndReason::kIpcpFailed);
}

TEST_F(SessionTest, LCP_10_ProtocolRejectOfDataIsNoReasonToEnd) {
  bring_up();
  receive(kLcp, {PppCode::kProtocolReject, 1, u16(0x0021)});
  receive(kLcp, {PppCode::kProtocolReject, 2, u16(0x00FD)});
  advance(1s);
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
}

TEST_F(SessionTest, NCP_01_PeerThatInsistsOnItsAddressIsTerminated) {
  authenticate(MppePolicy::kDeny);
  for (unsigned i = 0; i < settings.ppp.max_configure; ++i) {
    receive(kIpcp, conf_req(i, option(3, {10, 64, 0, 9})));
  }
  say_goodbye();
  expect_end(EndReason::kIpcpFailed);
}

TEST_F(SessionTest, NCP_05_EmptyPoolEndsTheLinkWithItsOwnReason) {
  host.free_address.reset();
  make();
  session->start();
  open_lcp();
  prove();
  EXPECT_TRUE(log.has("ip_pool_empty"));
  say_goodbye();
  expect_end(EndReason::kPoolEmpty);
}

TEST_F(SessionTest, IpcpTerminatedByThePeerEndsTheLink) {
  bring_up();
  receive(kIpcp, term_req(7));
  EXPECT_TRUE(host.traced("ip off"));
  EXPECT_EQ(only(), (Frame{kIpcp, term_ack(7)}));
  advance(settings.ppp.timeout);
  say_goodbye();
  expect_end(EndReason::kUserRequest);
}

// ---- renegotiation ----------------------------------------------------------------------------------------

TEST_F(SessionTest, LCP_08_RenegotiationReauthenticatesRekeysAndKeepsTheAddress) {
  bring_up();
  host.take_trace();
  auto fresh = FakeBackend::accepted_with_keys();
  fresh.mppe->send.bytes()[0] = 0x33;
  backend.verdict = fresh;
  receive(kLcp, conf_req(++id, kMagic));
  EXPECT_EQ(host.take_trace(), (std::vector<std::string>{"ip off", "mppe off", "49185/1", "49185/2"}));
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kEstablish);
  const Packet request = host.take().front().packet;
  receive(kLcp, conf_ack(request.id, request.data));
  EXPECT_EQ(host.frames.back().protocol, kChap);
  prove();
  EXPECT_EQ(backend.requests, 2);
  host.frames.erase(host.frames.begin());
  open_ccp();
  open_ipcp();
  EXPECT_EQ(session->status().phase, SessionStatus::Phase::kUp);
  EXPECT_EQ(session->status().address, kSubscriber);
  EXPECT_EQ(host.leases, 1);
  EXPECT_EQ(host.keys[contract::Direction::kSend][0], 0x33);
  EXPECT_TRUE(host.ends.empty());
}

TEST_F(SessionTest, LCP_08_AnotherUserOnTheSameLinkIsRefused) {
  bring_up();
  receive(kLcp, conf_req(++id, kMagic));
  const Packet request = host.take().front().packet;
  receive(kLcp, conf_ack(request.id, request.data));
  prove({'m', 'a', 'l', 'l', 'y'});
  say_goodbye();
  expect_end(EndReason::kAuthFailed);
}

TEST_F(SessionTest, LCP_08_RenegotiationThatHangsMeetsTheDeadline) {
  bring_up();
  receive(kLcp, conf_req(++id, kMagic));
  for (int i = 0; i < 40 && host.ends.empty(); ++i) {
    advance(1s);
  }
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kLcpTimeout});
}

// ---- ends -------------------------------------------------------------------------------------------------

TEST_F(SessionTest, LCP_12_RasErrorIsDecodedAndTheTerminateAcked) {
  bring_up();
  receive(kLcp, term_req(44, u32(0x01020304) + u32(0x003CCD74) + u32(0x30A)));
  EXPECT_EQ(only(), (Frame{kLcp, term_ack(44)}));
  EXPECT_TRUE(log.has("why=RAS error 778"));
  EXPECT_TRUE(host.traced("ip off"));
  EXPECT_TRUE(host.ends.empty());  // RFC 1661 §4.4: one period in Stopping
  advance(settings.ppp.timeout);
  expect_end(EndReason::kUserRequest);
}

TEST_F(SessionTest, PeerThatHangsUpWhileNegotiatingEndsTheLinkToo) {
  make();
  session->start();
  host.take();
  receive(kLcp, term_req(1, {'b', 'y', 'e'}));
  EXPECT_EQ(only(), (Frame{kLcp, term_ack(1)}));
  say_goodbye();
  expect_end(EndReason::kUserRequest);
}

TEST_F(SessionTest, TerminateSaysGoodbyeAndWaitsForTheAnswer) {
  bring_up();
  session->terminate(EndReason::kAdminReset);
  session->terminate(EndReason::kShutdown);  // the first reason stands
  EXPECT_TRUE(host.ends.empty());
  advance(10ms);
  EXPECT_TRUE(host.traced("ip off"));
  EXPECT_TRUE(host.traced("mppe off"));
  const Frame goodbye = only();
  EXPECT_EQ(goodbye.packet.code, PppCode::kTerminateRequest);
  receive(kLcp, term_ack(goodbye.packet.id));
  expect_end(EndReason::kAdminReset);
  receive(kLcp, conf_req(1));
  session->terminate(EndReason::kShutdown);
  advance(60s);
  EXPECT_EQ(host.ends.size(), 1U);
}

TEST_F(SessionTest, TerminateIsBoundedWithADeadPeer) {
  bring_up();
  session->terminate(EndReason::kShutdown);
  advance(5s);
  expect_end(EndReason::kShutdown);
  EXPECT_EQ(host.take().size(), settings.ppp.max_terminate);
}

TEST_F(SessionTest, TerminateBeforeTheStartOrBeforeLcpIsOpenWorksToo) {
  make();
  session->terminate(EndReason::kShutdown);
  advance(10ms);
  expect_end(EndReason::kShutdown);

  host.ends.clear();
  make();
  session->start();
  session->terminate(EndReason::kShutdown);
  advance(5s);
  expect_end(EndReason::kShutdown);
}

TEST_F(SessionTest, SilentPeerMeetsTheLcpDeadline) {
  make();
  session->start();
  advance(settings.ppp.lcp_timeout + 5s);
  expect_end(EndReason::kLcpTimeout);
}

TEST_F(SessionTest, SilenceAfterAuthenticationMeetsTheSetupDeadline) {
  settings.ppp.timeout = 10s;  // IPCP would try for 100 s
  authenticate(MppePolicy::kDeny);
  for (int i = 0; i < 12; ++i) {
    advance(5s);
    receive(kLcp, {PppCode::kEchoReply, 1, u32(1)});
  }
  say_goodbye();
  advance(15s);
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kNetworkTimeout});
}

TEST_F(SessionTest, LCP_09_DeadPeerEndsWithLostCarrier) {
  bring_up();
  for (int i = 0; i < 100 && host.ends.empty(); ++i) {
    advance(1s);
  }
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kLostCarrier});
  EXPECT_EQ(wheel.armed_count(), 0U);
}

TEST_F(SessionTest, LCP_06_LoopedLinkEnds) {
  make();
  session->start();
  for (int i = 0; i < 200 && host.ends.empty(); ++i) {
    for (const Frame& frame : host.take()) {
      receive(frame.protocol, frame.packet);
    }
    advance(100ms);
  }
  EXPECT_EQ(host.ends, std::vector<EndReason>{EndReason::kLcpFailed});
}

TEST_F(SessionTest, SEC_08_AFloodOfFramesIsBoundedWork) {
  bring_up();
  host.take();
  for (int i = 0; i < 10'000; ++i) {
    receive(kLcp, {PppCode::kEchoRequest, static_cast<unsigned>(i & 255), u32(0x01020304)});
  }
  EXPECT_LE(host.take().size(), 200U);
  advance(10s);
  receive(kLcp, {PppCode::kEchoRequest, 1, u32(0x01020304)});
  EXPECT_EQ(host.take().size(), 1U);
}

TEST_F(SessionTest, DestructionAtAnyMomentLeavesNothingBehind) {
  bring_up();
  session->terminate(EndReason::kAdminReset);
  session.reset();
  EXPECT_EQ(wheel.armed_count(), 0U);

  backend.answers_at_once = false;
  make();
  session->start();
  open_lcp();
  prove();
  ASSERT_NE(backend.waiting, nullptr);
  session.reset();
  EXPECT_EQ(backend.waiting, nullptr);
  EXPECT_EQ(wheel.armed_count(), 0U);
}

TEST_F(SessionTest, ControlSideStateOfACallFitsInFourKibibytes) {
  const std::size_t before = allocated_octets;
  make();
  const std::size_t session_alone = allocated_octets - before;
  RecordProperty("session_octets", static_cast<int>(session_alone));
  EXPECT_LE(session_alone + sizeof(Session),
            3072U);  // leaves 1 KiB for an authenticator and the call's own record
}

}  // namespace
}  // namespace adit::control
