// SPDX-License-Identifier: Apache-2.0
// Whole dial-ups, both ends sans-I/O, over a lossy link in virtual time: our session with real MS-CHAPv2
// against the client of controlplane/client/, as pppd or Windows. A failure prints its seed. For every seed,
// the dial ends in finite time; if it is up, both ends agree on address, encryption and keys; if not, there
// is a reason.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <functional>
#include <map>
#include <random>

#include "controlplane/auth/local_users.hpp"
#include "controlplane/ppp/session.hpp"
#include "crypto/library.hpp"
#include "crypto/mppe_batch.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"
#include "tests/sim/lossy_link.hpp"
#include "tests/sim/ppp_caller.hpp"

namespace adit::sim {
namespace {

using control::CcpWithoutMppe;
using control::ClientEnd;
using control::ClientProfile;
using control::ClientSettings;
using control::Duration;
using control::EndReason;
using control::Instant;
using control::MppePolicy;
using control::Settings;
using namespace std::chrono_literals;

constexpr wire::Ipv4Address kSubscriber{10, 64, 0, 2};
constexpr wire::Ipv4Address kDns{198, 51, 100, 53};

/// What a worker makes of one EnableMppe for sending: packets in order, the key changed before each.
class SendStream {
 public:
  using Key = std::array<std::uint8_t, 16>;

  SendStream(const crypto::Secret<16>& start, const crypto::Secret<16>& session) {
    std::ranges::copy(start.bytes(), chain_.start_key.begin());
    std::ranges::copy(session.bytes(), chain_.session_key.begin());
  }
  [[nodiscard]] Key start_key() const { return chain_.start_key; }
  /// `plaintext` as the packet with this coherency count.
  [[nodiscard]] std::vector<std::uint8_t> encrypt(std::uint32_t count,
                                                  std::vector<std::uint8_t> plaintext) const {
    crypto::MppeJob job{.chain = &chain_,
                        .changes = count + 1,
                        .size = static_cast<std::uint16_t>(plaintext.size()),
                        .data = plaintext.data()};
    crypto::mppe_crypt({&job, 1});
    return plaintext;
  }

 private:
  crypto::MppeChain chain_;
};

/// Like a worker, it refuses clear text from the first key on.
class Host final : public control::SessionHost {
 public:
  Host(LossyLink& link, const control::TimerWheel& wheel) : link_(link), wheel_(wheel) {}
  std::map<contract::Direction, std::vector<std::uint8_t>> keys;
  std::map<contract::Direction, contract::MppeMode> modes;
  std::vector<SendStream> streams;  ///< all that we have encrypted with
  std::optional<EndReason> ended;
  bool ip = false;
  bool ip_needs_mppe = false;
  control::Ipv6Counters counters;
  int ip_ends = 0;
  std::uint64_t interface_id = 0;  ///< of the subscriber; 0: no IPv6

  control::Ipv6Counters& ipv6_counters() override { return counters; }
  void send_ppp_frame(std::span<const std::uint8_t> frame) override { link_.send(wheel_.now(), frame); }
  void set_ppp_compression(bool, bool) override {}
  void enable_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>& start,
                   const crypto::Secret<16>& session) override {
    modes[direction] = mode;
    if (!mode.encrypted()) {
      return;
    }
    ip_needs_mppe = true;
    if (direction == contract::Direction::kSend) {
      const SendStream stream(start, session);
      EXPECT_EQ(std::ranges::count(streams, stream.start_key(), &SendStream::start_key), 0)
          << "a key stream twice";
      streams.push_back(stream);
    }
    keys[direction] = {start.bytes().begin(), start.bytes().end()};
  }
  void flush_mppe(bool) override {}
  void disable_mppe() override {
    keys.clear();
    modes.clear();
  }
  bool reserve_mppc_history() override { return true; }
  void enable_ip(wire::Ipv4Address subscriber, std::uint16_t mru, bool require_mppe) override {
    EXPECT_EQ(subscriber, kSubscriber);
    EXPECT_EQ(mru, 1400);
    ip = true;
    ip_needs_mppe |= require_mppe;
  }
  void disable_ip() override {
    ip = false;
    ++ip_ends;
  }
  void enable_ipv6(const control::Ipv6Binding& subscriber, std::uint16_t, bool require_mppe) override {
    EXPECT_EQ(require_mppe, ip_needs_mppe);
    interface_id = subscriber.interface_id;
  }
  void disable_ipv6() override { interface_id = 0; }
  void lcp_opened() override {}
  std::expected<wire::Ipv4Address, NoAddress> lease_address(std::optional<wire::Ipv4Address>,
                                                            std::string_view) override {
    return kSubscriber;
  }
  void session_ended(EndReason reason) override {
    EXPECT_FALSE(ended.has_value()) << "ended twice";
    ended = reason;
  }

