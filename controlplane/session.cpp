// SPDX-License-Identifier: Apache-2.0
#include "controlplane/session.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/authenticator.hpp"
#include "controlplane/ccp.hpp"
#include "controlplane/ipcp.hpp"
#include "controlplane/lcp.hpp"
#include "crypto/mppe_keys.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppCode;
using wire::PppProtocol;

/// How long IPCP waits for a peer that may want MPPE but has not said so (`allow`). pppd and Windows open CCP first.
constexpr Duration kCcpMayCome{1000};
/// How long IPCP waits for CCP that goes on but does not end (`prefer`). It may still open later.
constexpr Duration kCcpMayLast{8000};
/// How long the peer has for our Terminate-Ack when both sides said farewell at once: it goes by GRE, and TCP's end may
/// overtake it. pppd then takes a failed authentication for a hang-up (exit 16 for 19).
constexpr Duration kLastAck{500};
/// The longest Configure-Request of IPCP that is kept until CCP is settled; real ones have 4 to 40 octets.
constexpr std::size_t kMaxHeldRequest = 256;

bool is_configure_request(Bytes packet) {
  return !packet.empty() && PppCode{packet[0]} == PppCode::kConfigureRequest;
}

std::string_view name_of(PppProtocol protocol) {
  switch (protocol) {
    case PppProtocol::kLcp:
      return "lcp";
    case PppProtocol::kCcp:
      return "ccp";
    case PppProtocol::kIpcp:
      return "ipcp";
    default:
      return "other";
  }
}

}  // namespace

// RFC 1661 §3.2 in order: LCP, authentication, then CCP and, once it is settled, IPCP. Whatever ends the link does so
// through end_soon(): LCP's farewell starts from a timer, never from inside a protocol, an authenticator or a host call.
class Session::Impl final : ControlProtocolHost, LcpEvents, CcpEvents, AuthenticatorHost {
 public:
  Impl(const Settings& settings, TimerWheel& wheel, Entropy& entropy, EventLog& log, AuthBackend& auth,
       SessionHost& host, AuthOrigin origin)
      : settings_(settings),
        wheel_(wheel),
        entropy_(entropy),
        log_(log),
        auth_(auth),
        host_(host),
        origin_(std::move(origin)),
        lcp_(settings, wheel, entropy, *this, *this),
        ccp_(settings.ppp, wheel, *this, *this),
        ipcp_(settings, wheel, *this),
        deadline_(wheel, on_timer<&Impl::on_deadline>, this),
        ccp_patience_(wheel, on_timer<&Impl::on_ccp_patience>, this),
        end_timer_(wheel, on_timer<&Impl::on_end_timer>, this) {}

  void start();
  void on_frame(Bytes frame);
  void end_soon(EndReason reason);
  [[nodiscard]] SessionStatus status() const;

 private:
  using Phase = SessionStatus::Phase;

  // ControlProtocolHost
  void send_frame(Bytes frame) override;
  std::uint16_t peer_mru() const override { return lcp_.peer().mru; }
  void protocol_up(PppProtocol protocol) override;
  void protocol_down(PppProtocol protocol) override;
  void protocol_finished(PppProtocol protocol) override;
  void protocol_failed(PppProtocol protocol, EndReason reason, std::string_view why) override;
  void peer_terminates(PppProtocol protocol, Bytes data) override;
  // LcpEvents, CcpEvents
  void protocol_rejected(PppProtocol protocol) override;
  void expect_encrypted() override;
  // AuthenticatorHost
  void send_auth_frame(std::span<const std::uint8_t> frame) override { send_frame(frame); }
  void auth_accepted(const AuthAccepted& accepted, std::string_view user) override;
  void auth_failed(EndReason reason, std::string_view user) override;

