// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/client.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/radius/client_parts.hpp"

namespace adit::control::radius {
namespace {

Service service_of(Code code) {
  return code == Code::kAccountingRequest ? Service::kAccounting : Service::kAuthentication;
}

void count_reply(ServerStatus& counts, Code code) {
  for (std::size_t kind = 0; kind < kReplyKinds.size(); ++kind) {
    counts.replies[kind] += kReplyKinds[kind].first == code ? 1 : 0;
  }
}

}  // namespace

Client::Client(ClientSettings settings, TimerWheel& wheel, Entropy& entropy, EventLog& log,
               Transport& transport)
    : settings_(std::move(settings)), wheel_(wheel), entropy_(entropy), log_(log), transport_(transport) {
  for (std::size_t index = 0; index < settings_.servers.size(); ++index) {
    servers_.push_back(
        std::make_unique<Server>(*this, index, settings_.servers[index], std::max(settings_.lanes, 1U)));
  }
}

Client::~Client() = default;

Client::Ticket Client::request(Code code, Compose compose, Done done, LoginTerms terms) {
  const Ticket ticket = next_ticket_++;
  auto exchange = std::make_unique<Exchange>(*this, ticket, service_of(code), code, std::move(compose),
                                             std::move(done), std::move(terms));
  exchange->tried.resize(servers_.size());
  if (exchange->service == Service::kAuthentication) {
    const Duration longest = longest_wait(settings_);
    const Duration time = std::min(longest, exchange->terms.within.value_or(longest));
    exchange->ends = wheel_.now() + time;
    exchange->timer.arm(time);
  }
  Exchange& placed = *exchange;
  exchanges_.emplace(ticket, std::move(exchange));
  ++asked_;
  start(placed);
  copy_to_lost_ports(placed);
  return ticket;
}

void Client::cancel(Ticket ticket) {
  const auto found = exchanges_.find(ticket);
  if (found == exchanges_.end() || !found->second->done) {
    return;
  }
  const Service service = found->second->service;
  static_cast<void>(abandon(*found->second));  // its ticket stays in waiting_; serve_waiting() skips it
  serve_waiting(service);
}

/// Picks from the servers not tried yet the one of the lowest priority number, among equals the one with the fewest
/// requests for its weight. A login goes to an overdue one only if there is no other, and to a dead one only as a last
/// resort, or for a trial, which is to tell what the server does and not what is thought of it. A record, for which
/// nobody waits, goes even there: to the one whose dead time ends first.
Client::Port* Client::choose(const Exchange& exchange) {
  const bool login = exchange.service == Service::kAuthentication;
  const auto rank = [login](const Port& port) {
    return port.health == Health::kDead ? 2 : port.health == Health::kOverdue && login ? 1 : 0;
  };
  const auto better = [&](const Port& a, const Port& b) {
    if (rank(a) != rank(b)) {
      return rank(a) < rank(b);
    }
    if (rank(a) != 0) {
      return a.health == Health::kDead ? a.dead_until < b.dead_until : a.overdue_since > b.overdue_since;
    }
    const ServerSettings& of_a = a.server.settings;
    const ServerSettings& of_b = b.server.settings;
    if (of_a.priority != of_b.priority) {
      return of_a.priority < of_b.priority;
    }
    return a.in_flight * of_b.weight < b.in_flight * of_a.weight;
  };
  Port* best = nullptr;
  for (const auto& server : servers_) {
    Port& port = server->port(exchange.service);
    const bool fits = exchange.terms.server.empty() || exchange.terms.server == server->settings.name;
    if (fits && server->serves(exchange.service) && !exchange.tried[server->index] &&
        (!login || settings_.last_resort || exchange.terms.trial || port.health != Health::kDead) &&
        (best == nullptr || better(port, *best))) {
      best = &port;
    }
  }
  return best;
}

/// If nothing can be sent, the timer reports it: `done` is never called from within request().
void Client::start(Exchange& exchange) {
  Port* port = choose(exchange);
  if (port == nullptr) {
    return refuse_unsent(exchange);
  }
  const Placed placed = place(exchange, *port);
  if (placed == Placed::kSent) {
    return;
  }
  if (placed == Placed::kNoIdentifier) {
    exchange.refusal.why = "too many RADIUS requests wait for an answer";
    std::deque<Ticket>& queue = waiting(exchange.service);
    if (queue.size() < settings_.max_waiting) {
      queue.push_back(exchange.ticket);
      return;
    }
  }
  exchange.timer.arm(Duration{0});
}

void Client::refuse_unsent(Exchange& exchange) {
  const bool any =
      std::ranges::any_of(servers_, [&](const auto& server) { return server->serves(exchange.service); });
  exchange.refusal.why =
      any ? "all RADIUS servers are known to be silent" : "no RADIUS server is configured for this";
  exchange.timer.arm(Duration{0});
}

/// Composes, takes an identifier and sends. A request that is not whole is never sent, RFC 2865 §5.
Client::Placed Client::place(Exchange& exchange, Port& port) {
  const auto lanes = static_cast<std::uint32_t>(port.lanes.size());
  std::uint32_t turn = 0;
  do {
    port.next_lane = (port.next_lane + 1) % lanes;
  } while (port.lanes[port.next_lane].used == kIdentifiers && ++turn < lanes);
  Lane& lane = port.lanes[port.next_lane];
  if (lane.used == kIdentifiers) {
    return Placed::kNoIdentifier;
  }
  while (lane.sendings[lane.next] != nullptr) {
    ++lane.next;
  }
  auto sending = std::make_unique<Sending>(exchange, port);
  sending->lane = port.next_lane;
  sending->identifier = lane.next++;  // round robin: an identifier rests as long as possible before its reuse
  entropy_.fill(sending->authenticator);
  RequestWriter writer(exchange.code, sending->identifier, sending->authenticator);
  if (exchange.code != Code::kAccountingRequest) {
    writer.begin_signed();
  }
  const Bytes secret = port.server.settings.secret.bytes();
  exchange.compose(writer, secret);
  auto packet = std::move(writer).finish(secret);
  if (!packet) {
    exchange.refusal = {std::move(packet.error()), true};
    return Placed::kUnfit;
  }
  sending->packet = std::move(*packet);
  std::copy_n(sending->packet.begin() + 4, sending->authenticator.size(), sending->authenticator.begin());
  sending->first = wheel_.now();
  lane.sendings[sending->identifier] = sending.get();
  ++lane.used;
  port.in_flight += exchange.kind == Exchange::Kind::kRequest ? 1 : 0;
  exchange.tried[port.server.index] = true;
  exchange.refusal.why = "RADIUS server " + port.server.settings.name + " does not answer";
  exchange.sendings.push_back(std::move(sending));
  transmit(*exchange.sendings.back());
  return Placed::kSent;
}

void Client::transmit(Sending& sending) {
  Server& server = sending.port.server;
  ++(sending.tries == 0 ? server.counts.sent : server.counts.repeated);
  server.counts.requests[static_cast<std::size_t>(sending.port.service)] += sending.tries == 0 ? 1 : 0;
  ++sending.tries;
  sending.last = wheel_.now();
  sending.timer.arm(timeout_of(sending.port.service));
  static_cast<void>(transport_.send(server.index, sending.port.service, sending.lane, sending.packet));
}

void Client::on_sending_timer(Sending& sending) {
  Exchange& exchange = sending.exchange;
  const Service service = exchange.service;
  if (sending.lingers) {
    note_silence(sending);
    forget(sending);
  } else if (!exchange.done) {  // a probe
    linger(sending);
  } else if (sending.tries < settings_.tries) {
    transmit(sending);
  } else {
    linger(sending);
    note_overdue(sending);
    go_on(exchange);
  }
  serve_waiting(service);
}

/// The next server; or else patience, because the answer to a login may be on its way.
void Client::go_on(Exchange& exchange) {
  if (choose(exchange) != nullptr) {
    start(exchange);
  } else if (exchange.service == Service::kAuthentication) {
    const Instant patient_until = exchange.sendings.back()->first + patience_of(exchange.service);
    exchange.timer.arm(std::min(exchange.ends, patient_until) - wheel_.now());
  } else {
    exchange.timer.arm(Duration{0});
  }
}

void Client::linger(Sending& sending) {
  sending.lingers = true;
  sending.timer.arm(sending.first + patience_of(sending.port.service) - wheel_.now());
}

void Client::forget(Sending& sending) {
  Exchange& exchange = sending.exchange;
  Lane& lane = sending.port.lanes[sending.lane];
  lane.sendings[sending.identifier] = nullptr;
  --lane.used;
  sending.port.in_flight -= exchange.kind == Exchange::Kind::kRequest ? 1 : 0;
  std::erase_if(exchange.sendings, [&](const auto& one) { return one.get() == &sending; });
  if (exchange.sendings.empty() && !exchange.done) {
    exchanges_.erase(exchange.ticket);
  }
}

/// Nobody waits for the request any more; what was sent lingers. The exchange may be gone after this.
Client::Done Client::abandon(Exchange& exchange) {
  Done done = std::exchange(exchange.done, nullptr);
  --asked_;
  exchange.timer.cancel();
  exchange.compose = nullptr;
  for (const auto& sending : exchange.sendings) {
    if (!sending->lingers) {
      linger(*sending);
    }
  }
  if (exchange.sendings.empty()) {
    exchanges_.erase(exchange.ticket);
  }
  return done;
}

/// `done` may make more requests.
void Client::finish(Exchange& exchange, const std::expected<Reply, NoReply>& reply) {
  const Service service = exchange.service;
  const Done done = abandon(exchange);
  done(reply);
  serve_waiting(service);
}

void Client::on_exchange_timer(Exchange& exchange) {
  finish(exchange, std::unexpected(exchange.refusal));
}

void Client::serve_waiting(Service service) {
  std::deque<Ticket>& queue = waiting(service);
  while (!queue.empty()) {
    const auto found = exchanges_.find(queue.front());
    if (found == exchanges_.end() || !found->second->done) {
      queue.pop_front();  // cancelled
      continue;
    }
    Exchange& exchange = *found->second;
    if (Port* port = choose(exchange); port == nullptr) {
      refuse_unsent(exchange);
    } else if (const Placed placed = place(exchange, *port); placed == Placed::kNoIdentifier) {
      return;
    } else if (placed == Placed::kUnfit) {
      exchange.timer.arm(Duration{0});
    }
    queue.pop_front();
  }
}

void Client::on_datagram(std::size_t index, Service service, std::uint32_t lane, Bytes datagram) {
  Server& server = *servers_[index];
  Port& port = server.port(service);
  if (datagram.size() < kHeaderSize) {
    ++server.counts.refused;
    return;
  }
  Sending* sending = port.lanes[lane].sendings[claimed_identifier(datagram)];
  if (sending == nullptr) {
    ++server.counts.unmatched;
    return;
  }
  const Bytes secret = server.settings.secret.bytes();
  // The attribute is there so that no verdict can be forged (BlastRADIUS). The answer to Status-Server is none, and
  // FreeRADIUS 3.0 and 3.2 do not sign it.
  const bool must_sign = sending->exchange.code == Code::kAccessRequest && server.settings.must_sign;
  const auto packet =
      read_reply(datagram, sending->authenticator, secret, must_sign, sending->exchange.terms.eap);
  if (!packet) {
    ++server.counts.refused;
    log_.event(Severity::kWarning, "radius_reply_refused",
               {{"server", server.settings.name}, {"why", std::string(to_text(packet.error()))}});
    return;  // the genuine reply may still come
  }
  note_answer(*sending);
  count_reply(server.counts, packet->code());
  Exchange& exchange = sending->exchange;
  const Authenticator authenticator = sending->authenticator;
  const bool awaited = static_cast<bool>(exchange.done);
  forget(*sending);  // and the exchange, if nobody waits
  if (awaited) {
    finish(exchange, Reply{*packet, authenticator, secret, server.settings.name});
  } else {
    serve_waiting(service);
  }
}

}  // namespace adit::control::radius