 private:
  LossyLink& link_;
  const control::TimerWheel& wheel_;
};

/// A client and its behaviour, by value, so that profiles can be modified.
struct Client {
  ClientProfile profile;
  ClientSettings settings;
};

/// One dial: from the installed call until both ends are up, or it ends.
class Dial {
 public:
  Dial(const Settings& settings, const Client& client, LinkQuality quality, std::uint64_t seed)
      : settings_(settings),
        client_settings_(settings_of(client)),
        down_(quality, seed * 4 + 1),
        up_(quality, seed * 4 + 2),
        noise_(seed * 4 + 3),
        host_(down_, wheel_),
        session_(settings_, wheel_, noise_, log_, users(), host_, wire::Ipv4Address{192, 0, 2, 9},
                 wire::Ipv4Address{192, 0, 2, 1}, "sim"),
        client_(client_settings_, wheel_, noise_,
                [this](wire::Bytes frame) { up_.send(wheel_.now(), frame); }) {}

  /// Runs until the link has been up for a while, or has ended. False: neither within five minutes.
  bool run() {
    session_.start();
    client_.start();
    return settle();
  }
  bool settle() {
    std::optional<Instant> agreed_since;
    while (wheel_.now() < Instant{300s}) {
      step();
      if (host_.ended) {
        return true;
      }
      agreed_since = agrees() ? agreed_since.value_or(wheel_.now()) : std::optional<Instant>{};
      if (agreed_since && wheel_.now() - *agreed_since > 4s) {  // longer than any restart timer
        is_up_ = true;
        return true;
      }
    }
    return false;
  }
  bool run_until_ended(Duration limit) {
    const Instant end = wheel_.now() + limit;
    while (!host_.ended && wheel_.now() < end) {
      step();
    }
    return host_.ended.has_value();
  }

  [[nodiscard]] bool is_up() const { return is_up_; }
  [[nodiscard]] Duration took() const { return wheel_.now().since_start; }
  [[nodiscard]] const Host& host() const { return host_; }
  PppCaller& client() { return client_; }
  control::Session& session() { return session_; }
  /// As if the client had sent it, and said nothing more for a while.
  void send_as_client(wire::PppProtocol protocol, std::uint8_t code, std::uint8_t identifier,
                      wire::Bytes data) {
    client_silent_until_ = wheel_.now() + 1100ms;
    forge(protocol, code, identifier, data);
  }
  void forge(wire::PppProtocol protocol, std::uint8_t code, std::uint8_t identifier, wire::Bytes data) {
    wire::PppFrameWriter frame(protocol, code, identifier);
    session_.on_frame(frame.octets(data).frame().subspan(2));
  }

