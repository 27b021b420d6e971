// SPDX-License-Identifier: Apache-2.0
// A PPP link with a peer that answers, lies, repeats and renegotiates in any order, with every method and
// MPPE policy. Invariants: no IP or IPv6 without authentication, none without MPPE where that is required or was on
// before, no key stream twice, frames that parse, a bounded answer to each event, one end and nothing after it.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "controlplane/ppp/session.hpp"
#include "crypto/library.hpp"
#include "dataplane/wire/ppp.hpp"
#include "dataplane/wire/ppp_packet.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::fuzz {

using namespace control;
using wire::Bytes;
using wire::PppProtocol;

namespace {

using Octets = std::vector<std::uint8_t>;

class Backend final : public AuthBackend {
 public:
  void authenticate(AuthRequest, AuthClient& client) override {
    require(waiting_ == nullptr);
    waiting_ = &client;
  }
  void cancel(AuthClient& client) override {
    if (waiting_ == &client) {
      waiting_ = nullptr;
    }
  }
  void answer(std::uint8_t how) {
    if (AuthClient* client = std::exchange(waiting_, nullptr)) {
      if (how % 4 == 0) {
        client->on_verdict(how % 16 == 8
                               ? AuthRejected{.ms_chap_error = kPasswordExpired, .takes_new_password = true}
                               : AuthRejected{});
      } else if (how % 4 == 1) {
        client->on_verdict(how % 8 == 5 ? AuthVerdict(AuthUnusable{"no PPP"}) : AuthUnavailable{"no server"});
      } else {
        accepted = true;
        AuthAccepted verdict;
        verdict.authenticator_response = "S=" + std::string(40, 'A');
        if (how % 4 == 2) {
          verdict.mppe.emplace();
          verdict.mppe->send.bytes()[0] = verdict.mppe->receive.bytes()[1] = ++answers_;
        }
        client->on_verdict(verdict);
      }
    }
  }
  bool accepted = false;

 private:
  AuthClient* waiting_ = nullptr;
  std::uint8_t answers_ = 0;
};

class Host final : public SessionHost {
 public:
  Host(const Settings& settings, const Backend& backend) : settings_(settings), backend_(backend) {}

  void send_ppp_frame(std::span<const std::uint8_t> frame) override {
    require(!ended && frame.size() <= wire::PppFrameWriter::kCapacity && ++frames_ <= 32);
    const auto header = wire::parse_ppp(frame);
    require(header && header->header_length == 4);
    const auto packet = wire::parse_ppp_packet(frame.subspan(4));
    require(packet && packet->whole.size() + 4 == frame.size());
    if (packet->code == 1) {  // Configure-Request, Challenge: what the peer may answer
      asked[header->protocol] = Octets(packet->whole.begin(), packet->whole.end());
    }
  }
  void set_ppp_compression(bool, bool) override { require(!ended); }
  void enable_mppe(contract::Direction direction, contract::MppeMode mode, const crypto::Secret<16>& start,
                   const crypto::Secret<16>&) override {
    require(!ended && backend_.accepted && may_agree_on(mode));
    stateful_send_ = direction == contract::Direction::kSend ? mode.stateful : stateful_send_;
    if (!mode.encrypted()) {
      require(!encrypted_ && mode.compressed);
      compresses_send_ |= direction == contract::Direction::kSend;
      return;
    }
    if (direction == contract::Direction::kSend) {
      require(sent_with_.insert({start.bytes().begin(), start.bytes().end()}).second);
    }
    encrypted_ = true;
    (direction == contract::Direction::kSend ? mppe_send_ : mppe_receive_) = true;
  }
  void flush_mppe(bool) override { require((mppe_send_ || compresses_send_) && stateful_send_); }
  void disable_mppe() override { mppe_send_ = mppe_receive_ = compresses_send_ = false; }
  bool reserve_mppc_history() override { return settings_.ppp.mppe_stateful != StatefulPolicy::kPrefer; }
  void enable_ip(wire::Ipv4Address subscriber, std::uint16_t peer_mru, bool require_mppe) override {
    require(!subscriber.is_none() && peer_mru >= 68);
    require_may_enable(require_mppe);
  }
  void disable_ip() override {}
  void enable_ipv6(const Ipv6Binding& binding, std::uint16_t peer_mru, bool require_mppe) override {
    require(settings_.ipv6.mode != Ipv6Policy::kDeny);
    require(binding.interface_id != 0 && binding.interface_id != settings_.ipv6.gateway_id);
    require(peer_mru - (require_mppe ? 4 : 0) >= 1280);
    require_may_enable(require_mppe);
    ipv6_ = true;
  }
  void disable_ipv6() override { require(std::exchange(ipv6_, false)); }
  void lcp_opened() override { require(!ended); }
  Ipv6Counters& ipv6_counters() override { return counters_; }
  std::expected<wire::Ipv4Address, NoAddress> lease_address(std::optional<wire::Ipv4Address> fixed,
                                                            std::string_view) override {
    return fixed.value_or(wire::Ipv4Address(10, 64, 0, 2));
  }
  void session_ended(EndReason) override {
    require(!ended);
    ended = true;
  }

