// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/dae/dynamic_authorization.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/radius/accept.hpp"
#include "controlplane/radius/attribute_text.hpp"
#include "controlplane/radius/dae/change.hpp"
#include "controlplane/radius/dae/session.hpp"

namespace adit::control::radius {
namespace {

/// A repeated request comes from the same source, and its authenticator is a digest of its whole content.
std::string key_of(wire::Ipv4Address source, const Packet& request) {
  std::string key = wire::to_string(source) + ' ';
  const Authenticator authenticator = request.authenticator();
  key.append(authenticator.begin(), authenticator.end());
  return key;
}

Code code_of(Code request, bool ack) {
  if (request == Code::kDisconnectRequest) {
    return ack ? Code::kDisconnectAck : Code::kDisconnectNak;
  }
  return ack ? Code::kCoaAck : Code::kCoaNak;
}

/// RFC 5176 §3.2: Authorize-Only tells the NAS to fetch the change by an Access-Request, which we do not do.
std::expected<void, Refusal> check_service(const Packet& request) {
  for (const Attribute& service : request.attributes()) {
    if (service.type == Type::kServiceType && number_of(service) != kServiceFramed) {
      const bool asks_us_to_ask = number_of(service) == kServiceAuthorizeOnly;
      return std::unexpected(Refusal{
          ErrorCause::kUnsupportedService,
          to_text(service) +
              (asks_us_to_ask ? " is Authorize-Only: send the change itself" : " is not Framed (2)")});
    }
  }
  return {};
}

std::string why_dropped(Fault fault) {
  return fault == Fault::kNoMessageAuthenticator
             ? "it lacks Message-Authenticator; send it, or set require-message-authenticator = false"
             : std::string(to_text(fault));
}

/// Without IPv6CP, what is behind it in IPv6 has `::` for its gateway, or none.
ChangedSubscriber subscriber_of(const SessionStatus& session) {
  ChangedSubscriber subscriber{.address = session.address};
  if (session.ipv6) {
    subscriber.ipv6.interface_id = session.ipv6->interface_id;
    subscriber.ipv6.link = session.ipv6->link;
    subscriber.ipv6.address = session.ipv6->address;
  }
  return subscriber;
}

}  // namespace

DynamicAuthorization::DynamicAuthorization(DaeSettings settings, NasSettings nas,
                                           std::vector<RateMapping> rates, const TimerWheel& wheel,
                                           UnixClock clock, EventLog& log, Concentrator& concentrator)
    : nas_(std::move(nas)), wheel_(wheel), clock_(std::move(clock)), log_(log), concentrator_(concentrator) {
  use(std::move(settings), std::move(rates));
}

void DynamicAuthorization::use(DaeSettings settings, std::vector<RateMapping> rates) {
  settings_ = std::move(settings);
  rates_ = std::move(rates);
  const auto before = std::exchange(clients_, {});
  for (const DaeClientSettings& client : settings_.clients) {
    DaeClientStatus status;
    if (const auto known = before.find(client.address); known != before.end()) {
      status = known->second.status;
    }
    status.name = client.name;
    status.address = client.address;
    clients_.emplace(client.address, Client{client, status});
  }
}

std::vector<std::uint8_t> DynamicAuthorization::on_datagram(wire::Ipv4Address source, Bytes datagram) {
  const auto found = clients_.find(source);
  if (found == clients_.end()) {
    ++strangers_;
    log_.event(Severity::kWarning, "dae_dropped",
               {{"peer", wire::to_string(source)}, {"why", "no [[dae-client]] has this address"}});
    return {};
  }
  Client& client = found->second;
  const auto request = read_request(datagram, client.settings.secret.bytes(), client.settings.must_sign);
  const bool known =
      request && (request->code() == Code::kDisconnectRequest || request->code() == Code::kCoaRequest);
  if (!known) {
    ++client.status.forged;
    log_.event(Severity::kWarning, "dae_dropped",
               {{"client", client.settings.name},
                {"why", request ? "it is not a Disconnect- or CoA-Request" : why_dropped(request.error())}});
    return {};
  }
  forget_old();
  std::string key = key_of(source, *request);
  if (const auto before = answers_.find(key); before != answers_.end()) {
    ++client.status.repeated;
    return before->second;
  }
  if (!is_of_now(*request, client)) {
    return {};
  }
  if (answers_.size() >= kMaxRemembered) {
    return answer(*request, client,
                  std::unexpected(Refusal{ErrorCause::kResourcesUnavailable, "too many requests"}));
  }
  std::vector<std::uint8_t> octets = answer(*request, client, act(*request, client));
  // A request dated in the future stays valid until its window ends: up to twice the window from now.
  remembered_.push_back({wheel_.now() + 2 * settings_.window, key});
  return answers_.emplace(std::move(key), std::move(octets)).first->second;
}

/// RFC 5176 §6.3. "": it is. Every date counts.
std::string DynamicAuthorization::why_not_of_now(const Packet& request, bool must_date) const {
  bool dated = false;
  for (const Attribute& date : request.attributes()) {
    if (date.type != Type::kEventTimestamp) {
      continue;
    }
    dated = true;
    const auto at = number_of(date);
    if (!at) {
      return to_text(date) + " is no number of four octets";
    }
    const auto now = static_cast<std::int64_t>(clock_());
    const std::int64_t apart = now > *at ? now - *at : *at - now;
    if (std::chrono::seconds(apart) > settings_.window) {
      return to_text(date) + " is " + std::to_string(apart) + " s from our clock";
    }
  }
  return dated || !must_date ? ""
                             : "it lacks Event-Timestamp; send it, or set require-event-timestamp = false";
}

bool DynamicAuthorization::is_of_now(const Packet& request, Client& client) {
  const std::string why = why_not_of_now(request, client.settings.must_date);
  if (why.empty()) {
    return true;
  }
  ++client.status.stale;
  log_.event(Severity::kWarning, "dae_dropped", {{"client", client.settings.name}, {"why", why}});
  return false;
}

DynamicAuthorization::Acted DynamicAuthorization::act(const Packet& request, Client& client) {
  if (std::ranges::find(client.settings.allow, request.code()) == client.settings.allow.end()) {
    return std::unexpected(
        Refusal{ErrorCause::kAdministrativelyProhibited, "`allow` of its [[dae-client]] does not list it"});
  }
  if (auto service = check_service(request); !service) {
    return std::unexpected(std::move(service.error()));
  }
  return request.code() == Code::kDisconnectRequest ? disconnect(request, client) : change(request, client);
}

DynamicAuthorization::Acted DynamicAuthorization::disconnect(const Packet& request, Client& client) {
  if (auto alone = check_disconnect(request); !alone) {
    return std::unexpected(std::move(alone.error()));
  }
  const auto session = find_session(request, nas_, concentrator_);
  if (!session) {
    return std::unexpected(session.error());
  }
  const Removal removal =
      concentrator_.remove(session->session_id, "Disconnect-Request of " + client.settings.name);
  if (removal == Removal::kWaiting) {
    return std::unexpected(
        Refusal{ErrorCause::kSessionContextNotRemovable, "it has ended, but its worker has not removed it"});
  }
  ++client.status.disconnects;
  log_.event(
      Severity::kInfo, "dae_disconnect",
      {{"client", client.settings.name}, {"user", session->session.user}, {"sid", session->session_id}});
  return removal == Removal::kResidual ? std::optional(ErrorCause::kResidualSessionContextRemoved)
                                       : std::nullopt;
}

DynamicAuthorization::Acted DynamicAuthorization::change(const Packet& request, Client& client) {
  const auto session = find_session(request, nas_, concentrator_);
  if (!session) {
    return std::unexpected(session.error());
  }
  auto change = read_change(request, subscriber_of(session->session), rates_);
  if (!change) {
    return std::unexpected(change.error());
  }
  if (raise_interim(change->interim_interval)) {
    log_.event(Severity::kWarning, "radius_interim_raised",
               {{"user", session->session.user},
                {"sid", session->session_id},
                {"peer", wire::to_string(session->peer)},
                {"to", "60s"}});
  }
  if (session->ending) {
    return std::unexpected(Refusal{ErrorCause::kSessionContextNotFound, "the session is ending"});
  }
  if (change->routes6 && !session->may_have_ipv6) {
    return std::unexpected(Refusal{ErrorCause::kUnsupportedAttribute, "the session has no IPv6"});
  }
  if (!concentrator_.change(session->session_id, *change)) {
    return std::unexpected(
        Refusal{ErrorCause::kResourcesUnavailable, "the ring to the session's worker is full"});
  }
  ++client.status.changes;
  log_.event(Severity::kInfo, "dae_change",
             {{"client", client.settings.name},
              {"user", session->session.user},
              {"sid", session->session_id},
              {"rate", change->rate ? to_string(*change->rate) : std::string()}});
  return std::nullopt;
}

std::vector<std::uint8_t> DynamicAuthorization::answer(const Packet& request, Client& client,
                                                       const Acted& acted) {
  RequestWriter reply(code_of(request.code(), acted.has_value()), request.identifier(),
                      request.authenticator());
  reply.begin_signed();
  for (const Attribute& attribute : request.attributes()) {
    if (attribute.type == Type::kProxyState) {
      reply.octets(Type::kProxyState, attribute.value);
    }
  }
  if (!acted || *acted) {
    reply.number(Type::kErrorCause, static_cast<std::uint32_t>(acted ? **acted : acted.error().cause));
  }
  if (!acted) {
    ++client.status.refused;
    const Attribute* user = request.find(Type::kUserName);
    const Attribute* session = request.find(Type::kAcctSessionId);
    log_.event(Severity::kWarning, "dae_refused",
               {{"client", client.settings.name},
                {"request", request.code() == Code::kCoaRequest ? "CoA" : "Disconnect"},
                {"user", std::string(user != nullptr ? user->text() : "")},
                {"sid", std::string(session != nullptr ? session->text() : "")},
                {"error_cause", std::to_string(static_cast<std::uint32_t>(acted.error().cause))},
                {"why", acted.error().why}});
  }
  // Proxy-States that fill a request leave no room here. RFC 5176 §3.1 wants all of them, so there is no answer.
  return std::move(reply).finish(client.settings.secret.bytes()).value_or(std::vector<std::uint8_t>{});
}

void DynamicAuthorization::forget_old() {
  while (!remembered_.empty() && remembered_.front().until < wheel_.now()) {
    answers_.erase(remembered_.front().key);
    remembered_.pop_front();
  }
}

std::vector<DaeClientStatus> DynamicAuthorization::status() const {
  std::vector<DaeClientStatus> all;
  for (const DaeClientSettings& client : settings_.clients) {  // in the config's order
    all.push_back(clients_.at(client.address).status);
  }
  return all;
}

}  // namespace adit::control::radius