  void lcp_up();
  void lcp_down();
  void start_network();
  void on_network_frame(PppProtocol protocol, Bytes packet);
  void on_ccp_packet(Bytes packet);
  void on_ipcp_packet(Bytes packet);
  void ccp_up();
  void ccp_down();
  void ccp_without_mppe(std::string_view why);
  void start_ipcp();
  void ip_up();
  void ip_down();
  void arm_mppe(contract::Direction direction, const crypto::Secret<16>& start_key);
  void finish();
  void on_deadline();
  void on_ccp_patience() { start_ipcp(); }
  void on_end_timer();
  [[nodiscard]] bool mppe_required() const { return settings_.ppp.mppe == MppePolicy::kRequire; }
  /// The policy allows MPPE and the authentication method made keys for it.
  [[nodiscard]] bool mppe_possible() const {
    return settings_.ppp.mppe != MppePolicy::kDeny && keys_.has_value();
  }
  [[nodiscard]] const std::string& sid() const { return origin_.session_id; }

  const Settings& settings_;
  TimerWheel& wheel_;
  Entropy& entropy_;
  EventLog& log_;
  AuthBackend& auth_;
  SessionHost& host_;
  AuthOrigin origin_;
  Lcp lcp_;
  Ccp ccp_;
  Ipcp ipcp_;
  std::unique_ptr<Authenticator> authenticator_;
  Timer deadline_;
  Timer ccp_patience_;
  Timer end_timer_;
  RateLimit frames_{200, Duration{20}};  // 50 frames a second for ever is no PPP negotiation
  std::optional<MppeStartKeys> keys_;
  std::string user_;
  std::vector<std::uint8_t> held_request_;  // IPCP's, until CCP is settled
  Instant began_{};
  std::optional<Instant> up_since_;
  EndReason reason_ = EndReason::kNone;
  Phase phase_ = Phase::kEstablish;
  bool authenticated_ = false;  // once, and `user_` is whom
  bool ipcp_started_ = false;
  bool mppe_armed_ = false;  // the worker has keys
  bool ip_enabled_ = false;
  bool ending_ = false;
  bool farewells_crossed_ = false;  // the peer's Terminate-Request came while ours was due or out
  bool ended_ = false;
};

// ---- the link --------------------------------------------------------------------------------------------------

void Session::Impl::start() {
  began_ = wheel_.now();
  if (settings_.auth.methods.empty()) {
    return end_soon(EndReason::kAuthRefused);
  }
  deadline_.arm(std::min(settings_.ppp.lcp_timeout, settings_.ppp.setup_timeout));
  lcp_.open();
  lcp_.up();
}

void Session::Impl::send_frame(Bytes frame) {
  if (!frame.empty()) {
    host_.send_ppp_frame(frame);
  }
}

void Session::Impl::on_frame(Bytes frame) {
  if (ended_ || frame.size() < 2 || !frames_.allow(wheel_.now())) {
    return;
  }
  lcp_.heard();
  const PppProtocol protocol{wire::load_be<std::uint16_t>(frame.data())};
  const Bytes packet = frame.subspan(2);
  if (protocol == PppProtocol::kLcp) {
    return lcp_.on_packet(packet);
  }
  if (ending_ || !lcp_.opened()) {
    return;  // RFC 1661 §3.4: silently discarded
  }
  switch (protocol) {
    case PppProtocol::kPap:
    case PppProtocol::kChap:
    case PppProtocol::kEap:
      if (authenticator_ && authenticator_->protocol() == protocol) {
        authenticator_->on_packet(packet);
      }
      return;
    default:
      break;
  }
  if (phase_ >= Phase::kNetwork) {  // RFC 1661 §3.5: nothing but LCP and authentication before
    on_network_frame(protocol, packet);
  }
}

void Session::Impl::lcp_up() {
  phase_ = Phase::kAuthenticate;
  deadline_.arm(settings_.ppp.setup_timeout - (wheel_.now() - began_));
  host_.set_ppp_compression(lcp_.peer().accepts_acfc, lcp_.peer().accepts_pfc);
  host_.lcp_opened();
  log_.event(
      Severity::kDebug, "lcp_up",
      {{"sid", sid()}, {"auth", std::string(to_text(lcp_.method()))}, {"mru", std::to_string(peer_mru())}});
  authenticator_ = make_authenticator(lcp_.method(), settings_, wheel_, entropy_, auth_, *this, origin_);
  authenticator_->start();
}

