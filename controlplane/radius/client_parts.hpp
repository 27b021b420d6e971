// SPDX-License-Identifier: Apache-2.0
// What radius::Client consists of; for client.cpp and client_health.cpp only.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/radius/client.hpp"

namespace adit::control::radius {

inline constexpr Service kServices[] = {Service::kAuthentication, Service::kAccounting};

inline std::string name_of(Service service) {
  return service == Service::kAuthentication ? "authentication" : "accounting";
}

/// One of a server's two ports: its sockets, and whether it answers. A server whose accounting is stuck, for
/// example in a database, may well answer logins.
struct Client::Port {
  Port(Client& client, Server& its_server, Service its_service, std::uint32_t lane_count)
      : owner(client),
        server(its_server),
        service(its_service),
        lanes(lane_count),
        look(client.wheel_, on_timer<&Port::on_look>, this) {}
  void on_look() { owner.look_after(*this); }

  Client& owner;
  Server& server;
  const Service service;
  std::vector<Lane> lanes;
  std::uint32_t next_lane = 0;
  std::uint64_t in_flight = 0;  // without probes
  Health health = Health::kUntried;
  std::uint32_t fails = 0;  // silent requests in a row
  Instant answered{};  // a request, not a Status-Server: the last time; health says whether there was one
  Instant overdue_since{};
  Instant dead_until{};
  /// Whether a login is copied to it: the next one, or the next one of another than silent_peer.
  enum class Copy : std::uint8_t { kNone, kOfAnother, kOfAnyone };
  Copy copy_due = Copy::kNone;
  std::optional<wire::Ipv4Address> silent_peer{};  // whose login was silent, the last one since an answer
  bool answers_status = false;                     // to the last Status-Server
  /// Whether an answer to Status-Server shows that logins are answered too. It has been taken for that once since the
  /// last answer to a login; the silence that followed shows a server whose back end is stuck.
  bool trusts_status = true;
  bool told_dead = false;  // and not yet that it is alive again
  std::optional<Instant> told_late{};
  Timer look;
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
  std::array<contract::Histogram<RoundTripBounds>, kServiceCount> times;  // by service
};

/// A request at one server, until it is answered or silent. It outlives the verdict on its request, so that what is
/// thought of a server does not depend on who was asked first.
struct Client::Sending {
  Sending(Exchange& its_exchange, Port& its_port)
      : exchange(its_exchange),
        port(its_port),
        timer(its_port.owner.wheel_, on_timer<&Sending::on_timeout>, this) {}
  void on_timeout() { port.owner.on_sending_timer(*this); }

  Exchange& exchange;
  Port& port;
  std::uint32_t lane = 0;
  std::uint8_t identifier = 0;
  std::uint32_t tries = 0;
  bool lingers = false;  // repeated no more; a late answer is still taken
  Authenticator authenticator{};
  std::vector<std::uint8_t> packet;
  Instant first{}, last{};  // sent
  Timer timer;
};

struct Client::Exchange {
  enum class Kind : std::uint8_t { kRequest, kProbe };
  Exchange(Client& client, Ticket its_ticket, Service its_service, Code its_code, Compose its_compose,
           Done its_done, LoginTerms its_terms, Kind its_kind = Kind::kRequest)
      : owner(client),
        ticket(its_ticket),
        service(its_service),
        code(its_code),
        terms(its_terms),
        kind(its_kind),
        compose(std::move(its_compose)),
        done(std::move(its_done)),
        timer(client.wheel_, on_timer<&Exchange::on_timeout>, this) {}
  void on_timeout() { owner.on_exchange_timer(*this); }

  Client& owner;
  const Ticket ticket;
  const Service service;
  const Code code;
  const LoginTerms terms;
  const Kind kind;
  Compose compose;
  Done done;                // none: nobody waits for it any more
  std::vector<bool> tried;  // by server
  NoReply refusal{"no RADIUS server is configured for this"};
  Instant ends{};                                  // logins only
  std::vector<std::unique_ptr<Sending>> sendings;  // at most one for each server, the last one last
  Timer timer;                                     // the end of it
};

}  // namespace adit::control::radius