  void expect_both_ends_agree(bool encrypted) {
    EXPECT_EQ(client_.address(), kSubscriber);
    EXPECT_EQ(client_.ip, kSubscriber);
    EXPECT_EQ(client_.server(), settings_.ip.gateway);
    EXPECT_EQ(client_.dns1(), kDns);
    EXPECT_TRUE(host_.ip);
    EXPECT_EQ(client_.encrypts(), encrypted);
    EXPECT_EQ(client_.ip_needs_mppe, encrypted || client_settings_.mppe == MppePolicy::kRequire);
    EXPECT_EQ(session_.status().mppe, encrypted ? mode_text(mode()) : "none");
    if (encrypted) {
      using enum contract::Direction;
      ASSERT_EQ(host_.keys.size(), 2U);
      ASSERT_EQ(client_.keys.size(), 2U);
      EXPECT_NE(host_.keys.at(kSend), host_.keys.at(kReceive));
      EXPECT_EQ(host_.keys.at(kSend), client_.keys.at(kReceive));
      EXPECT_EQ(host_.keys.at(kReceive), client_.keys.at(kSend));
    } else {
      EXPECT_TRUE(host_.keys.empty());
      EXPECT_TRUE(client_.keys.empty());
    }
  }

  /// Checks that the workers at both ends were told what the client insists on.
  void expect_modes() {
    for (const auto direction : {contract::Direction::kReceive, contract::Direction::kSend}) {
      EXPECT_EQ(host_.modes.at(direction), mode());
      EXPECT_EQ(client_.modes.at(direction), mode());
    }
  }

 private:
  ClientSettings settings_of(const Client& client) {
    profile_ = client.profile;
    ClientSettings settings = client.settings;
    settings.profile = &profile_;
    return settings;
  }
  [[nodiscard]] bool compresses() const {
    return client_settings_.ppp.mppc != control::MppcPolicy::kDeny &&
           settings_.ppp.mppc != control::MppcPolicy::kDeny;
  }
  [[nodiscard]] contract::MppeMode mode() const {
    return {client_settings_.mppe_key_lengths.front(),
            client_settings_.ppp.mppe_stateful == control::StatefulPolicy::kPrefer, compresses()};
  }
  static std::string mode_text(contract::MppeMode mode) {
    return std::string(mode.strength == contract::MppeStrength::k40   ? "40"
                       : mode.strength == contract::MppeStrength::k56 ? "56"
                                                                      : "128") +
           (mode.stateful ? "-stateful" : "");
  }
  static control::LocalUsers& users() {
    static control::LocalUsers local_users(control::parse_users("alice * secret *\n", {}).users);
    return local_users;
  }
  bool agrees() {
    return client_.up() && session_.status().phase == control::SessionStatus::Phase::kUp &&
           client_.encrypts() == (session_.status().mppe != "none") &&
           (client_.encrypts() || settings_.ppp.mppe != MppePolicy::kRequire);
  }
  void step() {
    Instant next = wheel_.now() + std::max(wheel_.next_wait().value_or(Duration{1000}), Duration{1});
    for (const LossyLink* link : {&down_, &up_}) {
      next = std::min(next, std::max(link->next().value_or(next), wheel_.now()));
    }
    wheel_.advance(next);
    for (auto frame = up_.receive(wheel_.now()); !frame.empty(); frame = up_.receive(wheel_.now())) {
      if (wheel_.now() >= client_silent_until_) {
        session_.on_frame(wire::Bytes(frame).subspan(2));  // the worker strips FF 03
      }
    }
    for (auto frame = down_.receive(wheel_.now()); !frame.empty(); frame = down_.receive(wheel_.now())) {
      client_.on_frame(wire::Bytes(frame).subspan(2));
    }
  }