/// Whatever LCP carried is gone; a renegotiation authenticates anew and derives new keys.
void Session::Impl::lcp_down() {
  authenticator_.reset();
  ccp_patience_.cancel();
  ipcp_.down();
  ccp_.down();
  ip_down();
  ccp_down();
  keys_.reset();
  held_request_.clear();
  ipcp_started_ = false;
  if (!ending_) {
    phase_ = Phase::kEstablish;
    began_ = wheel_.now();
    deadline_.arm(std::min(settings_.ppp.lcp_timeout, settings_.ppp.setup_timeout));
  }
}

void Session::Impl::protocol_up(PppProtocol protocol) {
  switch (protocol) {
    case PppProtocol::kLcp:
      return lcp_up();
    case PppProtocol::kCcp:
      return ccp_up();
    case PppProtocol::kIpcp:
      return ip_up();
    default:
      return;
  }
}

void Session::Impl::protocol_down(PppProtocol protocol) {
  switch (protocol) {
    case PppProtocol::kLcp:
      return lcp_down();
    case PppProtocol::kCcp:
      return ccp_down();
    case PppProtocol::kIpcp:
      return ip_down();
    default:
      return;
  }
}

void Session::Impl::protocol_finished(PppProtocol protocol) {
  switch (protocol) {
    case PppProtocol::kLcp:
      reason_ = ending_ ? reason_ : EndReason::kLcpTimeout;
      return farewells_crossed_ ? end_timer_.arm(kLastAck) : finish();
    case PppProtocol::kCcp:
      ccp_down();
      return ccp_without_mppe("CCP came to nothing");
    case PppProtocol::kIpcp:
      return end_soon(up_since_ ? EndReason::kUserRequest : EndReason::kIpcpFailed);
    default:
      return;
  }
}

void Session::Impl::protocol_failed(PppProtocol protocol, EndReason reason, std::string_view why) {
  if (protocol == PppProtocol::kCcp) {
    return ccp_without_mppe(why);
  }
  log_.event(Severity::kWarning, "ppp_failed",
             {{"sid", sid()},
              {"protocol", std::string(name_of(protocol))},
              {"reason", std::string(to_text(reason))},
              {"why", std::string(why)}});
  end_soon(reason);
}

void Session::Impl::protocol_rejected(PppProtocol protocol) {
  if (protocol == PppProtocol::kCcp) {
    ccp_.down();
    ccp_without_mppe("peer does not speak CCP");
  } else if (protocol == PppProtocol::kIpcp) {
    ipcp_.down();
    protocol_failed(protocol, EndReason::kIpcpFailed, "peer does not speak IPCP");
  }
}

void Session::Impl::peer_terminates(PppProtocol protocol, Bytes data) {
  const auto ras_error = wire::parse_ras_error(data);
  log_.event(Severity::kInfo, "ppp_peer_terminates",
             {{"sid", sid()},
              {"protocol", std::string(name_of(protocol))},
              {"why", ras_error ? "RAS error " + std::to_string(*ras_error)
                                : std::string(data.begin(), data.end())}});
  if (protocol == PppProtocol::kCcp) {
    return ccp_without_mppe("peer terminates CCP");
  }
  if (protocol != PppProtocol::kLcp) {
    return;
  }
  if (ending_) {
    farewells_crossed_ = true;
    return;
  }
  const bool was_open = lcp_.opened();
  end_soon(authenticator_ && authenticator_->rejected() ? EndReason::kAuthFailed : EndReason::kUserRequest);
  if (was_open) {
    end_timer_.cancel();  // the automaton waits one period in Stopping, then finishes by itself
  }
}

// ---- authentication ----------------------------------------------------------------------------------------------

void Session::Impl::auth_accepted(const AuthAccepted& accepted, std::string_view user) {
  if (ending_) {
    return;
  }
  if (authenticated_ && user != user_) {
    log_.event(Severity::kWarning, "ppp_user_changed",
               {{"sid", sid()}, {"user", user_}, {"new_user", std::string(user)}});
    return end_soon(EndReason::kAuthFailed);  // one session is one subscriber
  }
  authenticated_ = true;
  user_ = user;
  keys_ = accepted.mppe;
  phase_ = Phase::kNetwork;
  if (ipcp_.assigned().is_none()) {
    const auto address = host_.lease_address(accepted.address, accepted.pool);
    if (!address) {
      log_.event(Severity::kWarning, "ip_pool_empty",
                 {{"sid", sid()}, {"user", user_}, {"pool", accepted.pool}});
      return end_soon(EndReason::kPoolEmpty);
    }
    ipcp_.assign(*address);
  }
  start_network();
}

