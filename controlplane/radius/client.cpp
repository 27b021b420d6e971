// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/client.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/radius/round_trips.hpp"

namespace adit::control::radius {
namespace {

Service service_of(Code code) {
  return code == Code::kAccountingRequest ? Service::kAccounting : Service::kAuthentication;
}

}  // namespace

struct Client::Server {
  Server(Client& client, std::size_t its_index, const ServerSettings& its_settings, std::uint32_t lanes)
      : owner(client),
        index(its_index),
        settings(its_settings),
        revive(client.wheel_, &TimerCallback<&Server::on_revive>::fire, this) {
    for (auto& of_service : by_service) {
      of_service.resize(lanes);
    }
  }
  void on_revive() { owner.on_dead(*this); }
  [[nodiscard]] std::vector<Lane>& lanes(Service service) {
    return by_service[static_cast<std::size_t>(service)];
  }
  [[nodiscard]] bool serves(Service service) const {
    return (service == Service::kAuthentication ? settings.auth_port : settings.acct_port) != 0;
  }

  Client& owner;
  std::size_t index;
  const ServerSettings& settings;
  std::array<std::vector<Lane>, 2> by_service;
  std::array<std::uint32_t, 2> next_lane{};
  bool alive = true;
  std::uint32_t fails = 0;  // consecutive requests without any reply
  Instant dead_until{};
  Timer revive;
  ServerStatus counts{};
  RoundTrips times;
};

struct Client::Exchange {
  Exchange(Client& client, Ticket its_ticket, Code its_code, Compose its_compose, Done its_done)
      : owner(client),
        ticket(its_ticket),
        code(its_code),
        compose(std::move(its_compose)),
        done(std::move(its_done)),
        timer(client.wheel_, &TimerCallback<&Exchange::on_timer>::fire, this) {}
  void on_timer() { owner.on_timeout(*this); }

