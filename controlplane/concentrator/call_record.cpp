// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/call_record.hpp"

#include <cstdio>
#include <utility>

#include "controlplane/concentrator/concentrator_core.hpp"
#include "controlplane/concentrator/connection_record.hpp"
#include "controlplane/ppp/mppe_modes.hpp"

namespace adit::control {
namespace {

/// That nothing came by GRE is why. Any other end of a call that was silent until then has a cause of its own.
bool is_explained_by_silence(EndReason reason) {
  return reason == EndReason::kLcpTimeout || reason == EndReason::kSetupTimeout ||
         reason == EndReason::kPeerClosed || reason == EndReason::kUserRequest;
}

/// LCP's Echo-Request or -Reply, which changes nothing that is to be kept, and comes all the time.
bool is_echo(std::span<const std::uint8_t> frame) {
  return frame.size() > 2 &&
         wire::load_be<std::uint16_t>(frame.data()) == static_cast<std::uint16_t>(wire::PppProtocol::kLcp) &&
         (wire::PppCode{frame[2]} == wire::PppCode::kEchoRequest ||
          wire::PppCode{frame[2]} == wire::PppCode::kEchoReply);
}

Ipv6Story::Terms ipv6_terms(Ipv6Policy mode, bool denied_to_user) {
  switch (mode) {
    case Ipv6Policy::kDeny:
      return Ipv6Story::Terms::kDenied;
    case Ipv6Policy::kAllow:
      return denied_to_user ? Ipv6Story::Terms::kDeniedToUser : Ipv6Story::Terms::kAllowed;
    case Ipv6Policy::kPrefer:
      return denied_to_user ? Ipv6Story::Terms::kDeniedToUser : Ipv6Story::Terms::kPreferred;
    case Ipv6Policy::kRequire:
      return denied_to_user ? Ipv6Story::Terms::kDeniedToUser : Ipv6Story::Terms::kRequired;
  }
  return Ipv6Story::Terms::kUnknown;
}

}  // namespace

CallRecord::CallRecord(ConcentratorCore& core, ConnectionRecord& connection, std::uint64_t number,
                       wire::PeerCallId peer, Instant since)
    : WorkerLink(core),
      core_(core),
      settings_(core.settings),
      connection_(&connection),
      number_(number),
      peer_(connection.peer),
      local_(connection.local),
      since_(since),
      setup_(connection.calls == 0 ? connection.since : since_),
      claim_(connection, this),
      story_(connection.since),
      login_(core, *this),
      addresses_(core, *this) {
  peer_id = peer;
  story_.pass(Gate::kStart, connection.started.value_or(since_));
  story_.pass(Gate::kCall, since_);
}

CallRecord::~CallRecord() = default;

// ---- another process goes on with it ----------------------------------------------------------------------

std::optional<CarriedCall> CallRecord::carried() const {
  if (!up_since_ || terminating_ || !link_open() || session_ == nullptr) {
    return std::nullopt;
  }
  auto session = session_->carried();
  if (!session) {
    return std::nullopt;
  }
  CarriedCall carried{.connection = connection_->id,
                      .number = number_,
                      .ref = ref,
                      .peer = peer_,
                      .local = local_,
                      .since = since_,
                      .up_since = *up_since_,
                      .pptp = carried_call(*this),
                      .session = std::move(*session),
                      .logged_in_as = login_.logged_in_as(),
                      .method = login_.method(),
                      .leased = addresses_.leased(),
                      .routes = addresses_.routes(),
                      .prefixes = {},
                      .enabled = {.subscriber = addresses_.mapped(),
                                  .peer_mru = enabled_.peer_mru,
                                  .require_mppe = enabled_.require_mppe,
                                  .has_had_ipv4 = has_had_ipv4(),
                                  .ipv6 = {}},
                      .admitted_rate = admitted_rate_,
                      .rate = rate_,
                      .timeouts = {},
                      .accounting = {},
                      .mppc_history = mppc_history(),
                      .story = story_.carried()};
  if (prefixes_ != nullptr) {
    carried.prefixes = prefixes_->carried();
  }
  if (ipv6_ != nullptr) {
    carried.enabled.ipv6 = ipv6_->binding;
    carried.enabled.peer_mru6 = ipv6_->peer_mru;
    carried.enabled.require_mppe6 = ipv6_->require_mppe;
  }
  if (timeouts_ != nullptr) {
    carried.timeouts = CarriedTimeouts{.session = timeouts_->session(), .idle = timeouts_->idle()};
  }
  if (accounting_ != nullptr) {
    carried.accounting = accounting_->carried();
  }
  return carried;
}

std::string_view CallRecord::adopt(const CarriedCall& from, bool& full) {
  control::adopt(static_cast<PptpCall&>(*this), from.pptp);
  if (!from.leased.is_none() && !addresses_.adopt(from.leased)) {
    return "its address is another's";
  }
  const auto give_back = [this] {
    core_.release_address(*this);
    if (prefixes_ != nullptr) {
      prefixes_->release();
    }
  };
  if (from.prefixes) {
    prefixes_ = std::make_unique<CallPrefixes>(core_, *this);
    if (!prefixes_->adopt(*from.prefixes)) {
      give_back();
      return "a prefix of its is another's";
    }
  }
  addresses_.set_routes(from.routes);
  admitted_rate_ = from.admitted_rate;
  rate_ = from.rate;
  enabled_ = {ref, from.enabled.has_had_ipv4 ? from.leased : wire::Ipv4Address{}, from.enabled.peer_mru,
              from.enabled.require_mppe, !from.routes.empty()};
  if (from.enabled.ipv6 && !from.session.renews) {
    ipv6_ =
        std::make_unique<EnabledIpv6>(*from.enabled.ipv6, from.enabled.peer_mru6, from.enabled.require_mppe6);
  }
  up_since_ = from.up_since;
  if (!tell_worker_again(from)) {
    full = true;
    give_back();
    return "its worker's ring is full";
  }
  if (from.accounting && core_.accounting != nullptr) {
    accounting_ = std::make_unique<CallAccounting>(core_, *this);
    if (!accounting_->adopt(*from.accounting)) {
      give_back();
      return "its accounting has ended";
    }
  }
  go_on(from);
  return "";
}

bool CallRecord::tell_worker_again(const CarriedCall& from) {
  if (from.session.renews) {
    return try_post(contract::DisableIp{ref}) && try_post(contract::DisableIpv6{ref}) &&
           try_post(contract::DisableMppe{ref});
  }
  const CarriedCcp& ccp = from.session.network.ccp;
  const contract::MppeMode sends = mppe_mode(ccp.acknowledged);
  const bool flush =
      ccp.protocol.state == PppState::kOpened && sends.stateful && (sends.encrypted() || sends.compressed);
  const LcpPeer& peer = from.session.lcp.peer;
  return try_post(contract::SetPppCompression{ref, peer.accepts_acfc, peer.accepts_pfc}) &&
         (from.enabled.subscriber.is_none() || try_post(enabled_)) &&
         (ipv6_ == nullptr || try_post(ipv6_message())) && (!rate_.any() || try_post(limits(rate_))) &&
         (!flush || try_post(contract::FlushMppe{ref, false}));
}

/// Nothing is refused from here on.
void CallRecord::go_on(const CarriedCall& from) {
  core_.count_stage(stage_, +1);
  core_.call_shares.add(claim_, peer_);
  connection_->call_adopted();
  connection_->protocol.adopt_call(*this, from.pptp.incoming ? std::make_shared<const StationIds>(StationIds{
                                                                   .calling = from.pptp.incoming->calling,
                                                                   .called = from.pptp.incoming->called})
                                                             : nullptr);
  logged_in_ = heard_ = true;
  connection_->call_logged_in();
  core_.call_shares.set_logged_in(claim_, true);
  setup_.adopt();
  story_.adopt(from.story);
  login_.adopt(from.logged_in_as, from.method);
  static_cast<void>(core_.actions.map_call(local_, peer_, local_id, ref));
  session_ = std::make_unique<Session>(*settings_, core_.wheel, core_.entropy, core_.log, login_, *this,
                                       peer_, local_, session_id());
  if (!from.session.renews) {
    if (!from.enabled.subscriber.is_none()) {
      addresses_.map(from.enabled.subscriber);
    }
    if (ipv6_ != nullptr) {
      prefixes_->map(ipv6_->binding);
    }
  }
  session_->adopt(from.session);
  if (ip_is_up()) {
    set_stage(Stage::kActive);
  }
  if (from.timeouts) {
    timeouts_ = std::make_unique<SessionTimeouts>(core_, *this, from.timeouts->session, from.timeouts->idle);
    timeouts_->start();
  }
  core_.records.mark(ref);
}

// ---- set-up
// ---------------------------------------------------------------------------------------------------------

void CallRecord::start_ppp() {
  reach(SetupStage::kControl);
  story_.origin = incoming == nullptr ? CallStory::Origin::kAskedFor : CallStory::Origin::kBroughtIn;
  session_ = std::make_unique<Session>(*settings_, core_.wheel, core_.entropy, core_.log, login_, *this,
                                       peer_, local_, session_id());
  session_->start();
}

/// A caller's first frame may overtake its Incoming-Call-Connected, and is repeated.
void CallRecord::on_frame(std::span<const std::uint8_t> frame) {
  if (session_ == nullptr && !finished()) {
    return;
  }
  heard_ = true;
  story_.received(frame, core_.wheel.now());
  if (!finished()) {
    session_->on_frame(frame);
  }
  if (!is_echo(frame)) {
    core_.records.mark(ref);
  }
}

void CallRecord::send_ppp_frame(std::span<const std::uint8_t> frame) {
  story_.sent(frame, core_.wheel.now());
  WorkerLink::send_ppp_frame(frame);
}

void CallRecord::send_ipv6(std::span<const std::uint8_t> packet) {
  story_.sent_ipv6(packet);
  WorkerLink::send_ipv6(packet);
}

void CallRecord::on_mppe_desynchronised() {
  if (session_ != nullptr) {
    session_->on_mppe_desynchronised();
  }
}

void CallRecord::on_mppe_out_of_step() {
  if (session_ != nullptr) {
    session_->on_mppe_out_of_step();
  }
}

std::optional<std::uint64_t> CallRecord::packets_received() const {
  const auto totals = core_.actions.totals(ref);
  return totals ? std::optional(totals->uplink_packets) : std::nullopt;
}

std::optional<std::uint64_t> CallRecord::ipv6_packets_received() const {
  return core_.actions.uplink_ipv6_packets(ref);
}

std::optional<std::uint16_t> CallRecord::port_mtu() const {
  return core_.actions.port_mtu(peer_);
}

void CallRecord::reach(SetupStage stage) {
  setup_.reach(stage, core_.wheel.now(), core_.measures);
}

void CallRecord::eap_ended(std::uint8_t rounds) {
  core_.measures.eap_rounds.observe(rounds);
}

void CallRecord::lcp_opened() {
  reach(SetupStage::kLcp);
  if (!finished()) {
    story_.pass(Gate::kLcp, core_.wheel.now());
    connection_->protocol.on_lcp_opened(*this);
  }
}

void CallRecord::admit(const std::string& user, const AuthAccepted& accepted) {
  reach(SetupStage::kAuth);
  if (!std::exchange(logged_in_, true)) {
    connection_->call_logged_in();
    core_.call_shares.set_logged_in(claim_, true);
  }
  core_.directory.set_user(*this, user);
  core_.records.mark(ref);
  admitted_rate_ = rate_ = accepted.rate.value_or(settings_->rate);
  if (ip_is_up()) {
    return;  // a proof while IP is up changes nothing about the link
  }
  addresses_.set_routes(accepted.routes);
  story_.ipv6.terms = ipv6_terms(settings_->ipv6.mode, accepted.ipv6.denied);
  if (settings_->ipv6.mode != Ipv6Policy::kDeny) {
    if (prefixes_ == nullptr) {
      prefixes_ = std::make_unique<CallPrefixes>(core_, *this);
    }
    prefixes_->set_terms(accepted.ipv6);
  }
  timeouts_.reset();
  if (accepted.session_timeout || accepted.idle_timeout) {
    timeouts_ =
        std::make_unique<SessionTimeouts>(core_, *this, accepted.session_timeout, accepted.idle_timeout);
  }
  if (core_.accounting != nullptr) {
    if (accounting_ == nullptr) {
      accounting_ = std::make_unique<CallAccounting>(core_, *this);
    }
    accounting_->admit(accepted);
  }
}

std::expected<wire::Ipv4Address, SessionHost::NoAddress> CallRecord::lease_address(
    std::optional<wire::Ipv4Address> fixed, std::string_view pool) {
  if (finished()) {
    return std::unexpected(NoAddress{EndReason::kInternal, "the call has ended"});
  }
  return addresses_.lease(fixed, pool);
}

/// A worker whose ring is full has yet to hear of its end, and the call ends: the address rests until it is removed.
void CallRecord::return_address() {
  if (!link_open()) {
    return;
  }
  core_.release_address(*this);
  addresses_.forget_lease();
  enabled_ = {};
  if (accounting_ != nullptr) {
    accounting_->address_changed();
  }
}

bool CallRecord::yields_to(const std::string& user) const {
  return finished() && core_.directory.key_of(last_.user) == core_.directory.key_of(user);
}

bool CallRecord::yield_address(const std::string& user) {
  if (!yields_to(user)) {
    return false;
  }
  addresses_.forget_lease();  // CallRemoved has nothing to release
  return true;
}

std::expected<wire::Ipv6Prefix, SessionHost::NoAddress> CallRecord::lease_ipv6(Ipv6Use use) {
  if (finished()) {
    return std::unexpected(NoAddress{EndReason::kInternal, "the call has ended"});
  }
  if (prefixes_ == nullptr) {
    return std::unexpected(NoAddress{EndReason::kPoolUnknown, "IPv6 is denied"});
  }
  const auto leased = prefixes_->lease(use);
  story_.ipv6.refused[static_cast<std::size_t>(use)] = leased ? EndReason::kNone : leased.error().reason;
  return leased;
}

bool CallRecord::yield_prefix(const wire::Ipv6Prefix& prefix, const std::string& user) {
  if (!yields_to(user)) {
    return false;
  }
  prefixes_->forget_lease(prefix);
  return true;
}

std::string CallRecord::in_use_by() const {
  const SessionStatus session = session_ ? session_->status() : last_;
  return "in use by sid " + session_id() + ", peer " + wire::to_string(peer_) + ", user " + session.user;
}

void CallRecord::warn_of_overlap(const std::string& granted, const std::string& own,
                                 const std::string& holder) const {
  core_.log.event(Severity::kWarning, "overlaps_own_network",
                  {{"sid", session_id()},
                   {"user", user()},
                   {"peer", wire::to_string(peer_)},
                   {"granted", granted},
                   {"own", own},
                   {"holder", holder}});
}

// ---- while IP is up ---------------------------------------------------------------------------------------

/// Its keys for sending are armed when CCP has opened.
void CallRecord::enable_mppe(contract::Direction direction, contract::MppeMode mode,
                             const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) {
  WorkerLink::enable_mppe(direction, mode, start_key, session_key);
  if (direction == contract::Direction::kSend) {
    reach(SetupStage::kCcp);
  }
}

void CallRecord::enable_ip(wire::Ipv4Address subscriber, std::uint16_t peer_mru, bool require_mppe) {
  const bool first = !ip_is_up();
  enabled_ = {ref, subscriber, peer_mru, require_mppe, !addresses_.routes().empty()};
  post(enabled_);
  if (!link_open()) {
    return;
  }
  if (first) {
    came_up();
  }
  addresses_.map(subscriber);
  if (accounting_ != nullptr) {
    accounting_->address_changed();
  }
}

bool CallRecord::ip_is_up() const {
  return !addresses_.mapped().is_none() || (prefixes_ != nullptr && prefixes_->mapped());
}

/// By whichever family is first: what counts and limits a call is for both.
void CallRecord::came_up() {
  if (rate_.any()) {
    post(limits(rate_));
  }
  if (!terminating_) {
    set_stage(Stage::kActive);
  }
  if (!up_since_) {
    log_up();
    up_since_ = core_.wheel.now();
    reach(SetupStage::kIpcp);
    if (accounting_ != nullptr) {
      accounting_->start(session_->status().user);
    }
  }
  if (timeouts_ != nullptr) {
    timeouts_->start();
  }
  if (accounting_ != nullptr) {
    accounting_->arm();
  }
  core_.records.mark(ref);
}

void CallRecord::disable_ip() {
  addresses_.unmap();
  post(contract::DisableIp{ref});
  went_down();
}

/// The one family has; the other may be up.
void CallRecord::went_down() {
  if (!terminating_ && !finished() && !ip_is_up()) {
    set_stage(Stage::kStarting);
  }
}

void CallRecord::enable_ipv6(const Ipv6Binding& binding, std::uint16_t peer_mru, bool require_mppe) {
  if (prefixes_ == nullptr) {
    return;
  }
  story_.ipv6.took_address = story_.ipv6.took_address || binding.address;
  story_.ipv6.took_delegated = story_.ipv6.took_delegated || binding.delegated;
  if (accounting_ != nullptr && link_open()) {
    accounting_->bind(binding);
  }
  ipv6_ = std::make_unique<EnabledIpv6>(binding, peer_mru, require_mppe);
  const bool first = !ip_is_up();
  forward_ipv6();
  if (first && link_open()) {
    came_up();
  }
}

contract::EnableIpv6 CallRecord::ipv6_message() const {
  contract::EnableIpv6 message = prefixes_->message(ipv6_->binding);
  message.peer_mru = ipv6_->peer_mru;
  message.require_mppe = ipv6_->require_mppe;
  return message;
}

/// The worker first: what the index leads to it, it must know.
void CallRecord::forward_ipv6() {
  post(ipv6_message());
  if (link_open()) {
    prefixes_->map(ipv6_->binding);
  }
}

void CallRecord::disable_ipv6() {
  ipv6_.reset();
  if (prefixes_ != nullptr && prefixes_->mapped()) {
    prefixes_->unmap();
    post(contract::DisableIpv6{ref});
    went_down();
  }
}

Ipv6Counters& CallRecord::ipv6_counters() {
  return core_.stats.ipv6;
}

bool CallRecord::may_advertise() {
  return core_.advertisements.allow(core_.wheel.now());
}

bool CallRecord::set_rate(std::optional<SubscriberRate> rate) {
  const SubscriberRate next = rate.value_or(admitted_rate_);
  if (up_since_ && link_open() && !try_post(limits(next))) {
    return false;
  }
  rate_ = next;
  core_.records.mark(ref);
  return true;
}

bool CallRecord::change(const SessionChange& change) {
  if (!link_open() || terminating_) {
    return false;
  }
  if (change.rate) {
    if (up_since_ && !try_post(limits(*change.rate))) {
      return false;
    }
    admitted_rate_ = rate_ = *change.rate;
  }
  if (change.routes) {
    change_routes(*change.routes);
  }
  if (change.routes6) {
    change_routes6(*change.routes6);
  }
  if (accounting_ != nullptr) {
    accounting_->change(change);
  }
  change_timeouts(change);
  core_.records.mark(ref);
  return true;
}

void CallRecord::change_routes(const std::vector<wire::Ipv4Prefix>& routes) {
  if (!addresses_.mapped().is_none() && enabled_.has_routes == routes.empty()) {
    enabled_.has_routes = !routes.empty();
    post(enabled_);
  }
  addresses_.set_routes(routes);
}

void CallRecord::change_routes6(const std::vector<wire::Ipv6Prefix>& routes) {
  if (prefixes_ == nullptr) {
    return;
  }
  prefixes_->set_routes(routes);
  if (prefixes_->mapped()) {
    forward_ipv6();
  }
}

void CallRecord::change_timeouts(const SessionChange& change) {
  if (timeouts_ == nullptr && (change.session_timeout || change.idle_timeout)) {
    timeouts_ = std::make_unique<SessionTimeouts>(core_, *this, std::nullopt, std::nullopt);
  }
  if (timeouts_ != nullptr) {
    timeouts_->change(change);
  }
}

// ---- termination
// ----------------------------------------------------------------------------------------------------

bool CallRecord::terminate(EndReason reason, std::string_view why, bool hard) {
  if (finished() || (terminating_ && !hard)) {
    return false;
  }
  if (hard || session_ == nullptr) {
    end(reason, why);
    return true;
  }
  terminating_ = true;
  core_.records.erase(*this);
  set_stage(Stage::kFinishing);
  session_->terminate(reason, std::string(why));
  return true;
}

void CallRecord::end(EndReason reason, std::string_view why) {
  if (finished()) {
    return;
  }
  connection_->protocol.end_call(*this, reason);
  finish(reason, why);
}

void CallRecord::session_ended(EndReason reason) {
  end(reason, {});  // the session knows why
}

/// From here on the call only waits for its worker: after CallRemoved the core destroys the record.
void CallRecord::finish(EndReason reason, std::string_view why) {
  core_.records.erase(*this);  // before anything: what has begun to end is not gone on with
  close_link();
  ended_ = core_.wheel.now();
  story_.pass(Gate::kEnd, ended_);
  if (timeouts_ != nullptr) {
    timeouts_->cancel();
  }
  if (accounting_ != nullptr) {
    accounting_->cancel();
  }
  if (up_since_) {
    core_.measures.duration.observe(static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(ended_ - *up_since_).count()));
  }
  reason_ = reason;
  core_.call_shares.remove(claim_);
  set_stage(Stage::kFinishing);
  core_.directory.forget_user(*this);
  addresses_.unmap();
  if (prefixes_ != nullptr) {
    prefixes_->unmap();
  }
  core_.actions.unmap_call(local_, peer_, local_id);
  const bool began_ppp = session_ != nullptr;
  if (began_ppp) {
    last_ = session_->status();
    // A peer that we refused may hang up in any way: log why the link was ending, not how it ended.
    reason_ = last_.ending != EndReason::kNone ? last_.ending : reason;
    if (reason_ == EndReason::kPeerClosed && last_.hangs_up) {
      reason_ = EndReason::kUserRequest;  // it was the peer, as its silence would have shown
    }
    core_.retire(std::move(session_), settings_);
  }
  if (last_.why.empty()) {
    last_.why = why;
  }
  if (!heard_ && began_ppp && is_explained_by_silence(reason_)) {
    tell_of_silence();
  }
  story_.carried(core_.actions.first_packets(ref), core_.wheel.now());  // while its worker has it
  std::exchange(connection_, nullptr)->call_over(logged_in_, reason_);
  core_.count_end(reason_);
  core_.request_removal(*this);
}