  const Settings settings_;  // the ends hold references to it
  ClientProfile profile_;
  const ClientSettings client_settings_;
  control::TimerWheel wheel_;
  LossyLink down_, up_;
  test::SeededEntropy noise_;
  test::SilentLog log_;
  Host host_;
  control::Session session_;
  PppCaller client_;
  Instant client_silent_until_{};
  bool is_up_ = false;
};

Settings server(MppePolicy policy) {
  Settings settings;
  settings.ppp.mppe = policy;
  settings.ip.gateway = {10, 64, 0, 1};
  settings.ip.dns1 = kDns;
  return settings;
}

Client dialling_as(std::string_view profile) {
  Client client{.profile = *control::find_client_profile(profile), .settings = {}};
  client.settings.user = "alice";
  control::set_password(client.settings, "secret");
  client.settings.mppe = MppePolicy::kRequire;
  return client;
}

/// As distributions configure it (`mru 1400`), and with an option that every server rejects.
Client pppd() {
  using enum wire::LcpOption;
  static constexpr std::array kOptions = {kMru,     kAccm, kMagic, kProtocolCompression, kAddressCompression,
                                          kCallback};
  Client client = dialling_as("pptp-linux");
  client.profile.lcp_options = kOptions;
  client.profile.mru = 1400;
  return client;
}
/// XP offers compression, too.
Client windows() {
  Client client = dialling_as("windows");
  client.profile.mppe_strengths = 0xE1;
  return client;
}
/// Offers encryption, and negotiates IPCP at the same time.
Client offering_mppe() {
  Client client = pppd();
  client.settings.mppe = MppePolicy::kPrefer;
  client.profile.ipcp_after_ccp_began = Duration{0};
  return client;
}
Client without_mppe(CcpWithoutMppe how) {
  Client client = pppd();
  client.settings.mppe = MppePolicy::kDeny;
  client.profile.without_mppe = how;
  return client;
}

class PppDialUp : public testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_TRUE(crypto::initialise().has_value()); }

  /// Dials with every seed, up to `dials` times each, like a client that retries. Reports how many dials
  /// failed.
  static int expect_all_up(const Settings& settings, const Client& client, LinkQuality quality,
                           bool encrypted, int seeds, int dials) {
    int failed = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      bool up = false;
      for (int attempt = 0; attempt < dials && !up; ++attempt) {
        const auto link_seed = static_cast<std::uint64_t>(seed * 100 + attempt);
        SCOPED_TRACE("link seed " + std::to_string(link_seed));
        Dial dial(settings, client, quality, link_seed);
        EXPECT_TRUE(dial.run()) << "wedged: neither up nor ended";
        up = dial.is_up();
        failed += up ? 0 : 1;
        if (up) {
          dial.expect_both_ends_agree(encrypted);
          if (encrypted) {
            dial.expect_modes();
          }
          EXPECT_EQ(dial.host().ip_needs_mppe, encrypted || settings.ppp.mppe == MppePolicy::kRequire);
        } else {
          EXPECT_NE(dial.host().ended, EndReason::kNone);
        }
      }
      EXPECT_TRUE(up) << "seed " << seed << " never came up in " << dials << " dials";
    }
    return failed;
  }
};

TEST_F(PppDialUp, CleanLinkNeedsNoRestartTimer) {
  for (const Client& client : {pppd(), windows()}) {
    Dial dial(server(MppePolicy::kRequire), client, {}, 1);
    ASSERT_TRUE(dial.run());
    ASSERT_TRUE(dial.is_up());
    dial.expect_both_ends_agree(true);
    EXPECT_LT(*dial.session().status().up_since, Instant{600ms});
  }
}

