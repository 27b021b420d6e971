// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/eap.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/auth/eap_mschapv2.hpp"

namespace adit::control {
namespace {

using wire::Bytes;
using wire::EapCode;
using wire::EapPacket;
using wire::EapType;

constexpr std::size_t kLongestIdentity = 253;  // RFC 2865 §5.1: User-Name carries no more

/// Of a last message that only tells the peer why, and that many do not answer.
constexpr std::uint8_t kLastTries = 3;

/// Types of a peer's Nak that a log line names.
constexpr std::size_t kMostNamed = 8;

std::string names_of(Bytes types) {
  std::string names;
  for (const std::uint8_t type : types) {
    names += (names.empty() ? "" : ", ") + std::string(wire::to_text(EapType{type})) + " (" +
             std::to_string(type) + ")";
  }
  return names;
}

}  // namespace

Eap::Eap(AuthContext given)
    : AuthExchange(std::move(given)), timer_(context().wheel, on_timer<&Eap::on_timer_fires>, this) {}
Eap::~Eap() = default;

void Eap::start() {
  begin();
  ask_again();
}

void Eap::ask_again() {
  const auto fresh = static_cast<std::uint8_t>(context().entropy.next_u32());  // a forger has to guess it
  const auto next = static_cast<std::uint8_t>(fresh + 1);
  identifier_ =
      next == identifier_ ? identifier_ : fresh;  // RFC 3748 §4.1: the new Request has another than the last
  rounds_ = 0;
  method_.reset();
  next_.reset();
  reply_.clear();
  refused_ = 0;
  method_over_ = method_rejected_ = has_continued_ = false;
  ask_identity();
}

void Eap::ask_identity() {
  phase_ = Phase::kIdentity;
  seen_ = {};
  send_request(eap_next_identifier(), EapType::kIdentity, {}, kEapRepeat);
}

// ---- packets ----------------------------------------------------------------------------------------------

void Eap::on_packet(Bytes octets) {
  const auto packet = wire::parse_eap(octets);
  if (!packet || packet->code != EapCode::kResponse) {
    return;  // RFC 3748 §4.2: Requests, Success and Failure are the authenticator's to send
  }
  // A Response that crossed the end of the exchange: what ended it may have been lost.
  if (!reply_.empty() && packet->identifier == identifier_) {
    return context().host.send_auth_frame(reply_);
  }
  if (!goes_on() || request_.empty() || packet->identifier != identifier_) {
    return;
  }
  switch (phase_) {
    case Phase::kIdentity:
      return on_identity(*packet);
    case Phase::kRemote:
      take();
      return ask_server(packet->whole);
    case Phase::kLocal:
      return on_local_response(*packet);
    case Phase::kOver:
      return;
  }
}

/// The Response is the one: nothing more is sent until somebody says what.
void Eap::take() {
  timer_.cancel();
  request_.clear();
}

void Eap::on_identity(const EapPacket& response) {
  if (response.type != EapType::kIdentity) {
    return;  // RFC 3748 §5.3.1: no Nak answers it
  }
  take();
  identity_ = wire::text_of(response.data.first(std::min(response.data.size(), kLongestIdentity)));
  calls_itself(identity_);
  if (response.data.size() > kLongestIdentity) {
    return on_verdict(AuthRejected{.why = "a name of more than 253 octets"});
  }
  if (std::ranges::find(response.data, 0) != response.data.end()) {
    return on_verdict(
        AuthRejected{.why = "a name with a NUL octet"});  // which other programs would cut there
  }
  if (context().settings.eap.mode == EapMode::kLocal) {
    return begin_own_method();
  }
  phase_ = Phase::kRemote;
  ask_server(response.whole);
}

void Eap::on_local_response(const EapPacket& response) {
  if (response.type == EapType::kNak || response.type == EapType::kExpanded) {
    if (method_begins_) {  // RFC 3748 §5.3.1: only there
      take();
      // An expanded Nak names vendors' methods, of which we have none.
      on_nak(response.type == EapType::kNak ? response.data : Bytes());
    }
    return;
  }
  if (method_ == nullptr || response.type != method_->type()) {
    return;
  }
  method_begins_ = false;
  take();
  method_->on_response(response.data);
}

// RFC 3748 §5.3.1. "0": the peer will have none at all.
void Eap::on_nak(Bytes wanted) {
  const auto& ours = context().settings.eap.methods;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    refused_ |= eap_type_of(ours[i]) == method_->type() ? 1U << i : 0U;
  }
  method_.reset();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const bool wants =
        std::ranges::find(wanted, static_cast<std::uint8_t>(eap_type_of(ours[i]))) != wanted.end();
    refused_ |= wants ? 0U : 1U << i;
  }
  const std::string names = names_of(wanted.first(std::min<std::size_t>(wanted.size(), kMostNamed)));
  if (!offer_method()) {
    end(EndReason::kEapNak, names.empty() || wanted[0] == 0 ? "the peer refuses every method of ours"
                                                            : "the peer wants " + names);
  }
}

// ---- towards the peer -------------------------------------------------------------------------------------

void Eap::send_request(std::uint8_t identifier, EapType type, Bytes data, Duration repeat) {
  if (++rounds_ > kEapMostRounds) {
    method_over_ = true;
    return end(EndReason::kAuthUnusable, "more than 64 requests in one exchange of EAP");
  }
  identifier_ = identifier;
  seen_ = wire::is_method(type) ? type : seen_;
  repeat_ = repeat;
  tries_ = 0;
  wire::PppFrameWriter frame(wire::PppProtocol::kEap, static_cast<std::uint8_t>(EapCode::kRequest),
                             identifier);
  const Bytes octets = frame.u8(static_cast<std::uint8_t>(type)).octets(data).frame();
  request_.assign(octets.begin(), octets.end());
  repeat_request();
}

