// SPDX-License-Identifier: Apache-2.0
// What radius::Client thinks of its servers, and how it looks after those that do not answer.
#include <algorithm>
#include <utility>

#include "controlplane/radius/client_parts.hpp"

namespace adit::control::radius {
namespace {

/// A request that is not answered, while later ones are, says nothing about its server.
bool answered_since(Health health, Instant answered, Instant asked) {
  return health == Health::kAlive && answered >= asked;
}

}  // namespace

std::string_view to_text(Health health) {
  switch (health) {
    case Health::kUntried:
      return "untried";
    case Health::kAlive:
      return "alive";
    case Health::kOverdue:
      return "overdue";
    case Health::kDead:
      return "dead";
  }
  return "unknown";
}

Duration Client::timeout_of(Service service) const {
  return service == Service::kAuthentication ? settings_.timeout : settings_.acct_timeout;
}

/// How long after a request an answer is still taken.
Duration Client::patience_of(Service service) const {
  const Duration tries = settings_.tries * timeout_of(service);
  return service == Service::kAuthentication ? std::max(tries, settings_.patience) : tries;
}

void Client::note_overdue(const Sending& sending) {
  Port& port = sending.port;
  if (answered_since(port.health, port.answered, sending.first) || port.health >= Health::kOverdue) {
    return;
  }
  port.health = Health::kOverdue;
  port.overdue_since = wheel_.now();
  look_after(port);
}

/// Whoever does not know Status-Server is silent about it: only real requests count.
void Client::note_silence(const Sending& sending) {
  Port& port = sending.port;
  if (sending.exchange.code == Code::kStatusServer) {
    port.trusts_status = true;
    return;
  }
  ++port.server.counts.timeouts;
  if (answered_since(port.health, port.answered, sending.first)) {
    return;
  }
  // A name that the server has no answer for, because its realm's own server is silent, costs a stranger nothing. While
  // the server is seen to be there, however many logins of one peer are one silence.
  const bool login = sending.exchange.code == Code::kAccessRequest;
  if (login && port.answers_status && port.silent_peer == sending.exchange.terms.peer) {
    return;
  }
  if (login) {
    port.silent_peer = sending.exchange.terms.peer;
  }
  ++port.fails;
  if (port.health == Health::kDead || port.fails < settings_.max_fail) {
    return;
  }
  port.health = Health::kDead;
  port.dead_until = wheel_.now() + settings_.dead_time;
  if (!std::exchange(port.told_dead, true)) {
    log_.event(Severity::kWarning, "radius_server_dead",
               {{"server", port.server.settings.name},
                {"service", name_of(port.service)},
                {"unanswered", std::to_string(port.fails)}});
  }
  look_after(port);
}

/// An answer that came too late for its login, or that would have, as one to a copy, shows neither that the next one will
/// come in time nor that the server is dead. It is told.
void Client::note_answer(const Sending& sending) {
  Port& port = sending.port;
  const Exchange& exchange = sending.exchange;
  ServerStatus& counts = port.server.counts;
  ++counts.answered;
  if (exchange.code == Code::kStatusServer) {
    return note_status(port);
  }
  const Duration took = wheel_.now() - sending.first;
  if (!exchange.done && took > settings_.tries * timeout_of(port.service)) {
    ++counts.late;
    if (!port.told_late || wheel_.now() >= *port.told_late + settings_.dead_time) {
      port.told_late = wheel_.now();
      log_.event(Severity::kWarning, "radius_reply_late",
                 {{"server", port.server.settings.name},
                  {"service", name_of(port.service)},
                  {"after", std::to_string(took.count()) + "ms"},
                  {"remedy", "raise radius.timeout, or make the server faster"}});
    }
    if (port.health == Health::kDead) {
      port.health = Health::kOverdue;
      port.overdue_since = wheel_.now();
      port.fails = settings_.max_fail - 1;  // dead again after one more silent request
    }
    return;
  }
  port.fails = 0;
  port.silent_peer.reset();
  port.trusts_status = true;
  if (sending.tries == 1) {  // Karn: after a retransmission it is unknown which one was answered
    port.server.times[static_cast<std::size_t>(port.service)].observe(
        static_cast<std::uint64_t>(std::max<Duration::rep>(took.count(), 0)));
  }
  port.answered = wheel_.now();
  note_alive(port);
}

/// The server is there; whether it can answer a login, the next one shows.
void Client::note_status(Port& port) {
  port.answers_status = true;
  if (port.health >= Health::kOverdue && std::exchange(port.trusts_status, false)) {
    port.fails = std::min(port.fails, settings_.max_fail - 1);
    note_alive(port);
  }
}

void Client::note_alive(Port& port) {
  port.look.cancel();
  port.health = Health::kAlive;
  if (std::exchange(port.told_dead, false)) {
    log_.event(Severity::kInfo, "radius_server_alive",
               {{"server", port.server.settings.name}, {"service", name_of(port.service)}});
  }
}

/// Status-Server (RFC 5997 §3: either port has it), so that no login depends on the port. Because it may not know
/// that, a login is copied to it as well; a record, for which nobody waits, is sent to it. A dead one gets a copy after
/// dead_time, and at every look if it answers Status-Server: then it is there, and the login that it had no answer for
/// may have been one that nobody answers. So the next copy is of another peer's, if one comes in time.
void Client::look_after(Port& port) {
  if (port.health == Health::kDead && wheel_.now() >= port.dead_until &&
      port.service == Service::kAccounting) {
    port.health = Health::kOverdue;
    port.fails = settings_.max_fail - 1;  // dead again after one more silent request
  }
  const bool is_there = std::exchange(port.answers_status, false);  // until it is again
  if (port.health == Health::kOverdue ||
      (wheel_.now() >= port.dead_until && port.copy_due != Port::Copy::kNone)) {
    port.copy_due = Port::Copy::kOfAnyone;
  } else if (is_there || wheel_.now() >= port.dead_until) {
    port.copy_due = Port::Copy::kOfAnother;
  } else {
    port.copy_due = Port::Copy::kNone;
  }
  probe(port, Code::kStatusServer, [](RequestWriter&, Bytes) {});
  port.look.arm(std::max(settings_.dead_time / 6, timeout_of(port.service)));
}

/// Asked once; nobody waits for the answer.
void Client::probe(Port& port, Code code, const Compose& compose, LoginTerms terms) {
  const Ticket ticket = next_ticket_++;
  auto exchange = std::make_unique<Exchange>(*this, ticket, port.service, code, compose, Done(), terms,
                                             Exchange::Kind::kProbe);
  exchange->tried.assign(servers_.size(), true);
  if (place(*exchange, port) == Placed::kSent) {
    exchanges_.emplace(ticket, std::move(exchange));
  }
}

void Client::copy_to_lost_ports(const Exchange& exchange) {
  if (exchange.code != Code::kAccessRequest || exchange.terms.changes_password ||
      !exchange.terms.server.empty()) {
    return;  // what one server has begun means nothing to another
  }
  for (const auto& server : servers_) {
    Port& port = server->port(exchange.service);
    const bool due = port.copy_due == Port::Copy::kOfAnyone ||
                     (port.copy_due == Port::Copy::kOfAnother && port.silent_peer != exchange.terms.peer);
    if (due && port.health >= Health::kOverdue && !exchange.tried[server->index]) {
      port.copy_due = Port::Copy::kNone;
      port.dead_until = wheel_.now() + settings_.dead_time;
      probe(port, exchange.code, exchange.compose, exchange.terms);
    }
  }
}

void Client::inherit(const Client& before) {
  const auto same = [](const ServerSettings& a, const ServerSettings& b) {
    return a.name == b.name && a.address == b.address && a.auth_port == b.auth_port &&
           a.acct_port == b.acct_port && crypto::equal_constant_time(a.secret.bytes(), b.secret.bytes());
  };
  for (const auto& server : servers_) {
    const auto known = std::ranges::find_if(
        before.servers_, [&](const auto& other) { return same(server->settings, other->settings); });
    if (known == before.servers_.end()) {
      continue;
    }
    server->counts = (*known)->counts;
    server->times = (*known)->times;
    for (const Service service : kServices) {
      const Port& from = (*known)->port(service);
      Port& to = server->port(service);
      to.health = from.health;
      to.fails = from.fails;
      to.answered = from.answered;
      to.overdue_since = from.overdue_since;
      to.dead_until = from.dead_until;
      to.copy_due = from.copy_due;
      to.silent_peer = from.silent_peer;
      to.answers_status = from.answers_status;
      to.trusts_status = from.trusts_status;
      to.told_dead = from.told_dead;
      to.told_late = from.told_late;
      if (to.health >= Health::kOverdue) {
        look_after(to);
      }
    }
  }
}

std::vector<ServerStatus> Client::status() const {
  std::vector<ServerStatus> all;
  for (const auto& server : servers_) {
    ServerStatus status = server->counts;
    status.name = server->settings.name;
    status.address = server->settings.address;
    for (const Service service : kServices) {
      const Port& port = server->port(service);
      status.health = std::max(status.health, port.health);
      status.in_flight += port.in_flight;
    }
    contract::HistogramValues both;
    for (std::size_t service = 0; service < kServiceCount; ++service) {
      status.round_trips[service] = server->times[service].read();
      both += status.round_trips[service];
    }
    status.p50 = Duration{both.percentile(50)};
    status.p99 = Duration{both.percentile(99)};
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace adit::control::radius