  Client& owner;
  const Ticket ticket;
  const Code code;
  Compose compose;
  Done done;                // none: this is a probe
  std::vector<bool> tried;  // by server
  Server* server = nullptr;
  std::uint32_t lane = 0;
  std::uint8_t identifier = 0;
  std::uint32_t tries = 0;
  std::string_view refusal = "no RADIUS server is configured for this";
  Authenticator authenticator{};
  std::vector<std::uint8_t> packet;
  Instant sent{};
  Timer timer;
};

Client::Client(ClientSettings settings, TimerWheel& wheel, Entropy& entropy, EventLog& log,
               Transport& transport)
    : settings_(std::move(settings)), wheel_(wheel), entropy_(entropy), log_(log), transport_(transport) {
  for (std::size_t index = 0; index < settings_.servers.size(); ++index) {
    servers_.push_back(
        std::make_unique<Server>(*this, index, settings_.servers[index], std::max(settings_.lanes, 1U)));
  }
}

Client::~Client() = default;

Client::Ticket Client::request(Code code, Compose compose, Done done) {
  const Ticket ticket = next_ticket_++;
  auto exchange = std::make_unique<Exchange>(*this, ticket, code, std::move(compose), std::move(done));
  exchange->tried.resize(servers_.size());
  Exchange& placed = *exchange;
  exchanges_.emplace(ticket, std::move(exchange));
  ++asked_;
  start(placed);
  return ticket;
}

void Client::cancel(Ticket ticket) {
  const auto found = exchanges_.find(ticket);
  if (found == exchanges_.end()) {
    return;
  }
  leave_lane(*found->second);
  --asked_;
  exchanges_.erase(found);  // its ticket stays in waiting_; serve_waiting() skips it
  serve_waiting();
}

/// Picks from the servers not tried yet: the live one with the lowest priority number, among equals the one
/// with the fewest requests for its weight. If none is live, the one whose dead time ends first: it may be
/// back.
Client::Server* Client::choose(const Exchange& exchange) {
  Server* best = nullptr;
  const auto better = [](const Server& a, const Server& b) {
    if (a.alive != b.alive) {
      return a.alive;
    }
    if (!a.alive) {
      return a.dead_until < b.dead_until;
    }
    if (a.settings.priority != b.settings.priority) {
      return a.settings.priority < b.settings.priority;
    }
    return a.counts.in_flight * b.settings.weight < b.counts.in_flight * a.settings.weight;
  };
  for (const auto& server : servers_) {
    if (server->serves(service_of(exchange.code)) && !exchange.tried[server->index] &&
        (best == nullptr || better(*server, *best))) {
      best = server.get();
    }
  }
  return best;
}

/// If nothing can be sent, the timer reports it: `done` is never called from within request().
void Client::start(Exchange& exchange) {
  Server* server = choose(exchange);
  if (server == nullptr) {
    exchange.timer.arm(Duration{0});
    return;
  }
  if (!place(exchange, *server)) {
    if (waiting_.size() < settings_.max_waiting) {
      waiting_.push_back(exchange.ticket);
    } else {
      exchange.refusal = "too many RADIUS requests wait for an answer";
      exchange.timer.arm(Duration{0});
    }
  }
}

/// Takes an identifier, composes and sends. False: all identifiers are in use.
bool Client::place(Exchange& exchange, Server& server) {
  const Service service = service_of(exchange.code);
  std::vector<Lane>& lanes = server.lanes(service);
  std::uint32_t& at = server.next_lane[static_cast<std::size_t>(service)];
  for (std::uint32_t n = 0; n < lanes.size(); ++n) {
    at = (at + 1) % static_cast<std::uint32_t>(lanes.size());
    Lane& lane = lanes[at];
    if (lane.used == kIdentifiers) {
      continue;
    }
    while (lane.exchanges[lane.next] != nullptr) {
      ++lane.next;
    }
    exchange.identifier =
        lane.next++;  // round robin: an identifier rests as long as possible before its reuse
    lane.exchanges[exchange.identifier] = &exchange;
    ++lane.used;
    exchange.server = &server;
    exchange.lane = at;
    exchange.tries = 0;
    exchange.tried[server.index] = true;
    ++server.counts.in_flight;
    entropy_.fill(exchange.authenticator);
    RequestWriter writer(exchange.code, exchange.identifier, exchange.authenticator);
    if (service == Service::kAuthentication) {
      writer.begin_signed();
    }
    const Bytes secret = server.settings.secret.bytes();
    exchange.compose(writer, secret);
    if (!writer.good()) {
      log_.event(Severity::kError, "radius_request_too_long", {{"server", server.settings.name}});
    }
    exchange.packet = std::move(writer).finish(secret);
    std::copy_n(exchange.packet.begin() + 4, exchange.authenticator.size(), exchange.authenticator.begin());
    transmit(exchange);
    return true;
  }
  return false;
}

void Client::transmit(Exchange& exchange) {
  Server& server = *exchange.server;
  ++(exchange.tries == 0 ? server.counts.sent : server.counts.repeated);
  ++exchange.tries;
  exchange.sent = wheel_.now();
  exchange.timer.arm(settings_.timeout);
  static_cast<void>(transport_.send(server.index, service_of(exchange.code), exchange.lane, exchange.packet));
}

void Client::on_timeout(Exchange& exchange) {
  if (exchange.server == nullptr) {  // never sent: no server, or no room
    finish(exchange, std::unexpected(std::string(exchange.refusal)));
  } else if (exchange.tries < settings_.tries) {
    transmit(exchange);
  } else {
    give_up_server(exchange);
  }
}

void Client::give_up_server(Exchange& exchange) {
  Server& server = *exchange.server;
  ++server.counts.timeouts;
  ++server.fails;
  leave_lane(exchange);
  if (server.alive && server.fails >= settings_.max_fail) {
    server.alive = false;
    server.dead_until = wheel_.now() + settings_.dead_time;
    log_.event(Severity::kWarning, "radius_server_dead",
               {{"server", server.settings.name}, {"unanswered", std::to_string(server.fails)}});
    on_dead(server);
  }
  if (!exchange.done || choose(exchange) == nullptr) {
    const std::string name = server.settings.name;
    finish(exchange, std::unexpected("RADIUS server " + name + " does not answer"));
    return;
  }
  start(exchange);
}

void Client::leave_lane(Exchange& exchange) {
  if (exchange.server == nullptr) {
    return;
  }
  Lane& lane = exchange.server->lanes(service_of(exchange.code))[exchange.lane];
  lane.exchanges[exchange.identifier] = nullptr;
  --lane.used;
  --exchange.server->counts.in_flight;
  exchange.server = nullptr;
  exchange.timer.cancel();
}

/// The exchange is removed before `done` is called, because `done` may make more requests.
void Client::finish(Exchange& exchange, const std::expected<Reply, std::string>& reply) {
  const auto node = exchanges_.extract(exchange.ticket);
  leave_lane(exchange);
  if (exchange.done) {
    --asked_;
    exchange.done(reply);
  }
  serve_waiting();
}

void Client::serve_waiting() {
  while (!waiting_.empty()) {
    const auto found = exchanges_.find(waiting_.front());
    if (found == exchanges_.end()) {
      waiting_.pop_front();  // cancelled
      continue;
    }
    Server* server = choose(*found->second);
    if (server == nullptr) {
      found->second->timer.arm(Duration{0});
    } else if (!place(*found->second, *server)) {
      return;
    }
    waiting_.pop_front();
  }
}

void Client::on_datagram(std::size_t index, Service service, std::uint32_t lane, Bytes datagram) {
  Server& server = *servers_[index];
  if (datagram.size() < kHeaderSize) {
    ++server.counts.refused;
    return;
  }
  Exchange* exchange = server.lanes(service)[lane].exchanges[claimed_identifier(datagram)];
  if (exchange == nullptr) {
    ++server.counts.unmatched;
    return;
  }
  const Bytes secret = server.settings.secret.bytes();
  const bool must_sign = service == Service::kAuthentication && server.settings.must_sign;
  const auto packet = read_reply(datagram, exchange->authenticator, secret, must_sign);
  if (!packet) {
    ++server.counts.refused;
    log_.event(Severity::kWarning, "radius_reply_refused",
               {{"server", server.settings.name}, {"why", std::string(to_text(packet.error()))}});
    return;  // the genuine reply may still come
  }
  ++server.counts.answered;
  if (exchange->tries == 1) {  // Karn: after a retransmission it is unknown which one was answered
    server.times.add(wheel_.now() - exchange->sent);
  }
  server.fails = 0;
  if (!server.alive) {
    server.alive = true;
    server.revive.cancel();
    log_.event(Severity::kInfo, "radius_server_alive", {{"server", server.settings.name}});
  }
  const Authenticator authenticator = exchange->authenticator;
  finish(*exchange, Reply{*packet, authenticator, secret, server.settings.name});
}

/// Probes a dead server with Status-Server (RFC 5997), so that no login depends on it. After dead_time the
/// server is used again in any case, because it may not support Status-Server.
void Client::on_dead(Server& server) {
  if (server.alive) {
    return;
  }
  if (wheel_.now() >= server.dead_until) {
    server.alive = true;
    server.fails = settings_.max_fail - 1;  // dead again after one more unanswered request
    return;
  }
  probe(server);
  server.revive.arm(std::max(settings_.dead_time / 6, settings_.timeout));
}

void Client::probe(Server& server) {
  if (!server.serves(Service::kAuthentication)) {
    return;
  }
  const Ticket ticket = next_ticket_++;
  auto exchange =
      std::make_unique<Exchange>(*this, ticket, Code::kStatusServer, [](RequestWriter&, Bytes) {}, Done());
  exchange->tried.assign(servers_.size(), true);
  if (place(*exchange, server)) {
    exchange->tries = settings_.tries;  // no retransmission
    exchanges_.emplace(ticket, std::move(exchange));
  }
}

std::vector<ServerStatus> Client::status() const {
  std::vector<ServerStatus> all;
  for (const auto& server : servers_) {
    ServerStatus status = server->counts;
    status.name = server->settings.name;
    status.address = server->settings.address;
    status.alive = server->alive;
    status.p50 = server->times.percentile(50);
    status.p99 = server->times.percentile(99);
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace adit::control::radius
