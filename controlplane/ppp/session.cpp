// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/session.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/auth/authenticator.hpp"
#include "controlplane/base/user_name.hpp"
#include "controlplane/ipv6/ipv6_link.hpp"
#include "controlplane/ppp/carried_session.hpp"
#include "controlplane/ppp/lcp.hpp"
#include "controlplane/ppp/network_phase.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::PppProtocol;

/// How long the call stays when the Terminate-Requests of both sides have crossed: our Terminate-Ack goes by
/// GRE, and the end of the TCP connection may overtake it. pppd would then report a failed authentication as
/// a hang-up (exit 16 instead of 19).
constexpr Duration kTerminateAckTime{500};

/// Renegotiations for new keys: as many as a lossy set-up may take, then one after each good time. A link that
/// needs more is better dialled again.
constexpr std::uint16_t kNewKeysAtOnce = 3;
constexpr Duration kGoodTime{120'000};

/// After a restart, peers with stateful streams are asked to restart them anywhere within this time.
constexpr Duration kResynchronisedWithin{5'000};

std::string_view name_of(PppProtocol protocol) {
  switch (protocol) {
    case PppProtocol::kLcp:
      return "lcp";
    case PppProtocol::kCcp:
      return "ccp";
    case PppProtocol::kIpcp:
      return "ipcp";
    case PppProtocol::kIpv6cp:
      return "ipv6cp";
    default:
      return "other";
  }
}

/// The names that are told of logins, as Authenticator::name() has them; "none": a newer build's.
std::string_view known_method(std::string_view name) {
  for (const AuthMethod method : kAuthMethods) {
    if (to_text(method) == name) {
      return to_text(method);
    }
  }
  for (unsigned type = 0; type <= 0xFF; ++type) {
    if (const auto known = wire::to_text(static_cast<wire::EapType>(type)); known == name) {
      return known;
    }
  }
  return "none";
}

/// What an operator does about a lease that was refused. The call goes on, so that its end's reason does not say.
std::string_view ipv6_remedy(EndReason refused) {
  switch (refused) {
    case EndReason::kPoolEmpty:
      return "add an [[ipv6-pool]] of another name for some of its users, or one with a wider prefix";
    case EndReason::kPoolUnknown:
      return "add an [[ipv6-pool]] of that name and use, or correct the name at the RADIUS server";
    case EndReason::kAddressInUse:
      return "end the call that has it, or give this user another in chap-secrets or at the RADIUS server";
    default:
      return "none is needed";
  }
}

}  // namespace

// RFC 1661 §3.2 in order: LCP, authentication, then the network phase. Whatever ends the link goes through
// end_soon(), whatever needs new keys through need_new_keys(): LCP is closed or begins anew from a timer,
// never from inside a protocol, an authenticator or a host call.
class Session::Impl final : NetworkLink, LcpEvents, AuthenticatorHost, Ipv6LinkHost {
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
        network_(settings, wheel, entropy, host, *this),
        deadline_(wheel, on_timer<&Impl::on_deadline>, this),
        link_timer_(wheel, on_timer<&Impl::on_link_timer>, this) {}

  void start();
  [[nodiscard]] std::optional<CarriedSession> carried() const;
  void adopt(const CarriedSession& from);
  void on_frame(Bytes frame);
  void on_mppe_out_of_step() {
    if (resynchronises_ == nullptr) {
      network_.request_mppe_reset();
    }
  }
  void on_mppe_desynchronised();
  void end_soon(EndReason reason, std::string why);
  [[nodiscard]] SessionStatus status() const;
  [[nodiscard]] SessionDetails details() const {
    return {.lcp = lcp_.details(),
            .ccp = network_.ccp_details(),
            .ipcp = network_.ipcp_details(),
            .ipv6cp = network_.ipv6cp_details()};
  }

 private:
  using Phase = SessionStatus::Phase;

  // ControlProtocolHost, for LCP and for the network phase's NCPs
  void send_frame(Bytes frame) override;
  std::uint16_t peer_mru() const override { return lcp_.peer().mru; }
  bool has_been_up(PppProtocol) const override { return up_since_.has_value(); }
  void protocol_up(PppProtocol protocol) override;
  void acknowledged_again(PppProtocol protocol) override;
  void protocol_down(PppProtocol protocol) override;
  void protocol_finished(PppProtocol protocol) override;
  void protocol_failed(PppProtocol protocol, EndReason reason, std::string_view why) override;
  void peer_terminates(PppProtocol protocol, Bytes data) override;
  std::optional<std::uint64_t> packets_received(PppProtocol) const override {
    return host_.packets_received();
  }
  void need_new_keys(EndReason otherwise, std::string_view why) override;
  void without_ipv4(EndReason reason, std::string_view why) override;
  void without_ipv6(std::string_view why) override;
  void too_small_for_ipv6(std::uint16_t room, std::string_view why) override;
  std::optional<std::uint16_t> port_mtu() const override { return host_.port_mtu(); }
  wire::PppCompression compression() const override {
    return {.address_and_control = lcp_.peer().accepts_acfc, .protocol = lcp_.peer().accepts_pfc};
  }
  // LcpEvents
  void protocol_rejected(PppProtocol protocol) override { network_.on_protocol_reject(protocol); }
  // AuthenticatorHost
  void send_auth_frame(std::span<const std::uint8_t> frame) override { send_frame(frame); }
  void auth_accepted(const AuthAccepted& accepted, std::string_view user) override;
  bool doubts_proof(std::string_view user, std::string_view why) override;
  std::uint32_t auth_rejected(std::string_view user, std::string_view why, bool wrong) override;
  void auth_failed(EndReason reason, std::string_view user, std::string_view why) override;
  void eap_ended(std::uint8_t rounds) override { host_.eap_ended(rounds); }

  // Ipv6LinkHost
  void send_ipv6(Bytes packet) override { host_.send_ipv6(packet); }
  bool may_advertise() override { return host_.may_advertise(); }
  std::optional<wire::Ipv6Prefix> lease_ipv6(Ipv6Use use) override;
  void binding_changed(const Ipv6Lease& lease) override;

  void lcp_up();
  void lcp_down();
  void ip_up();
  void ipv6_up();
  void deadline_met();
  void finish();
  [[nodiscard]] EndReason reason_of_termination() const;
  /// What LCP last agreed on, or what has become of that.
  [[nodiscard]] std::string_view tried_method() const {
    return authenticator_ ? authenticator_->name() : tried_method_;
  }
  void log_failed_login(std::string_view event, EndReason reason, std::string_view user,
                        std::string_view why);
  void arm_deadline(Duration at_most);
  void on_deadline();
  void on_link_timer();
  void on_resynchronisation();
  [[nodiscard]] Ipv6LinkTerms ipv6_terms() const;
  [[nodiscard]] const std::string& sid() const { return origin_.session_id; }

  const Settings& settings_;
  TimerWheel& wheel_;
  Entropy& entropy_;
  EventLog& log_;
  AuthBackend& auth_;
  SessionHost& host_;
  AuthOrigin origin_;
  Lcp lcp_;
  NetworkPhase network_;
  std::unique_ptr<Ipv6Link> ipv6_link_;      // while IPv6CP is up
  std::vector<wire::Ipv6Address> ipv6_dns_;  // the user's own
  std::unique_ptr<Authenticator> authenticator_;
  Timer deadline_;
  Timer link_timer_;  // LCP begins anew, or closes
  std::unique_ptr<Timer>
      resynchronises_;  // adopted with a stateful stream, until the peer is asked to restart it
  RateLimit new_keys_{kNewKeysAtOnce, kGoodTime};
  RateLimit frames_{200, Duration{20}};  // no PPP negotiation needs more than 50 frames a second for long
  std::string user_;
  std::string claimed_;  // by the last login
  std::string why_;      // of reason_, in words; before there is one, why the last proof was rejected
  std::string_view tried_method_ = "none";
  std::string_view auth_method_ = "none";  // of the last login that succeeded
  std::uint32_t rejections_ = 0;           // of proofs, over all renegotiations
  std::optional<Instant> due_;  // by when IP has to be up; none while it is, and IPv4 is or is given up
  std::optional<Instant> up_since_;
  std::optional<Instant> desynchronised_;  // the last time that new keys were the remedy
  EndReason renewing_ =
      EndReason::kNone;  // why LCP or IPCP begins anew, and the link's end unless IP is up again
  EndReason reason_ = EndReason::kNone;
  Phase phase_ = Phase::kEstablish;
  bool authenticated_ = false;  // at least once, as `user_`
  bool ending_ = false;
  bool terminations_crossed_ = false;  // the peer's Terminate-Request came while ours was due or sent
  bool ended_ = false;
  bool told_too_small_ = false;     // for IPv6
  std::uint8_t told_no_lease_ = 0;  // bit per Ipv6Use: a client may ask again as often as it likes
};

// ---- the link ---------------------------------------------------------------------------------------------

void Session::Impl::start() {
  if (settings_.auth.methods.empty()) {
    return end_soon(EndReason::kAuthRefused, "no method is allowed");
  }
  arm_deadline(settings_.ppp.lcp_timeout);
  lcp_.open();
  lcp_.up();
}

// ---- another process goes on with it -----------------------------------------------------------------------

std::optional<CarriedSession> Session::Impl::carried() const {
  if (!up_since_ || ending_ || ended_) {
    return std::nullopt;
  }
  return CarriedSession{
      .renews = phase_ != Phase::kUp || link_timer_.armed() || !lcp_.opened() || network_.lacks_keys(),
      .lcp = lcp_.carried(),
      .network = network_.carried(),
      .user = user_,
      .claimed = claimed_,
      .auth_method = std::string(auth_method_),
      .ipv6_dns = ipv6_dns_,
      .rejections = rejections_,
      .up_since = *up_since_,
      .desynchronised = desynchronised_,
      .told_too_small = told_too_small_,
      .told_no_lease = told_no_lease_};
}

void Session::Impl::adopt(const CarriedSession& from) {
  user_ = from.user;
  claimed_ = from.claimed;
  auth_method_ = tried_method_ = known_method(from.auth_method);
  ipv6_dns_ = from.ipv6_dns;
  rejections_ = from.rejections;
  up_since_ = from.up_since;
  desynchronised_ = from.desynchronised;
  told_too_small_ = from.told_too_small;
  told_no_lease_ = from.told_no_lease;
  authenticated_ = true;
  if (const bool opened = lcp_.adopt(from.lcp); from.renews || !opened) {
    network_.adopt_past(from.network);
    arm_deadline(settings_.ppp.lcp_timeout);
    opened ? lcp_.renegotiate() : (lcp_.open(), lcp_.up());
    return;
  }
  phase_ = Phase::kUp;
  origin_.mru = std::min(peer_mru(), settings_.ppp.mtu);
  network_.adopt(from.network);
  if (!network_.is_up(PppProtocol::kIpcp) && network_.ipv4_given_up() == EndReason::kNone) {
    arm_deadline(settings_.ppp.setup_timeout);
  }
  if (network_.is_up(PppProtocol::kIpv6cp)) {
    ipv6_link_ = std::make_unique<Ipv6Link>(settings_.ipv6, wheel_, entropy_, host_.ipv6_counters(),
                                            static_cast<Ipv6LinkHost&>(*this));
    ipv6_link_->resume(ipv6_terms());
  }
  if (lcp_.method() != AuthMethod::kEap && from.lcp.method == lcp_.method()) {
    authenticator_ = make_authenticator(lcp_.method(), settings_, wheel_, entropy_, auth_, *this, origin_);
    authenticator_->resume(claimed_);
  }
  if (network_.receives_statefully()) {
    resynchronises_ = std::make_unique<Timer>(wheel_, on_timer<&Impl::on_resynchronisation>, this);
    resynchronises_->arm(Duration{entropy_.next_u32() % kResynchronisedWithin.count()});
  }
}

/// Packets were lost while no process ran. All links ask for this, and none needs it at once.
void Session::Impl::on_resynchronisation() {
  resynchronises_.reset();
  network_.request_mppe_reset();
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
  if (protocol == PppProtocol::kIpv6 && ipv6_link_ != nullptr) {
    return ipv6_link_->on_packet(packet);
  }
  if (phase_ >= Phase::kNetwork) {  // RFC 1661 §3.5: before that, only LCP and authentication
    if (!network_.on_packet(protocol, packet)) {
      lcp_.send_protocol_reject(static_cast<std::uint16_t>(protocol), packet);
    }
  }
}

void Session::Impl::lcp_up() {
  phase_ = Phase::kAuthenticate;
  arm_deadline(settings_.ppp.setup_timeout);
  host_.set_ppp_compression(lcp_.peer().accepts_acfc, lcp_.peer().accepts_pfc);
  host_.lcp_opened();
  log_.event(
      Severity::kDebug, "lcp_up",
      {{"sid", sid()}, {"auth", std::string(to_text(lcp_.method()))}, {"mru", std::to_string(peer_mru())}});
  origin_.mru = std::min(peer_mru(), settings_.ppp.mtu);
  authenticator_ = make_authenticator(lcp_.method(), settings_, wheel_, entropy_, auth_, *this, origin_);
  authenticator_->start();
}

/// Everything above LCP is gone; a renegotiation authenticates again and derives new keys.
void Session::Impl::lcp_down() {
  tried_method_ = tried_method();
  authenticator_.reset();
  network_.end();
  if (!ending_) {
    link_timer_.cancel();  // it begins anew already
    phase_ = Phase::kEstablish;
    arm_deadline(settings_.ppp.lcp_timeout);
  }
}

void Session::Impl::protocol_up(PppProtocol protocol) {
  if (protocol == PppProtocol::kLcp) {
    return lcp_up();
  }
  if (protocol == PppProtocol::kIpv6cp) {
    ipv6_up();
  }
  if (phase_ != Phase::kUp && network_.up()) {
    ip_up();
  }
  if (phase_ == Phase::kUp && network_.is_up(PppProtocol::kIpcp)) {
    deadline_met();
  }
}

/// What was sent since LCP opened may have reached a peer that was not there yet.
void Session::Impl::acknowledged_again(PppProtocol protocol) {
  if (protocol == PppProtocol::kLcp && authenticator_) {
    authenticator_->peer_opens_late();
  }
}

void Session::Impl::protocol_down(PppProtocol protocol) {
  if (protocol == PppProtocol::kLcp) {
    return lcp_down();
  }
  if (protocol == PppProtocol::kIpv6cp) {
    ipv6_link_.reset();  // it may be up again at once, so hosts are not told to forget us
  }
  if (ending_) {
    return;
  }
  if (!network_.up()) {
    phase_ = Phase::kNetwork;
    arm_deadline(settings_.ppp.setup_timeout);
  } else if (protocol == PppProtocol::kIpcp) {
    arm_deadline(settings_.ppp.setup_timeout);
  }
}

void Session::Impl::protocol_finished(PppProtocol protocol) {
  if (protocol != PppProtocol::kLcp) {
    const bool without_ipv4 = network_.ipv4_given_up() != EndReason::kNone;
    const bool needs_ipv6 = protocol == PppProtocol::kIpv6cp && !without_ipv4;
    if (!up_since_) {
      return end_soon(needs_ipv6     ? EndReason::kIpv6Failed
                      : without_ipv4 ? network_.ipv4_given_up()
                                     : EndReason::kIpcpFailed,
                      std::string(name_of(protocol)) + ": the peer ended it" +
                          (without_ipv4 ? ", nor is there IPv4" : ""));
    }
    if (network_.up()) {
      return;  // by IPv6, and IPv4 has its own deadline
    }
    // Anybody may have said so. The peer, if it has not, goes down for our Terminate-Ack and negotiates anew.
    renewing_ = needs_ipv6 ? EndReason::kIpv6Failed : EndReason::kUserRequest;
    return;
  }
  if (!ending_) {
    reason_ = renewing_ != EndReason::kNone ? renewing_ : EndReason::kLcpTimeout;
    why_ = "lcp: the peer does not answer";
  }
  terminations_crossed_ ? link_timer_.arm(kTerminateAckTime) : finish();
}

void Session::Impl::protocol_failed(PppProtocol protocol, EndReason reason, std::string_view why) {
  if (ending_) {
    return;
  }
  log_.event(Severity::kDebug, "ppp_failed",
             {{"sid", sid()},
              {"user", user_},
              {"protocol", std::string(name_of(protocol))},
              {"reason", std::string(to_text(reason))},
              {"why", std::string(why)}});
  end_soon(reason, std::string(name_of(protocol)) + ": " + std::string(why));
}

void Session::Impl::peer_terminates(PppProtocol protocol, Bytes data) {
  const auto ras_error = wire::parse_ras_error(data);
  const std::string said =
      ras_error ? "RAS error " + std::to_string(*ras_error) : std::string(data.begin(), data.end());
  log_.event(Severity::kDebug, "ppp_peer_terminates",
             {{"sid", sid()}, {"protocol", std::string(name_of(protocol))}, {"why", said}});
  if (protocol != PppProtocol::kLcp) {
    return;
  }
  if (ending_) {
    terminations_crossed_ = true;
    return;
  }
  const bool was_open = lcp_.opened();
  const EndReason reason = reason_of_termination();
  const std::string said_so = said.empty() ? "the peer hangs up" : "the peer hangs up: " + said;
  end_soon(reason, reason == EndReason::kAuthFailed ? why_ : said_so);
  if (was_open) {
    link_timer_.cancel();  // the automaton waits one period in Stopping, then finishes
  }
}

/// pppd does not encrypt a second time within a session: asked for new keys, it ends the link.
EndReason Session::Impl::reason_of_termination() const {
  if (authenticator_ && authenticator_->rejected()) {
    return EndReason::kAuthFailed;
  }
  return renewing_ == EndReason::kMppeDesynchronised ? renewing_ : EndReason::kUserRequest;
}

// ---- authentication ---------------------------------------------------------------------------------------

void Session::Impl::auth_accepted(const AuthAccepted& accepted, std::string_view claimed) {
  if (ending_) {
    return;
  }
  const std::string user = subscriber_name(accepted, claimed);
  if (authenticated_ && user_key(user, settings_.ignore_case) != user_key(user_, settings_.ignore_case)) {
    log_.event(Severity::kWarning, "ppp_user_changed",
               {{"sid", sid()},
                {"peer", wire::to_string(origin_.peer_address)},
                {"user", user_},
                {"new_user", user}});
    return end_soon(EndReason::kAuthFailed,
                    "it was another user before: " + user_);  // one session is one subscriber
  }
  authenticated_ = true;
  auth_method_ = tried_method();
  user_ = user;
  ipv6_dns_ = accepted.ipv6.dns;
  if (accepted.ipv6.interface_id == settings_.ipv6.gateway_id) {
    log_.event(Severity::kWarning, "interface_id_ours",
               {{"sid", sid()},
                {"user", user_},
                {"interface_id", wire::interface_id_text(settings_.ipv6.gateway_id)},
                {"remedy", "grant another Framed-Interface-Id; the client has its own choice until then"}});
  }
  claimed_ = claimed;
  phase_ = Phase::kNetwork;
  if (network_.address().is_none()) {
    const auto address = host_.lease_address(accepted.address, accepted.pool);
    if (!address) {
      return end_soon(address.error().reason, address.error().why);
    }
    network_.assign(*address);
  }
  network_.begin(accepted, lcp_.method());
}

// Not a failure of the peer's: whoever forges proofs in its name must not have it banned.
bool Session::Impl::doubts_proof(std::string_view user, std::string_view why) {
  if (!up_since_) {
    return false;
  }
  log_.event(Severity::kInfo, "auth_doubted",
             {{"sid", sid()},
              {"peer", wire::to_string(origin_.peer_address)},
              {"user", std::string(user)},
              {"why", std::string(why)}});
  return true;
}

// Also when the peer may try again: whoever guesses passwords must be seen guessing.
std::uint32_t Session::Impl::auth_rejected(std::string_view user, std::string_view why, bool wrong) {
  if (!ending_) {
    why_ = why;
  }
  log_failed_login(wrong ? "auth_failed" : "login_refused", EndReason::kAuthFailed, user, why);
  return ++rejections_;
}

void Session::Impl::auth_failed(EndReason reason, std::string_view user, std::string_view why) {
  if (reason != EndReason::kAuthFailed && reason != EndReason::kRechallengeFailed) {
    // Else auth_rejected() has told, or it is a session that ends, and no login.
    const bool refused = reason == EndReason::kAuthUnusable || reason == EndReason::kEapNak;
    log_failed_login(refused ? "login_refused" : "login_unavailable", reason, user, why);
  }
  end_soon(reason, std::string(why));
}

/// `event`: auth_failed if the name or the password is wrong, for which packaging/fail2ban bans; login_refused for any
/// other no; login_unavailable if there was no verdict.
void Session::Impl::log_failed_login(std::string_view event, EndReason reason, std::string_view user,
                                     std::string_view why) {
  claimed_ = user;
  // What the peer chose comes after its address: see packaging/fail2ban/filter.d/adit.conf.
  log_.event(Severity::kFailure, event,
             {{"sid", sid()},
              {"peer", wire::to_string(origin_.peer_address)},
              {"user", claimed_},
              {"auth", std::string(tried_method())},
              {"reason", std::string(to_text(reason))},
              {"why", std::string(why)}});
}

void Session::Impl::ip_up() {
  phase_ = Phase::kUp;
  renewing_ = EndReason::kNone;
  up_since_ = up_since_.value_or(wheel_.now());
  if (network_.ipv4_given_up() != EndReason::kNone) {
    deadline_met();
  }
  log_.event(Severity::kDebug, "session_up",
             {{"sid", sid()},
              {"user", user_},
              {"ip", wire::to_string(network_.address())},
              {"auth", std::string(auth_method_)},
              {"mppe", network_.mppe()},
              {"mru", std::to_string(peer_mru())}});
}

/// Up by IPv6 alone, the session has a deadline until it is known whether there is IPv4: its address is others' otherwise.
void Session::Impl::deadline_met() {
  due_.reset();
  deadline_.cancel();
}

void Session::Impl::ipv6_up() {
  const Ipv6Binding subscriber = network_.ipv6();
  log_.event(Severity::kDebug, "ipv6cp_up",
             {{"sid", sid()},
              {"user", user_},
              {"interface_id", wire::interface_id_text(subscriber.interface_id)},
              {"prefix", subscriber.link ? wire::to_string(*subscriber.link) : "none"}});
  ipv6_link_ = std::make_unique<Ipv6Link>(settings_.ipv6, wheel_, entropy_, host_.ipv6_counters(),
                                          static_cast<Ipv6LinkHost&>(*this));
  ipv6_link_->up(ipv6_terms());
  if (!subscriber.link) {
    static_cast<void>(lease_ipv6(Ipv6Use::kLink));  // tells why
  }
}

Ipv6LinkTerms Session::Impl::ipv6_terms() const {
  const Ipv6Binding subscriber = network_.ipv6();
  return {.interface_id = settings_.ipv6.gateway_id,
          .link = subscriber.link,
          .mtu = static_cast<std::uint16_t>(network_.ipv6_room()),
          .has_address = host_.lease_ipv6(Ipv6Use::kAddress).has_value(),
          .dns = ipv6_dns_,
          .lease = {.address = subscriber.address, .delegated = subscriber.delegated}};
}

std::optional<wire::Ipv6Prefix> Session::Impl::lease_ipv6(Ipv6Use use) {
  const auto leased = host_.lease_ipv6(use);
  const auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(use));
  if (leased) {
    told_no_lease_ = static_cast<std::uint8_t>(told_no_lease_ & ~bit);
    return *leased;
  }
  if ((told_no_lease_ & bit) != 0) {
    return std::nullopt;
  }
  told_no_lease_ = static_cast<std::uint8_t>(told_no_lease_ | bit);
  // Who has no pool has none by intention; one whose pool is empty, or whose prefix another has, wants to know.
  const bool intended = leased.error().reason == EndReason::kPoolUnknown;
  log_.event(intended ? Severity::kDebug : Severity::kWarning, "ipv6_no_lease",
             {{"sid", sid()},
              {"user", user_},
              {"why", leased.error().why},
              {"remedy", std::string(ipv6_remedy(leased.error().reason))}});
  return std::nullopt;
}