TEST_F(PppDialUp, EveryPolicyAgainstEveryClient) {
  using enum MppePolicy;
  struct Case {
    MppePolicy policy;
    Client client;
    bool up;
    bool encrypted;
  };
  using enum CcpWithoutMppe;
  const std::vector<Case> cases = {
      {kRequire, pppd(), true, true},
      {kRequire, windows(), true, true},
      {kRequire, offering_mppe(), true, true},
      {kRequire, without_mppe(kTerminateAck), false, false},
      {kRequire, without_mppe(kProtocolReject), false, false},
      {kRequire, without_mppe(kConfigureReject), false, false},
      {kRequire, without_mppe(kOffer), false, false},
      {kPrefer, pppd(), true, true},
      {kPrefer, windows(), true, true},
      {kPrefer, offering_mppe(), true, true},
      {kPrefer, without_mppe(kTerminateAck), true, false},
      {kPrefer, without_mppe(kProtocolReject), true, false},
      {kPrefer, without_mppe(kConfigureReject), true, false},
      {kPrefer, without_mppe(kOffer), true, false},
      {kAllow, pppd(), true, true},
      {kAllow, windows(), true, true},
      {kAllow, offering_mppe(), true, true},
      {kAllow, without_mppe(kTerminateAck), true, false},
      {kAllow, without_mppe(kProtocolReject), true, false},
      {kAllow, without_mppe(kConfigureReject), true, false},
      {kAllow, without_mppe(kOffer), true, false},
      {kDeny, pppd(), false, false},
      {kDeny, windows(), false, false},
      {kDeny, offering_mppe(), true, false},
      {kDeny, without_mppe(kTerminateAck), true, false},
      {kDeny, without_mppe(kProtocolReject), true, false},
      {kDeny, without_mppe(kConfigureReject), true, false},
      {kDeny, without_mppe(kOffer), true, false},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE("case " + std::to_string(i));
    Dial dial(server(cases[i].policy), cases[i].client, {}, i);
    ASSERT_TRUE(dial.run());
    EXPECT_EQ(dial.is_up(), cases[i].up);
    if (dial.is_up()) {
      dial.expect_both_ends_agree(cases[i].encrypted);
      EXPECT_LT(*dial.session().status().up_since, Instant{1500ms});
    } else if (cases[i].policy == kRequire) {
      EXPECT_EQ(dial.host().ended, EndReason::kMppeRefused);
    } else {
      EXPECT_EQ(dial.host().ended, EndReason::kUserRequest);
      EXPECT_EQ(dial.client().over(), ClientEnd::kMppeRefused);
    }
  }
}

TEST_F(PppDialUp, WrongPasswordEndsTheSameWayAtBothEnds) {
  Client client = pppd();
  control::set_password(client.settings, "Secret");
  Dial dial(server(MppePolicy::kRequire), client, {}, 1);
  ASSERT_TRUE(dial.run());
  EXPECT_EQ(dial.host().ended, EndReason::kAuthFailed);
  EXPECT_EQ(dial.client().over(), ClientEnd::kAuthFailed);
}

TEST_F(PppDialUp, HundredsOfSeedsUnderLossConverge) {
  for (const double loss : {0.02, 0.1, 0.2, 0.3}) {
    const LinkQuality quality{.loss = loss, .duplication = 0.05, .delay = 20ms, .jitter = 0ms};
    const int failed = expect_all_up(server(MppePolicy::kRequire), pppd(), quality, true, 150, 8) +
                       expect_all_up(server(MppePolicy::kRequire), windows(), quality, true, 150, 8);
    std::printf("loss %2.0f %%: 300 seeds up, %d dials had to be repeated\n", loss * 100, failed);
    EXPECT_LE(failed, loss < 0.3 ? 5 : 40);
  }
}

TEST_F(PppDialUp, HundredsOfSeedsUnderReorderingConverge) {
  const LinkQuality quality{.loss = 0.05, .duplication = 0.1, .delay = 20ms, .jitter = 60ms};
  const int failed = expect_all_up(server(MppePolicy::kRequire), windows(), quality, true, 200, 8);
  std::printf("reordering: 200 seeds up, %d dials had to be repeated\n", failed);
  EXPECT_LE(failed, 5);
}

// A satellite, or a mobile network that buffers: each side repeats what the other has long answered.
TEST_F(PppDialUp, ARoundTripOfThreeSecondsIsNoReasonToFail) {
  const LinkQuality quality{.loss = 0, .duplication = 0, .delay = 1400ms, .jitter = 200ms};
  for (const Client& client : {pppd(), windows()}) {
    EXPECT_LE(expect_all_up(server(MppePolicy::kRequire), client, quality, true, 50, 2), 1);
  }
}

TEST_F(PppDialUp, ClearLinksConvergeUnderLossToo) {
  const LinkQuality quality{.loss = 0.2, .duplication = 0.05, .delay = 20ms, .jitter = 5ms};
  expect_all_up(server(MppePolicy::kDeny), without_mppe(CcpWithoutMppe::kTerminateAck), quality, false, 100,
                8);
  expect_all_up(server(MppePolicy::kAllow), without_mppe(CcpWithoutMppe::kProtocolReject), quality, false,
                100, 8);
}