  void begin() { frames_ = 0; }
  std::map<PppProtocol, Octets> asked;
  bool ended = false;

 private:
  void require_may_enable(bool require_mppe) const {
    require(!ended && backend_.accepted);
    const bool must = encrypted_ || settings_.ppp.mppe == MppePolicy::kRequire;
    require(!must || (require_mppe && mppe_send_ && mppe_receive_));
  }
  [[nodiscard]] bool may_agree_on(contract::MppeMode mode) const {
    const auto& lengths = settings_.ppp.mppe_key_lengths;
    const MppcPolicy mppc = settings_.ppp.mppc;
    const bool may_compress =
        mppc == MppcPolicy::kAllow || (mppc == MppcPolicy::kStateless && !mode.stateful);
    if (mode.compressed && !may_compress) {
      return false;
    }
    return !mode.encrypted() || (std::ranges::find(lengths, mode.strength) != lengths.end() &&
                                 (!mode.stateful || settings_.ppp.mppe_stateful != StatefulPolicy::kDeny));
  }

  const Settings& settings_;
  const Backend& backend_;
  std::set<Octets> sent_with_;
  int frames_ = 0;
  bool encrypted_ = false;
  bool mppe_send_ = false;
  bool mppe_receive_ = false;
  bool stateful_send_ = false;
  bool compresses_send_ = false;
  Ipv6Counters counters_;
  bool ipv6_ = false;
};

constexpr PppProtocol kProtocols[] = {PppProtocol::kLcp, PppProtocol::kCcp,  PppProtocol::kIpcp,
                                      PppProtocol::kPap, PppProtocol::kChap, PppProtocol::kIpv6cp};

PppProtocol protocol(std::uint8_t which) {
  return kProtocols[which % std::size(kProtocols)];
}

Octets frame(PppProtocol protocol, std::uint8_t code, std::uint8_t identifier, Bytes data) {
  wire::PppFrameWriter writer(protocol, code, identifier);
  writer.octets(data);
  const Bytes octets = writer.frame().subspan(2);
  return {octets.begin(), octets.end()};
}

Settings settings_of(std::uint8_t mode) {
  constexpr AuthMethod kMethods[] = {AuthMethod::kMsChapV2, AuthMethod::kMsChapV1, AuthMethod::kChapMd5,
                                     AuthMethod::kPap};
  constexpr MppePolicy kPolicies[] = {MppePolicy::kDeny, MppePolicy::kAllow, MppePolicy::kPrefer,
                                      MppePolicy::kRequire};
  constexpr Ipv6Policy kIpv6Policies[] = {Ipv6Policy::kAllow, Ipv6Policy::kDeny, Ipv6Policy::kPrefer,
                                          Ipv6Policy::kRequire};
  Settings settings;
  settings.auth.methods = {kMethods[mode % 4]};
  if ((mode & 0x40) != 0) {
    settings.auth.methods.assign(std::begin(kMethods), std::end(kMethods));
  }
  settings.auth.max_failure = (mode & 0x80) != 0 ? 3 : 1;
  settings.auth.rechallenge = (mode & 0x80) != 0 ? Duration{15'000} : Duration{0};
  settings.ppp.mppe = kPolicies[mode / 4 % 4];
  settings.ppp.mppe_stateful = (mode & 0x10) != 0 ? StatefulPolicy::kPrefer : StatefulPolicy::kDeny;
  if ((mode & 0x20) != 0) {
    settings.ppp.mppe_key_lengths = {contract::MppeStrength::k40, contract::MppeStrength::k56};
    settings.ppp.mppe_stateful = StatefulPolicy::kAllow;
  }
  constexpr MppcPolicy kCompression[] = {MppcPolicy::kDeny, MppcPolicy::kStateless, MppcPolicy::kAllow};
  settings.ppp.mppc = kCompression[(mode >> 3 ^ mode >> 5) % 3];
  settings.ip.gateway = wire::Ipv4Address(10, 64, 0, 1);
  settings.ipv6.mode = kIpv6Policies[(mode >> 6 ^ mode) % 4];
  return settings;
}

/// The next frame of a cooperative peer for `which`, or its Configure-Request with `wishes`.
Octets obedient(const Host& host, PppProtocol which, bool asks, Bytes wishes) {
  const auto asked = host.asked.find(which);
  const std::uint8_t identifier = asked == host.asked.end() ? 1 : asked->second[1];
  if (which == PppProtocol::kChap) {
    Octets response(50 + 5, 'a');
    response[0] = 49;
    std::fill(response.begin() + 17, response.begin() + 25, std::uint8_t{0});
    response[49] = asks ? 1 : 0;
    return frame(which, 2, identifier, response);
  }
  if (which == PppProtocol::kPap) {
    const std::uint8_t request[] = {1, 'a', 1, 'b'};
    return frame(which, 1, 1, request);
  }
  if (asks || asked == host.asked.end()) {
    return frame(which, 1, 7, wishes);
  }
  return frame(which, 2, identifier, Bytes(asked->second).subspan(4));
}

}  // namespace

void fuzz_session(Bytes octets) {
  static const bool crypto_ready = crypto::initialise().has_value();
  require(crypto_ready);
  Input input(octets);
  const Settings settings = settings_of(input.u8());
  TimerWheel wheel;
  test::SeededEntropy entropy;
  test::SilentLog log;
  Backend backend;
  Host host(settings, backend);
  {
    Session session(settings, wheel, entropy, log, backend, host, wire::Ipv4Address(192, 0, 2, 2),
                    wire::Ipv4Address(192, 0, 2, 1), "0000000000000001");
    session.start();
    for (int events = 0; !input.empty() && !host.ended && events < 200; ++events) {
      host.begin();
      const std::uint8_t event = input.u8();
      const PppProtocol which = protocol(static_cast<std::uint8_t>(event >> 4));
      switch (event % 8) {
        case 0:
        case 1:
          session.on_frame(obedient(host, which, event % 8 == 1,
                                    event % 8 == 1 ? input.octets(input.u8() % 48) : Bytes{}));
          break;
        case 2:
          backend.answer(input.u8());
          break;
        case 3: {
          const std::uint8_t code = input.u8();
          const std::uint8_t identifier = input.u8();
          session.on_frame(frame(which, code, identifier, input.octets(input.u8())));
          break;
        }
        case 4: {
          const auto asked = host.asked.find(which);
          const std::uint8_t code =
              static_cast<std::uint8_t>(3 + input.u8() % 2);  // Nak or Reject our request
          const Bytes options = input.octets(input.u8() % 32);
          session.on_frame(frame(which, code, asked == host.asked.end() ? 1 : asked->second[1], options));
          break;
        }
        case 5:
          wheel.advance(wheel.now() + std::chrono::milliseconds(input.u16() / 4));
          break;
        case 6:
          session.on_frame(input.octets(input.u8()));
          break;
        default:
          if (const std::uint8_t what = input.u8(); what < 16) {
            session.terminate(EndReason::kAdminReset, "the fuzzer asks");
          } else if (what >= 0xE0 && what < 0xF0) {
            session.on_mppe_desynchronised();
          } else if (what >= 0xF0) {
            session.on_mppe_out_of_step();
          }
          break;
      }
      (void)session.status();
    }
  }
  require(wheel.armed_count() == 0);
}

}  // namespace adit::fuzz