void CallRecord::tell_of_silence() {
  const std::string from = wire::to_string(peer_);
  const auto totals = core_.actions.totals(ref);
  if (const auto stranger = core_.actions.gre_from_elsewhere(local_, local_id)) {
    story_.gre_from_elsewhere = *stranger;
    last_.why = "no GRE came from " + from + ", but some for this call from " + wire::to_string(*stranger);
  } else if (totals && totals->drops != 0) {
    story_.gre_dropped = true;
    last_.why = "GRE came from " + from + ", and all of it was dropped: adit show drops";
    return;
  } else {
    last_.why = "no GRE came from " + from + ": is protocol 47 let through?";
  }
  if (reason_ == EndReason::kLcpTimeout || reason_ == EndReason::kSetupTimeout) {
    reason_ = EndReason::kNoGre;
  }
}

void CallRecord::removed(const contract::CallTotals& totals) {
  if (up_since_ && accounting_ != nullptr) {
    accounting_->stop(totals, ended_ - *up_since_, reason_);
  }
  log_ended(totals);
  const std::string& user = last_.user.empty() ? last_.claimed : last_.user;
  core_.stories.add(told(totals),
                    {.user = story_key(user), .number = number_, .peer = peer_, .address = address()});
}

void CallRecord::set_stage(Stage stage) {
  core_.count_stage(stage_, -1);
  if (stage_ == Stage::kActive) {
    --core_.measures.up[up_as_];
  }
  stage_ = stage;
  core_.count_stage(stage_, +1);
  if (stage_ == Stage::kActive) {
    up_as_ = CallsUp::kind_of(login_.method(), session_->status().mppe);
    ++core_.measures.up[up_as_];
  }
}