void Session::Impl::binding_changed(const Ipv6Lease& lease) {
  const Ipv6Binding before = network_.ipv6();
  if (before.address != lease.address || before.delegated != lease.delegated) {
    log_.event(Severity::kDebug, "ipv6_lease",
               {{"sid", sid()},
                {"user", user_},
                {"ip6", lease.address ? wire::to_string(*lease.address) : "none"},
                {"delegated", lease.delegated ? wire::to_string(*lease.delegated) : "none"}});
  }
  network_.bind(lease.address, lease.delegated);
}

void Session::Impl::without_ipv4(EndReason, std::string_view why) {
  log_.event(Severity::kInfo, "no_ipv4", {{"sid", sid()}, {"user", user_}, {"why", std::string(why)}});
  network_.assign({});
  host_.return_address();
  if (phase_ == Phase::kUp) {
    deadline_met();
  }
}

void Session::Impl::without_ipv6(std::string_view why) {
  log_.event(Severity::kInfo, "ipv6cp_failed", {{"sid", sid()}, {"user", user_}, {"why", std::string(why)}});
}

/// Once a session: its links after new keys are no larger.
void Session::Impl::too_small_for_ipv6(std::uint16_t room, std::string_view why) {
  host_.too_small_for_ipv6(room);
  if (!std::exchange(told_too_small_, true)) {
    log_.event(Severity::kInfo, "no_ipv6", {{"sid", sid()}, {"user", user_}, {"why", std::string(why)}});
  }
}