void Session::Impl::auth_failed(EndReason reason, std::string_view) {
  end_soon(reason);
}

// ---- CCP, and IPCP after it --------------------------------------------------------------------------------------

void Session::Impl::start_network() {
  if (!mppe_possible()) {
    return ccp_without_mppe("the authentication method makes no MPPE keys");
  }
  if (settings_.ppp.mppe == MppePolicy::kAllow) {
    return ccp_patience_.arm(kCcpMayCome);
  }
  ccp_.open();
  ccp_.up();
  if (!mppe_required()) {
    ccp_patience_.arm(kCcpMayLast);
  }
}

void Session::Impl::on_network_frame(PppProtocol protocol, Bytes packet) {
  switch (protocol) {
    case PppProtocol::kIpcp:
      return on_ipcp_packet(packet);
    case PppProtocol::kCcp:
      if (mppe_possible()) {
        return on_ccp_packet(packet);
      }
      break;  // pppd and Windows end cleanly on it when they insist, and go on in clear when they do not
    case PppProtocol::kIpv4:
    case PppProtocol::kMppe:
      return;  // data has lost its way; it is no news for the peer
    default:
      break;
  }
  lcp_.send_protocol_reject(static_cast<std::uint16_t>(protocol), packet);
}

void Session::Impl::on_ccp_packet(Bytes packet) {
  const bool passive = settings_.ppp.mppe == MppePolicy::kAllow && ccp_.state() < PppState::kClosed;
  if (passive && !is_configure_request(packet)) {
    return;
  }
  if (passive) {
    if (Ccp::wants_mppe(packet)) {
      ccp_.peer_wants_mppe();
    }
    ccp_.open();
    ccp_.up();
    if (!ipcp_started_) {
      ccp_patience_.arm(kCcpMayLast);
    }
  }
  ccp_.on_packet(packet);
  if (!packet.empty() && PppCode{packet[0]} == PppCode::kTerminateAck && ccp_patience_.armed()) {
    ccp_patience_.arm(kCcpMayCome);  // the peer's CCP is closed (RFC 1661 §4.1), and may well stay so
  }
}

// An early request is neither refused nor answered: pppd loses three seconds over a Terminate-Ack, Mikrotik the session.
// The last one is kept and answered once CCP is settled, so the peer need not repeat it.
void Session::Impl::on_ipcp_packet(Bytes packet) {
  if (!ipcp_started_ && settings_.ppp.mppe == MppePolicy::kAllow && ccp_.state() < PppState::kClosed) {
    start_ipcp();  // the peer goes on without CCP
  }
  if (ipcp_started_) {
    return ipcp_.on_packet(packet);
  }
  if (is_configure_request(packet) && packet.size() <= kMaxHeldRequest) {
    held_request_.assign(packet.begin(), packet.end());
  }
}

void Session::Impl::arm_mppe(contract::Direction direction, const crypto::Secret<16>& start_key) {
  mppe_armed_ = true;
  host_.enable_mppe(direction, contract::MppeStrength::k128, start_key,
                    crypto::mppe_initial_session_key(start_key, crypto::MppeKeyLength::k128));
}

void Session::Impl::expect_encrypted() {
  arm_mppe(contract::Direction::kReceive, keys_->receive);
}

void Session::Impl::ccp_up() {
  if (!ccp_.encrypts()) {
    ccp_down();
    return ccp_without_mppe("CCP opened without MPPE");
  }
  arm_mppe(contract::Direction::kSend, keys_->send);
  start_ipcp();
}

void Session::Impl::ccp_down() {
  if (std::exchange(mppe_armed_, false)) {
    host_.disable_mppe();
  }
}

