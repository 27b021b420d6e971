// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/client.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/radius/round_trips.hpp"

namespace adit::control::radius {
namespace {

constexpr Service kServices[] = {Service::kAuthentication, Service::kAccounting};

std::string name_of(Service service) {
  return service == Service::kAuthentication ? "authentication" : "accounting";
}

Service service_of(Code code) {
  return code == Code::kAccountingRequest ? Service::kAccounting : Service::kAuthentication;
}

}  // namespace

/// One of a server's two ports: its sockets, and whether it answers. A server whose accounting is stuck, for
/// example in a database, may well answer logins.
struct Client::Port {
  Port(Client& client, Server& its_server, Service its_service, std::uint32_t lane_count)
      : owner(client),
        server(its_server),
        service(its_service),
        lanes(lane_count),
        revive(client.wheel_, &TimerCallback<&Port::on_revive>::fire, this) {}
  void on_revive() { owner.on_dead(*this); }

  Client& owner;
  Server& server;
  const Service service;
  std::vector<Lane> lanes;
  std::uint32_t next_lane = 0;
  std::uint64_t in_flight = 0;
  bool alive = true;
  std::uint32_t fails = 0;  // consecutive requests without any reply
  Instant dead_until{};
  Timer revive;
};

struct Client::Server {
  Server(Client& client, std::size_t its_index, const ServerSettings& its_settings, std::uint32_t lanes)
      : index(its_index),
        settings(its_settings),
        ports{Port{client, *this, Service::kAuthentication, lanes},
              Port{client, *this, Service::kAccounting, lanes}} {}
  [[nodiscard]] Port& port(Service service) { return ports[static_cast<std::size_t>(service)]; }
  [[nodiscard]] bool serves(Service service) const {
    return (service == Service::kAuthentication ? settings.auth_port : settings.acct_port) != 0;
  }

  std::size_t index;
  const ServerSettings& settings;
  std::array<Port, 2> ports;
  ServerStatus counts{};
  RoundTrips times;
};

struct Client::Exchange {
  Exchange(Client& client, Ticket its_ticket, Service its_service, Code its_code, Compose its_compose,
           Done its_done)
      : owner(client),
        ticket(its_ticket),
        service(its_service),
        code(its_code),
        compose(std::move(its_compose)),
        done(std::move(its_done)),
        timer(client.wheel_, &TimerCallback<&Exchange::on_timer>::fire, this) {}
  void on_timer() { owner.on_timeout(*this); }

