// SPDX-License-Identifier: Apache-2.0
// A RADIUS client (RFC 2865 §2, RFC 5080) without socket or clock: requests and received datagrams in,
// datagrams and replies out. Each port of a server has a few lanes (sockets) of 256 identifiers. A
// retransmission keeps identifier and authenticator. Servers are chosen by priority, then by weight; a port that
// does not answer is only probed for a while. The two services share nothing: not lanes, nor queues, nor what is
// thought of a server, so that records which nobody takes hold up no login.
// Everything is O(1) in the number of requests, and O(servers) when one is chosen.
// Thread: control. Owner: the runtime.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/base/entropy.hpp"
#include "controlplane/base/event_log.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/settings.hpp"

namespace adit::control::radius {

/// Which of a server's two ports.
enum class Service : std::uint8_t { kAuthentication, kAccounting };

class Transport {
 public:
  virtual ~Transport() = default;
  /// Sends from the lane's own socket to the server's port. False: refused by the system; the packet counts
  /// as lost.
  virtual bool send(std::size_t server, Service service, std::uint32_t lane, Bytes datagram) = 0;
};

struct ServerStatus {
  std::string name;
  wire::Ipv4Address address;
  bool alive = true;  ///< each of its ports in use answers
  std::uint64_t in_flight = 0;
  std::uint64_t sent = 0, repeated = 0, answered = 0;
  std::uint64_t timeouts = 0;   ///< requests given up
  std::uint64_t refused = 0;    ///< replies that were malformed or not authentic
  std::uint64_t unmatched = 0;  ///< replies to no pending request: late, or forged
  Duration p50{0}, p99{0};      ///< round trip
};

class Client {
 public:
  /// Writes a request's attributes; called again for each server, because hidden values depend on its secret.
  using Compose = std::function<void(RequestWriter& request, Bytes secret)>;
  /// The reply, or why there is none. `secret` and `request` decrypt hidden attributes. `done` may make more
  /// requests.
  struct Reply {
    const Packet& packet;
    const Authenticator& request;
    Bytes secret;
    const std::string& server;
  };
  struct NoReply {
    std::string why;
    bool unfit = false;  ///< the request was not sent, because something did not fit into it
  };
  using Done = std::function<void(const std::expected<Reply, NoReply>& reply)>;
  using Ticket = std::uint64_t;  ///< never 0

  Client(ClientSettings settings, TimerWheel& wheel, Entropy& entropy, EventLog& log, Transport& transport);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// `done` is called exactly once, later, unless cancelled.
  Ticket request(Code code, Compose compose, Done done);
  /// Its `done` will not be called. No effect if the request is over.
  void cancel(Ticket ticket);

  /// A datagram from the server's address and port (compared by the transport). Its content is untrusted.
  void on_datagram(std::size_t server, Service service, std::uint32_t lane, Bytes datagram);

  [[nodiscard]] std::vector<ServerStatus> status() const;
  /// Requests for which no identifier is free; at most ClientSettings::max_waiting of each service.
  [[nodiscard]] std::size_t waiting() const { return waiting_[0].size() + waiting_[1].size(); }
  /// No request is pending: destroying the client loses nothing but probes.
  [[nodiscard]] bool idle() const { return asked_ == 0; }
  [[nodiscard]] const ClientSettings& settings() const { return settings_; }

 private:
  struct Exchange;
  struct Port;
  struct Server;
  static constexpr std::size_t kIdentifiers = 256;

  /// One socket: its pending requests by identifier.
  struct Lane {
    std::array<Exchange*, kIdentifiers> exchanges{};
    std::uint8_t next = 0;
    std::uint32_t used = 0;
  };

  [[nodiscard]] std::deque<Ticket>& waiting(Service service) {
    return waiting_[static_cast<std::size_t>(service)];
  }
  [[nodiscard]] Port* choose(const Exchange& exchange);
  void start(Exchange& exchange);
  enum class Placed : std::uint8_t { kSent, kNoIdentifier, kUnfit };
  [[nodiscard]] Placed place(Exchange& exchange, Port& port);
  void transmit(Exchange& exchange);
  void on_timeout(Exchange& exchange);
  void give_up_port(Exchange& exchange);
  void leave_lane(Exchange& exchange);
  void finish(Exchange& exchange, const std::expected<Reply, NoReply>& reply);
  void serve_waiting(Service service);
  void on_dead(Port& port);
  void probe(Port& port);

  ClientSettings settings_;
  TimerWheel& wheel_;
  Entropy& entropy_;
  EventLog& log_;
  Transport& transport_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::unordered_map<Ticket, std::unique_ptr<Exchange>> exchanges_;
  std::array<std::deque<Ticket>, 2> waiting_;  // by service
  Ticket next_ticket_ = 1;
  std::size_t asked_ = 0;  // exchanges except probes
};

}  // namespace adit::control::radius