// RFC 3748 §4.1: under the same identifier, so that the peer knows it and repeats its Response.
void Eap::repeat_request() {
  ++tries_;
  timer_.arm(repeat_);
  context().host.send_auth_frame(request_);
}

void Eap::on_timer_fires() {
  if (phase_ == Phase::kOver) {
    return release();
  }
  if (request_.empty() || !goes_on()) {
    return;
  }
  if (tries_ < (state() == State::kTelling && method_rejected_ ? kLastTries : kEapTries)) {
    return repeat_request();
  }
  peer_is_silent("no EAP-Response from the peer");
}

void Eap::over() {
  phase_ = Phase::kOver;
  request_.clear();
  timer_.arm(Duration{0});  // a method may be what has led here: it is freed when it has returned
}

/// RFC 3748 §4.2: under the identifier of the Response that it answers. It is not repeated, and may be lost.
void Eap::send_end(EapCode code) {
  over();
  wire::PppFrameWriter frame(wire::PppProtocol::kEap, static_cast<std::uint8_t>(code), identifier_);
  const Bytes octets = frame.frame();
  reply_.assign(octets.begin(), octets.end());
  context().host.eap_ended(rounds_);
  context().host.send_auth_frame(reply_);
}

void Eap::release() {
  method_.reset();
  next_.reset();
  identity_ = {};
  request_ = {};
}

// ---- verdicts ---------------------------------------------------------------------------------------------

AuthExchange::Answer Eap::answer_accepted(const AuthAccepted& accepted) {
  if (phase_ == Phase::kLocal) {
    method_->on_accepted(accepted);
    return Answer::kBegun;
  }
  send_end(EapCode::kSuccess);
  return Answer::kGiven;
}

AuthExchange::Answer Eap::answer_rejected(std::uint16_t ms_chap_error, bool retry) {
  if (state() == State::kTelling && phase_ == Phase::kLocal && method_ != nullptr && !method_over_) {
    method_rejected_ = !retry;
    method_->on_rejected(ms_chap_error, retry);
    return Answer::kBegun;
  }
  send_end(EapCode::kFailure);
  return Answer::kGiven;
}

bool Eap::can_retry() const {
  return phase_ == Phase::kLocal && method_ != nullptr && !method_over_ && method_->can_retry();
}

// ---- a server's method ------------------------------------------------------------------------------------

void Eap::ask_server(Bytes packet) {
  ask(identity_, EapProof{.packet{packet.begin(), packet.end()},
                          .mtu = context().origin.mru,
                          .after = std::exchange(next_, std::nullopt)});
}

void Eap::on_challenge(const AuthChallenge& challenge) {
  const auto request = wire::parse_eap(challenge.request);
  if (!request || request->code != EapCode::kRequest) {
    return end(EndReason::kAuthUnusable, "the server's challenge is no EAP-Request");
  }
  if (request->data.size() > eap_room()) {
    return end(EndReason::kAuthUnusable,
               "the server's EAP-Request of " + std::to_string(request->whole.size()) +
                   " octets is longer than the link's " + std::to_string(context().origin.mru) +
                   ": it does not heed Framed-MTU");
  }
  has_continued_ = true;
  next_ = challenge.next;
  send_request(request->identifier, request->type, request->data, challenge.patience.value_or(kEapRepeat));
}

// RFC 3579 §2: State is one server's own. Its exchange is lost with it, and another one begins with Identity.
bool Eap::recovers() {
  return phase_ == Phase::kRemote && has_continued_ && !std::exchange(restarted_, true);
}

// ---- a method of ours -------------------------------------------------------------------------------------

void Eap::begin_own_method() {
  phase_ = Phase::kLocal;
  refused_ = 0;
  if (!offer_method()) {
    end(EndReason::kAuthUnavailable, "no method of EAP is configured that can be carried out here");
  }
}

/// The first that has not been refused. False: there is none.
bool Eap::offer_method() {
  const auto& ours = context().settings.eap.methods;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if ((refused_ >> i & 1) == 0 && (method_ = make_method(ours[i])) != nullptr) {
      method_begins_ = true;
      method_->start();
      return true;
    }
  }
  return false;
}

std::unique_ptr<EapMethod> Eap::make_method(EapLocalMethod method) {
  if (method == EapLocalMethod::kMsChapV2) {
    return std::make_unique<EapMsChapV2>(context().settings.auth.challenge_name, context().entropy,
                                         static_cast<EapMethodHost&>(*this));
  }
  return context().backend.make_eap_method(eap_type_of(method), *this);
}

std::size_t Eap::eap_room() const {
  return wire::eap_room(context().origin.mru);
}

void Eap::eap_request(Bytes type_data) {
  if (goes_on()) {
    send_request(eap_next_identifier(), method_->type(), type_data, kEapRepeat);
  }
}

void Eap::eap_prove(std::string user, AuthProof proof) {
  if (goes_on()) {
    ask(std::move(user), std::move(proof));
  }
}

void Eap::eap_succeeded() {
  if (grants()) {
    send_end(EapCode::kSuccess);
    told();
  }
}

void Eap::eap_rejected() {
  if (goes_on() && !grants()) {
    send_end(EapCode::kFailure);
    told();
  }
}

void Eap::eap_refused(AuthRejected why) {
  if (goes_on()) {
    on_verdict(std::move(why));
  }
}

void Eap::eap_failed(Failure why) {
  if (goes_on()) {
    method_over_ = true;
    std::visit([this](const auto& cause) { on_verdict(cause); }, why);
  }
}

}  // namespace adit::control