  Client& owner;
  const Ticket ticket;
  const Service service;
  const Code code;
  Compose compose;
  Done done;                // none: this is a probe
  std::vector<bool> tried;  // by server
  Port* port = nullptr;     // nullptr: not sent
  std::uint32_t lane = 0;
  std::uint8_t identifier = 0;
  std::uint32_t tries = 0;
  NoReply refusal{"no RADIUS server is configured for this"};  // if it is never sent
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
  auto exchange =
      std::make_unique<Exchange>(*this, ticket, service_of(code), code, std::move(compose), std::move(done));
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
  const Service service = found->second->service;
  leave_lane(*found->second);
  --asked_;
  exchanges_.erase(found);  // its ticket stays in waiting_; serve_waiting() skips it
  serve_waiting(service);
}

/// Picks from the servers not tried yet: the live one with the lowest priority number, among equals the one
/// with the fewest requests for its weight. If none is live, the one whose dead time ends first: it may be
/// back.
Client::Port* Client::choose(const Exchange& exchange) {
  Port* best = nullptr;
  const auto better = [](const Port& a, const Port& b) {
    if (a.alive != b.alive) {
      return a.alive;
    }
    if (!a.alive) {
      return a.dead_until < b.dead_until;
    }
    const ServerSettings& of_a = a.server.settings;
    const ServerSettings& of_b = b.server.settings;
    if (of_a.priority != of_b.priority) {
      return of_a.priority < of_b.priority;
    }
    return a.in_flight * of_b.weight < b.in_flight * of_a.weight;
  };
  for (const auto& server : servers_) {
    Port& port = server->port(exchange.service);
    if (server->serves(exchange.service) && !exchange.tried[server->index] &&
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
    exchange.timer.arm(Duration{0});
    return;
  }
  const Placed placed = place(exchange, *port);
  if (placed == Placed::kSent) {
    return;
  }
  std::deque<Ticket>& queue = waiting(exchange.service);
  if (placed == Placed::kNoIdentifier && queue.size() < settings_.max_waiting) {
    queue.push_back(exchange.ticket);
    return;
  }
  if (placed == Placed::kNoIdentifier) {
    exchange.refusal.why = "too many RADIUS requests wait for an answer";
  }
  exchange.timer.arm(Duration{0});
}

/// Composes, takes an identifier and sends. A request that is not whole is never sent, RFC 2865 §5.
Client::Placed Client::place(Exchange& exchange, Port& port) {
  Server& server = port.server;
  std::uint32_t& at = port.next_lane;
  for (std::uint32_t n = 0; n < port.lanes.size(); ++n) {
    at = (at + 1) % static_cast<std::uint32_t>(port.lanes.size());
    Lane& lane = port.lanes[at];
    if (lane.used == kIdentifiers) {
      continue;
    }
    while (lane.exchanges[lane.next] != nullptr) {
      ++lane.next;
    }
    exchange.identifier =
        lane.next++;  // round robin: an identifier rests as long as possible before its reuse
    entropy_.fill(exchange.authenticator);
    RequestWriter writer(exchange.code, exchange.identifier, exchange.authenticator);
    if (exchange.code != Code::kAccountingRequest) {
      writer.begin_signed();
    }
    const Bytes secret = server.settings.secret.bytes();
    exchange.compose(writer, secret);
    auto packet = std::move(writer).finish(secret);
    if (!packet) {
      exchange.refusal = {std::move(packet.error()), true};
      return Placed::kUnfit;
    }
    lane.exchanges[exchange.identifier] = &exchange;
    ++lane.used;
    exchange.port = &port;
    exchange.lane = at;
    exchange.tries = 0;
    exchange.tried[server.index] = true;
    ++port.in_flight;
    exchange.packet = std::move(*packet);
    std::copy_n(exchange.packet.begin() + 4, exchange.authenticator.size(), exchange.authenticator.begin());
    transmit(exchange);
    return Placed::kSent;
  }
  return Placed::kNoIdentifier;
}

void Client::transmit(Exchange& exchange) {
  Server& server = exchange.port->server;
  ++(exchange.tries == 0 ? server.counts.sent : server.counts.repeated);
  ++exchange.tries;
  exchange.sent = wheel_.now();
  exchange.timer.arm(settings_.timeout);
  static_cast<void>(transport_.send(server.index, exchange.service, exchange.lane, exchange.packet));
}

void Client::on_timeout(Exchange& exchange) {
  if (exchange.port == nullptr) {
    finish(exchange, std::unexpected(exchange.refusal));
  } else if (exchange.tries < settings_.tries) {
    transmit(exchange);
  } else {
    give_up_port(exchange);
  }
}

void Client::give_up_port(Exchange& exchange) {
  Port& port = *exchange.port;
  Server& server = port.server;
  const Service service = exchange.service;
  ++server.counts.timeouts;
  ++port.fails;
  leave_lane(exchange);
  if (port.alive && port.fails >= settings_.max_fail) {
    port.alive = false;
    port.dead_until = wheel_.now() + settings_.dead_time;
    log_.event(Severity::kWarning, "radius_server_dead",
               {{"server", server.settings.name},
                {"service", name_of(port.service)},
                {"unanswered", std::to_string(port.fails)}});
    on_dead(port);
  }
  if (!exchange.done || choose(exchange) == nullptr) {
    const std::string name = server.settings.name;
    finish(exchange, std::unexpected(NoReply{"RADIUS server " + name + " does not answer"}));
    return;
  }
  start(exchange);
  serve_waiting(service);  // its identifier at this port is free
}

void Client::leave_lane(Exchange& exchange) {
  if (exchange.port == nullptr) {
    return;
  }
  Lane& lane = exchange.port->lanes[exchange.lane];
  lane.exchanges[exchange.identifier] = nullptr;
  --lane.used;
  --exchange.port->in_flight;
  exchange.port = nullptr;
  exchange.timer.cancel();
}

/// The exchange is removed before `done` is called, because `done` may make more requests.
void Client::finish(Exchange& exchange, const std::expected<Reply, NoReply>& reply) {
  const auto node = exchanges_.extract(exchange.ticket);
  leave_lane(exchange);
  if (exchange.done) {
    --asked_;
    exchange.done(reply);
  }
  serve_waiting(exchange.service);
}

void Client::serve_waiting(Service service) {
  std::deque<Ticket>& queue = waiting(service);
  while (!queue.empty()) {
    const auto found = exchanges_.find(queue.front());
    if (found == exchanges_.end()) {
      queue.pop_front();  // cancelled
      continue;
    }
    Port* port = choose(*found->second);
    const Placed placed = port == nullptr ? Placed::kUnfit : place(*found->second, *port);
    if (placed == Placed::kNoIdentifier) {
      return;
    }
    if (placed == Placed::kUnfit) {
      found->second->timer.arm(Duration{0});
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
  Exchange* exchange = port.lanes[lane].exchanges[claimed_identifier(datagram)];
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
  port.fails = 0;
  if (!port.alive) {
    port.alive = true;
    port.revive.cancel();
    log_.event(Severity::kInfo, "radius_server_alive",
               {{"server", server.settings.name}, {"service", name_of(service)}});
  }
  const Authenticator authenticator = exchange->authenticator;
  finish(*exchange, Reply{*packet, authenticator, secret, server.settings.name});
}

/// Probes a dead port with Status-Server (RFC 5997 §3: either port has it), so that no login depends on it.
/// After dead_time the port is used again in any case, because it may not support Status-Server.
void Client::on_dead(Port& port) {
  if (port.alive) {
    return;
  }
  if (wheel_.now() >= port.dead_until) {
    port.alive = true;
    port.fails = settings_.max_fail - 1;  // dead again after one more unanswered request
    return;
  }
  probe(port);
  port.revive.arm(std::max(settings_.dead_time / 6, settings_.timeout));
}

void Client::probe(Port& port) {
  const Ticket ticket = next_ticket_++;
  auto exchange = std::make_unique<Exchange>(
      *this, ticket, port.service, Code::kStatusServer, [](RequestWriter&, Bytes) {}, Done());
  exchange->tried.assign(servers_.size(), true);
  if (place(*exchange, port) == Placed::kSent) {
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
    for (const Service service : kServices) {
      const Port& port = server->port(service);
      status.alive &= port.alive;
      status.in_flight += port.in_flight;
    }
    status.p50 = server->times.percentile(50);
    status.p99 = server->times.percentile(99);
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace adit::control::radius