// ---- new keys ---------------------------------------------------------------------------------------------

// LCP is never encrypted, so this reaches a peer whose encrypted side is stuck.
void Session::Impl::need_new_keys(EndReason otherwise, std::string_view why) {
  if (ending_ || link_timer_.armed()) {
    return;
  }
  // While the keys are whole, what asks for others too often may be anybody's: it gets them later.
  const bool at_once = new_keys_.allow(wheel_.now());
  if (!at_once && !network_.encrypts()) {
    return protocol_failed(PppProtocol::kCcp, otherwise, why);
  }
  log_.event(Severity::kInfo, "ppp_new_keys", {{"sid", sid()}, {"user", user_}, {"why", std::string(why)}});
  renewing_ = otherwise;
  link_timer_.arm(at_once ? Duration{0} : kGoodTime);
}

// A notice from before the keys changed may still come afterwards.
void Session::Impl::on_mppe_desynchronised() {
  constexpr std::string_view kWhy = "nothing that the peer encrypts can be read";
  if (ending_ || phase_ != Phase::kUp || !network_.encrypts()) {
    return;
  }
  const auto before = std::exchange(desynchronised_, wheel_.now());
  if (before && wheel_.now() - *before < kGoodTime) {
    return protocol_failed(PppProtocol::kCcp, EndReason::kMppeDesynchronised, kWhy);
  }
  need_new_keys(EndReason::kMppeDesynchronised, kWhy);
}