TEST_F(PppDialUp, PreferAndAllowAgreeOnEncryptionUnderLoss) {
  const LinkQuality quality{.loss = 0.1, .duplication = 0.05, .delay = 20ms, .jitter = 5ms};
  expect_all_up(server(MppePolicy::kPrefer), windows(), quality, true, 100, 8);
  expect_all_up(server(MppePolicy::kAllow), pppd(), quality, true, 100, 8);
}

TEST_F(PppDialUp, MPP_10_EveryModeConvergesUnderLoss) {
  using enum contract::MppeStrength;
  const LinkQuality quality{.loss = 0.1, .duplication = 0.05, .delay = 20ms, .jitter = 5ms};
  for (const auto stateful : {control::StatefulPolicy::kAllow, control::StatefulPolicy::kPrefer}) {
    Settings settings = server(MppePolicy::kRequire);
    settings.ppp.mppe_stateful = stateful;
    settings.ppp.mppe_key_lengths = {contract::MppeStrength::k40, contract::MppeStrength::k56,
                                     contract::MppeStrength::k128};
    for (const auto& [strength, is_stateful] :
         {std::pair(k40, true), std::pair(k56, true), std::pair(k128, true), std::pair(k40, false),
          std::pair(k128, false)}) {
      Client client = pppd();
      client.settings.mppe_key_lengths = {strength};
      client.settings.ppp.mppe_stateful =
          is_stateful ? control::StatefulPolicy::kPrefer : control::StatefulPolicy::kDeny;
      expect_all_up(settings, client, quality, true, 20, 8);
    }
  }
}

TEST_F(PppDialUp, CompressionIsAgreedOnUnderLossWhereBothEndsAllowIt) {
  using enum control::MppcPolicy;
  const LinkQuality quality{.loss = 0.1, .duplication = 0.05, .delay = 20ms, .jitter = 5ms};
  for (const auto& [ours, its] :
       {std::pair(kStateless, kStateless), std::pair(kDeny, kStateless), std::pair(kStateless, kDeny)}) {
    Settings settings = server(MppePolicy::kPrefer);
    settings.ppp.mppc = ours;
    Client client = windows();
    client.settings.ppp.mppc = its;
    expect_all_up(settings, client, quality, true, 40, 8);
  }
}

TEST_F(PppDialUp, CompressionWithoutEncryptionIsAgreedOnUnderLoss) {
  const LinkQuality quality{.loss = 0.1, .duplication = 0.05, .delay = 20ms, .jitter = 5ms};
  Settings settings = server(MppePolicy::kDeny);
  settings.ppp.mppc = control::MppcPolicy::kStateless;
  Client client = without_mppe(CcpWithoutMppe::kProtocolReject);
  client.settings.ppp.mppc = control::MppcPolicy::kStateless;
  int up = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Dial dial(settings, client, quality, seed);
    ASSERT_TRUE(dial.run()) << seed;
    if (!dial.is_up()) {
      continue;  // its login was lost
    }
    ++up;
    dial.expect_both_ends_agree(false);
    constexpr contract::MppeMode kAlone{contract::MppeStrength::kNone, false, true};
    const std::map<contract::Direction, contract::MppeMode> both{{contract::Direction::kReceive, kAlone},
                                                                 {contract::Direction::kSend, kAlone}};
    EXPECT_EQ(dial.host().modes, both) << seed;
    EXPECT_EQ(dial.client().modes, both) << seed;
    EXPECT_EQ(dial.session().status().compression, "mppc");
  }
  EXPECT_GE(up, 35);
}