// ---- status and log
// -------------------------------------------------------------------------------------------------

std::string CallRecord::session_id() const {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number_));
  return text;
}

void CallRecord::log_up() const {
  const SessionStatus session = session_->status();
  core_.log.event(Severity::kRecord, "call_up",
                  {{"sid", session_id()},
                   {"user", session.user},
                   {"peer", wire::to_string(peer_)},
                   {"local", wire::to_string(local_)},
                   {"ip", wire::to_string(address())},
                   {"auth", std::string(session.auth_method)},
                   {"mppe", session.mppe},
                   {"mppc", session.compression},
                   {"rate", to_string(rate_)},
                   {"worker", std::to_string(ref.worker.value)},
                   {"setup", core_.duration_since(since_)}});
}

void CallRecord::log_ended(const contract::CallTotals& totals) const {
  core_.log.event(logged_in_ ? Severity::kRecord : Severity::kFailure, "call_ended",
                  {{"sid", session_id()},
                   {"peer", wire::to_string(peer_)},
                   {"local", wire::to_string(local_)},
                   {"reason", std::string(to_text(reason_))},  // fail2ban's filter reads it: before the user
                   {"user", last_.user.empty() ? last_.claimed : last_.user},
                   {"claimed", last_.claimed},
                   {"auth", std::string(last_.tried_method)},
                   {"ip", wire::to_string(address())},
                   {"why", last_.why},
                   {"duration", core_.duration_since(since_)},
                   {"uplink_octets", std::to_string(totals.uplink_octets)},
                   {"downlink_octets", std::to_string(totals.downlink_octets)},
                   {"uplink_packets", std::to_string(totals.uplink_packets)},
                   {"downlink_packets", std::to_string(totals.downlink_packets)},
                   {"drops", std::to_string(totals.drops)}});
}