// ---- termination ------------------------------------------------------------------------------------------

void Session::Impl::end_soon(EndReason reason, std::string why) {
  if (ending_ || ended_) {
    return;
  }
  ending_ = true;
  reason_ = reason;
  why_ = std::move(why);
  deadline_.cancel();
  link_timer_.arm(Duration{0});
}

void Session::Impl::on_link_timer() {
  if (!ending_) {
    return lcp_.opened() ? lcp_.renegotiate() : void();  // the peer may have begun by itself meanwhile
  }
  phase_ = Phase::kTerminate;
  if (ipv6_link_ != nullptr) {
    ipv6_link_->down();
  }
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
  link_timer_.cancel();
  lcp_down();
  host_.session_ended(reason_);
}

/// `at_most` is for what comes next. The whole, from the call's first moment or from when IP went down, has
/// setup_timeout, which nothing that the peer does in between moves.
void Session::Impl::arm_deadline(Duration at_most) {
  due_ = due_.value_or(wheel_.now() + settings_.ppp.setup_timeout);
  deadline_.arm(std::clamp(*due_ - wheel_.now(), Duration{0}, at_most));
}

void Session::Impl::on_deadline() {
  if (phase_ == Phase::kUp) {  // by IPv6
    return network_.give_up_ipv4(EndReason::kIpcpFailed, "IPCP was not open in time");
  }
  if (renewing_ != EndReason::kNone) {
    return end_soon(renewing_, "IP was not up again in time");
  }
  switch (phase_) {
    case Phase::kEstablish:
      return end_soon(EndReason::kLcpTimeout, "lcp: not open in time");
    case Phase::kNetwork:
      if (network_.is_up(PppProtocol::kIpcp)) {
        return end_soon(EndReason::kIpv6Failed, "ipv6cp: not open in time");
      }
      if (network_.ipv4_given_up() != EndReason::kNone) {
        return end_soon(network_.ipv4_given_up(), "ipv6cp: not open in time, nor is there IPv4");
      }
      return end_soon(EndReason::kNetworkTimeout, "IP was not up in time after login");
    default:
      return end_soon(EndReason::kSetupTimeout, "IP was not up in time");
  }
}