// RC4: equal packets at equal counts under one start key are equal on the wire, different ones give the XOR of
// their plaintexts away.
TEST_F(PppDialUp, MPP_13_ALinkThatNegotiatesAnewNeverRepeatsAKeyStream) {
  constexpr std::uint8_t kMppe[] = {18, 6, 1, 0, 0, 0x40};
  const auto ccp_request = [&](Dial& dial) { dial.send_as_client(wire::PppProtocol::kCcp, 1, 99, kMppe); };
  const auto ccp_terminate = [](Dial& dial) { dial.send_as_client(wire::PppProtocol::kCcp, 5, 99, {}); };
  const auto lcp_request = [](Dial& dial) { dial.send_as_client(wire::PppProtocol::kLcp, 1, 99, {}); };
  const auto desynchronised = [](Dial& dial) { dial.session().on_mppe_desynchronised(); };
  const std::vector<std::function<void(Dial&)>> kinds{ccp_request, ccp_terminate, lcp_request,
                                                      desynchronised};
  for (const MppePolicy policy : {MppePolicy::kPrefer, MppePolicy::kRequire}) {
    for (const auto& anew : kinds) {
      Dial dial(server(policy), pppd(), {}, 1);
      ASSERT_TRUE(dial.run());
      ASSERT_TRUE(dial.is_up());
      anew(dial);
      ASSERT_TRUE(dial.settle());
      ASSERT_FALSE(dial.host().ended);
      dial.expect_both_ends_agree(true);
      const std::vector<SendStream>& streams = dial.host().streams;
      ASSERT_EQ(streams.size(), 2U);
      EXPECT_NE(streams[0].start_key(), streams[1].start_key());
      const std::vector<std::uint8_t> packet(64, 0x21);
      for (std::uint32_t count = 0; count < 20; ++count) {
        EXPECT_NE(streams[0].encrypt(count, packet), streams[1].encrypt(count, packet));
      }
    }
  }
}

// Somebody who knows the call's addresses, ID and numbers; the client goes on and knows of nothing.
TEST_F(PppDialUp, SEC_01_ForgedEndsOfLcpAndCcpDoNothing) {
  constexpr std::uint8_t kMppe[] = {18, 6, 1, 0, 0, 0x40};
  for (const Client& client : {pppd(), windows()}) {
    Dial dial(server(MppePolicy::kPrefer), client, {}, 1);
    ASSERT_TRUE(dial.run());
    for (std::uint8_t i = 0; i < 100; ++i) {
      for (const wire::PppProtocol protocol : {wire::PppProtocol::kLcp, wire::PppProtocol::kCcp}) {
        dial.forge(protocol, 1, i, kMppe);
        dial.forge(protocol, 5, i, {});
        dial.forge(protocol, 6, i, {});
      }
      dial.run_until_ended(200ms);
    }
    ASSERT_TRUE(dial.settle());
    ASSERT_FALSE(dial.host().ended);
    dial.expect_both_ends_agree(true);
    EXPECT_EQ(dial.host().streams.size(), 1U) << "the first keys still serve";
  }
}

TEST_F(PppDialUp, NCP_04_BothNcpsConvergeUnderLoss) {
  const LinkQuality quality{.loss = 0.1, .duplication = 0.05, .delay = 20ms, .jitter = 5ms};
  int up = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Settings settings = server(MppePolicy::kRequire);
    settings.ipv6.mode = control::Ipv6Policy::kRequire;
    Client client = seed % 2 == 0 ? windows() : pppd();
    client.settings.ipv6 = control::Ipv6Policy::kPrefer;
    client.settings.interface_id = seed % 4 < 2 ? 0 : 0xabcd;
    Dial dial(settings, client, quality, seed);
    ASSERT_TRUE(dial.run());
    if (dial.is_up()) {
      dial.expect_both_ends_agree(true);
      EXPECT_NE(dial.host().interface_id, 0U);
      EXPECT_EQ(dial.host().interface_id, dial.client().interface_id);
      ++up;
    }
  }
  EXPECT_GE(up, 95);
}