CallStatus CallRecord::status() const {
  CallStatus status;
  status.session_id = session_id();
  status.call = ref;
  status.peer = peer_;
  status.local = local_;
  status.local_id = local_id;
  status.peer_id = peer_id;
  status.since = since_;
  status.ending = stage_ == Stage::kFinishing;
  status.rate = rate_;
  status.routes = addresses_.routes_it_has();
  status.may_have_ipv6 = prefixes_ != nullptr && !prefixes_->denied();
  status.routes6 = prefixes_ ? prefixes_->routes_it_has() : std::vector<wire::Ipv6Prefix>{};
  status.session = session_ ? session_->status() : last_;
  status.stations = stations();
  return status;
}

StoryRow CallRecord::told(const contract::CallTotals& totals) const {
  StoryRow row{.story = story_,
               .age = core_.wheel.now() - story_.begun(),
               .session_id = session_id(),
               .peer = peer_,
               .local = local_,
               .address = address(),
               .local_id = local_id,
               .peer_id = peer_id,
               .session = session_ ? session_->status() : last_,
               .reason = reason_,
               .totals = totals,
               .logged_in = logged_in_};
  if (prefixes_ != nullptr) {
    row.leases6 = prefixes_->leases();
  }
  if (incoming != nullptr && !incoming->connected()) {
    row.story.origin = CallStory::Origin::kRinging;
  }
  if (row.session.claimed.empty()) {
    row.session.claimed = login_.claimed();
  }
  if (!finished()) {
    row.story.carried(core_.actions.first_packets(ref), core_.wheel.now());
  }
  if (!finished() && !heard_) {
    row.story.gre_from_elsewhere =
        core_.actions.gre_from_elsewhere(local_, local_id).value_or(wire::Ipv4Address{});
    row.story.gre_dropped = totals.drops != 0;
  }
  return row;
}

CallDetails CallRecord::details() const {
  CallDetails details;
  details.status = status();
  details.peer_window = peer_window;
  if (peer_sent_link_info) {
    details.link_info = {peer_send_accm, peer_receive_accm};
  }
  if (wan_errors != nullptr) {
    details.wan_errors = *wan_errors;
  }
  if (session_) {
    details.session = session_->details();
  }
  details.granted = admitted_rate_;
  if (timeouts_ != nullptr) {
    timeouts_->describe(details);
  }
  if (accounting_ != nullptr) {
    accounting_->describe(details);
  }
  return details;
}

}  // namespace adit::control