SessionStatus Session::Impl::status() const {
  SessionStatus status;
  status.phase = phase_;
  status.user = user_;
  status.claimed = claimed_;
  status.auth_method = auth_method_;
  status.address = network_.address();
  if (network_.is_up(PppProtocol::kIpv6cp)) {
    status.ipv6 = network_.ipv6();
  }
  status.mppe = network_.mppe();
  status.compression = network_.compression();
  status.peer_mru = peer_mru();
  status.up_since = up_since_;
  status.tried_method = tried_method();
  status.ending = ending_ ? reason_ : EndReason::kNone;
  status.why = reason_ != EndReason::kNone ? why_ : "";
  status.hangs_up = lcp_.doubts_termination();
  return status;
}

// ---- the public interface ---------------------------------------------------------------------------------

Session::Session(const Settings& settings, TimerWheel& wheel, Entropy& entropy, EventLog& log,
                 AuthBackend& auth, SessionHost& host, wire::Ipv4Address peer_address,
                 wire::Ipv4Address local_address, std::string session_id)
    : impl_(std::make_unique<Impl>(settings, wheel, entropy, log, auth, host,
                                   AuthOrigin{peer_address, local_address, std::move(session_id)})) {}
Session::~Session() = default;
void Session::start() {
  impl_->start();
}
std::optional<CarriedSession> Session::carried() const {
  return impl_->carried();
}
void Session::adopt(const CarriedSession& from) {
  impl_->adopt(from);
}
void Session::on_frame(std::span<const std::uint8_t> frame) {
  impl_->on_frame(frame);
}
void Session::on_mppe_out_of_step() {
  impl_->on_mppe_out_of_step();
}
void Session::on_mppe_desynchronised() {
  impl_->on_mppe_desynchronised();
}
void Session::terminate(EndReason reason, std::string why) {
  impl_->end_soon(reason, std::move(why));
}
SessionStatus Session::status() const {
  return impl_->status();
}
SessionDetails Session::details() const {
  return impl_->details();
}
std::size_t Session::state_octets() {
  return sizeof(Session) + sizeof(Impl);
}

}  // namespace adit::control