TEST_F(PppDialUp, NCP_04_EveryPolicyOfIpv6AgainstEveryOther) {
  using enum control::Ipv6Policy;
  for (const auto ours : {kDeny, kAllow, kPrefer, kRequire}) {
    for (const auto theirs : {kDeny, kAllow, kPrefer, kRequire}) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(ours) << ' ' << static_cast<int>(theirs));
      Settings settings = server(MppePolicy::kRequire);
      settings.ipv6.mode = ours;
      Client client = pppd();
      client.profile.ipv6cp = control::Ipv6cpAttempt::kNone;
      client.settings.ipv6 = theirs;
      Dial dial(settings, client, {}, 1);
      ASSERT_TRUE(dial.run());
      const bool has = ours != kDeny && theirs != kDeny && (ours > kAllow || theirs > kAllow);
      EXPECT_EQ(dial.is_up(), has || (ours != kRequire && theirs != kRequire));
      EXPECT_EQ(dial.is_up() && dial.host().interface_id != 0, has);
      if (ours == kRequire && !has) {
        EXPECT_EQ(dial.host().ended, EndReason::kIpv6Failed);
      }
    }
  }
}

// accel-ppp#57. The peer goes down for our Terminate-Ack, and both negotiate IPv6CP anew.
TEST_F(PppDialUp, SEC_01_AForgedEndOfIpv6cpIsMendedAndTouchesNothingElse) {
  Settings settings = server(MppePolicy::kRequire);
  settings.ipv6.mode = control::Ipv6Policy::kAllow;
  Client client = windows();
  client.settings.ipv6 = control::Ipv6Policy::kPrefer;
  Dial dial(settings, client, {}, 1);
  ASSERT_TRUE(dial.run());
  const std::uint64_t before = dial.host().interface_id;
  ASSERT_NE(before, 0U);
  dial.forge(wire::PppProtocol::kIpv6cp, 5, 1, {});
  EXPECT_FALSE(dial.run_until_ended(10s));
  EXPECT_EQ(dial.host().interface_id, before);
  EXPECT_EQ(dial.client().interface_id, before);
  EXPECT_EQ(dial.host().ip_ends, 0);
  EXPECT_EQ(dial.host().streams.size(), 1U);
}

// The peer may have lost everything of its encrypted side; LCP reaches it all the same.
TEST_F(PppDialUp, MPP_07_NewKeysAreAgreedOnUnderLossToo) {
  const LinkQuality quality{.loss = 0.1, .duplication = 0.05, .delay = 20ms, .jitter = 5ms};
  int mended = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dial dial(server(MppePolicy::kPrefer), windows(), quality, seed);
    ASSERT_TRUE(dial.run());
    if (!dial.is_up()) {
      continue;
    }
    const std::size_t before = dial.host().streams.size();
    dial.session().on_mppe_desynchronised();
    ASSERT_TRUE(dial.settle());
    if (!dial.host().ended) {
      dial.expect_both_ends_agree(true);
      EXPECT_GT(dial.host().streams.size(), before);
      ++mended;
    }
  }
  EXPECT_GE(mended, 95);
}

TEST_F(PppDialUp, HangUpsFromEitherEndAreToldToTheOther) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const LinkQuality quality{.loss = 0.1, .duplication = 0, .delay = 20ms, .jitter = 0ms};
    Dial dial(server(MppePolicy::kRequire), windows(), quality, seed);
    ASSERT_TRUE(dial.run());
    if (!dial.is_up()) {
      continue;
    }
    if (seed % 2 == 0) {
      dial.client().hang_up();
      EXPECT_TRUE(dial.run_until_ended(120s));  // in the worst case by unanswered echoes
      EXPECT_NE(dial.host().ended, EndReason::kAdminReset);
    } else {
      dial.session().terminate(EndReason::kAdminReset, "a test asks");
      EXPECT_TRUE(dial.run_until_ended(10s));
      EXPECT_EQ(dial.host().ended, EndReason::kAdminReset);
    }
    EXPECT_FALSE(dial.host().ip);
    EXPECT_TRUE(dial.host().keys.empty());
    if (dial.client().over() !=
        ClientEnd::kNone) {  // else all Terminate-Requests were lost; PPTP is not simulated
      EXPECT_TRUE(dial.client().ip.is_none());
      EXPECT_TRUE(dial.client().keys.empty());
    }
  }
}

}  // namespace
}  // namespace adit::sim