void Session::Impl::ccp_without_mppe(std::string_view why) {
  if (!mppe_required()) {
    return start_ipcp();
  }
  if (!ending_) {
    log_.event(Severity::kWarning, "mppe_refused",
               {{"sid", sid()}, {"user", user_}, {"why", std::string(why)}});
  }
  end_soon(EndReason::kMppeRefused);
}

void Session::Impl::start_ipcp() {
  ccp_patience_.cancel();
  if (ipcp_started_ || ending_) {
    return;
  }
  ipcp_started_ = true;
  ipcp_.open();
  ipcp_.up();
  const std::vector<std::uint8_t> held = std::exchange(held_request_, {});
  if (!held.empty()) {
    ipcp_.on_packet(held);
  }
}

void Session::Impl::ip_up() {
  const std::uint16_t mru = std::min(peer_mru(), settings_.ppp.mtu);
  ip_enabled_ = true;
  host_.enable_ip(ipcp_.assigned(), mru, mppe_required());
  phase_ = Phase::kUp;
  up_since_ = up_since_.value_or(wheel_.now());
  deadline_.cancel();
  log_.event(Severity::kDebug, "session_up",
             {{"sid", sid()},
              {"user", user_},
              {"ip", wire::to_string(ipcp_.assigned())},
              {"auth", std::string(to_text(lcp_.method()))},
              {"mppe", ccp_.encrypts() ? "128" : "none"},
              {"mtu", std::to_string(mru)}});
}

void Session::Impl::ip_down() {
  if (std::exchange(ip_enabled_, false)) {
    host_.disable_ip();
    phase_ = ending_ ? phase_ : Phase::kNetwork;
  }
}

// ---- the end -----------------------------------------------------------------------------------------------------

void Session::Impl::end_soon(EndReason reason) {
  if (ending_ || ended_) {
    return;
  }
  ending_ = true;
  reason_ = reason;
  deadline_.cancel();
  end_timer_.arm(Duration{0});
}

void Session::Impl::on_end_timer() {
  phase_ = Phase::kTerminate;
  lcp_.close();
  if (lcp_.state() == PppState::kInitial || lcp_.state() == PppState::kClosed) {
    finish();
  }
}

void Session::Impl::finish() {
  if (std::exchange(ended_, true)) {
    return;
  }
  ending_ = true;
  phase_ = Phase::kTerminate;
  deadline_.cancel();
  end_timer_.cancel();
  lcp_down();
  host_.session_ended(reason_);
}

void Session::Impl::on_deadline() {
  switch (phase_) {
    case Phase::kEstablish:
      return end_soon(EndReason::kLcpTimeout);
    case Phase::kNetwork:
      return end_soon(EndReason::kNetworkTimeout);
    default:
      return end_soon(EndReason::kSetupTimeout);
  }
}

SessionStatus Session::Impl::status() const {
  SessionStatus status;
  status.phase = phase_;
  status.user = user_;
  status.auth_method = authenticated_ ? to_text(lcp_.method()) : "none";
  status.address = ipcp_.assigned();
  status.mppe = ccp_.encrypts();
  status.peer_mru = peer_mru();
  status.up_since = up_since_;
  status.ending = ending_ ? reason_ : EndReason::kNone;
  return status;
}

// ---- the public face ---------------------------------------------------------------------------------------------

Session::Session(const Settings& settings, TimerWheel& wheel, Entropy& entropy, EventLog& log,
                 AuthBackend& auth, SessionHost& host, wire::Ipv4Address peer_address,
                 wire::Ipv4Address local_address, std::string session_id)
    : impl_(std::make_unique<Impl>(settings, wheel, entropy, log, auth, host,
                                   AuthOrigin{peer_address, local_address, std::move(session_id)})) {}
Session::~Session() = default;
void Session::start() {
  impl_->start();
}
void Session::on_frame(std::span<const std::uint8_t> frame) {
  impl_->on_frame(frame);
}
void Session::terminate(EndReason reason) {
  impl_->end_soon(reason);
}
SessionStatus Session::status() const {
  return impl_->status();
}
std::size_t Session::state_octets() {
  return sizeof(Session) + sizeof(Impl);
}

}  // namespace adit::control
