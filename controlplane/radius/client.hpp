// SPDX-License-Identifier: Apache-2.0
// A RADIUS client (RFC 2865 §2, RFC 5080) without socket or clock: requests and received datagrams in,
// datagrams and replies out. Each port of a server has a few lanes (sockets) of 256 identifiers. A
// retransmission keeps identifier and authenticator. Servers are chosen by priority, then by weight. The two services
// share nothing: not lanes, nor queues, nor what is thought of a server, so that records which nobody takes hold up no
// login.
// A port that has had its `tries` is overdue: the next server is asked, and its answer still counts if it comes. It is
// silent if none has come within `patience`; after max_fail silent ones it is dead. Nobody waits for a dead port while
// there is somebody else, another server or, without last_resort, another back end: if all are dead there is no answer
// at once. What is overdue or dead is probed beside, with Status-Server (RFC 5997) and, as servers need not know that,
// with copies of logins.
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
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "controlplane/base/entropy.hpp"
#include "controlplane/base/event_log.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/round_trip_bounds.hpp"
#include "controlplane/radius/settings.hpp"
#include "dataplane/contract/histogram.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control::radius {

/// Which of a server's two ports.
enum class Service : std::uint8_t { kAuthentication, kAccounting };
inline constexpr std::size_t kServiceCount = 2;

class Transport {
 public:
  virtual ~Transport() = default;
  /// Sends from the lane's own socket to the server's port. False: refused by the system; the packet counts
  /// as lost.
  virtual bool send(std::size_t server, Service service, std::uint32_t lane, Bytes datagram) = 0;
};

/// Replies that are counted by their kind.
inline constexpr std::array<std::pair<Code, std::string_view>, 4> kReplyKinds{
    {{Code::kAccessAccept, "accept"},
     {Code::kAccessReject, "reject"},
     {Code::kAccessChallenge, "challenge"},
     {Code::kAccountingResponse, "acct_response"}}};

/// What is known of a server, or of one of its ports.
enum class Health : std::uint8_t {
  kUntried,  ///< it has never answered, nor has it had the time
  kAlive,    ///< the last thing known is an answer
  kOverdue,  ///< a request has had its tries without an answer
  kDead,     ///< max_fail of them were silent
};

[[nodiscard]] std::string_view to_text(Health health);

struct ServerStatus {
  std::string name;
  wire::Ipv4Address address;
  Health health = Health::kUntried;  ///< the worst of its ports; kUntried only if no port is anything else
  std::uint64_t in_flight = 0;
  std::uint64_t sent = 0, repeated = 0, answered = 0;
  std::array<std::uint64_t, kServiceCount> requests{};      ///< those sent, by Service
  std::array<std::uint64_t, kReplyKinds.size()> replies{};  ///< those answered, as kReplyKinds
  std::uint64_t timeouts = 0;                               ///< requests given up
  std::uint64_t late = 0;       ///< answers that came when the verdict had been given
  std::uint64_t refused = 0;    ///< replies that were malformed or not authentic
  std::uint64_t unmatched = 0;  ///< replies to no pending request: late, or forged
  /// By Service. Without those that were repeated: it is unknown which one was answered.
  std::array<contract::HistogramValues, kServiceCount> round_trips{};
  Duration p50{0}, p99{0};  ///< of both
};

/// What a login is beside its attributes; a record is nothing of this.
struct LoginTerms {
  std::optional<Duration> within{};  ///< its sender waits no longer
  wire::Ipv4Address peer{};          ///< who dials, so that no stranger's silences count for those of many
  bool trial = false;                ///< an operator's: a dead server is asked as well, if no other is left
  bool changes_password = false;     ///< a copy of it, which is to probe a server, would do so there first
  bool eap = false;  ///< RFC 3579 §3.1: no reply without Message-Authenticator, whatever the server's setting
  std::string server{};  ///< the only one that can go on with what it has begun; empty: any
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

  /// `done` is called exactly once, later, unless cancelled: an Access-Request's after longest_wait(settings) at most,
  /// and at the next tick if every server is dead and logins do not go to dead ones (neither last_resort nor a trial).
  Ticket request(Code code, Compose compose, Done done, LoginTerms terms = {});
  /// Its `done` will not be called. No effect if the request is over.
  void cancel(Ticket ticket);

  /// A datagram from the server's address and port (compared by the transport). Its content is untrusted.
  void on_datagram(std::size_t server, Service service, std::uint32_t lane, Bytes datagram);

  /// What `before` counted and thought of servers that are the same here (address, ports, secret, name), and looks after
  /// those that are silent. Answers that `before` still waits for count there. Before the first request.
  void inherit(const Client& before);

  [[nodiscard]] std::vector<ServerStatus> status() const;
  /// Requests for which no identifier is free; at most ClientSettings::max_waiting of each service.
  [[nodiscard]] std::size_t waiting() const { return waiting_[0].size() + waiting_[1].size(); }
  /// No request is pending: destroying the client loses nothing but probes.
  [[nodiscard]] bool idle() const { return asked_ == 0; }
  [[nodiscard]] const ClientSettings& settings() const { return settings_; }

 private:
  struct Exchange;
  struct Sending;
  struct Port;
  struct Server;
  static constexpr std::size_t kIdentifiers = 256;

  /// One socket: what was sent from it, by identifier.
  struct Lane {
    std::array<Sending*, kIdentifiers> sendings{};
    std::uint8_t next = 0;
    std::uint32_t used = 0;
  };

  [[nodiscard]] std::deque<Ticket>& waiting(Service service) {
    return waiting_[static_cast<std::size_t>(service)];
  }
  // client.cpp: requests.
  [[nodiscard]] Port* choose(const Exchange& exchange);
  void start(Exchange& exchange);
  enum class Placed : std::uint8_t { kSent, kNoIdentifier, kUnfit };
  [[nodiscard]] Placed place(Exchange& exchange, Port& port);
  void transmit(Sending& sending);
  void on_sending_timer(Sending& sending);
  void on_exchange_timer(Exchange& exchange);
  void refuse_unsent(Exchange& exchange);
  void go_on(Exchange& exchange);
  Done abandon(Exchange& exchange);
  void linger(Sending& sending);
  void forget(Sending& sending);
  void finish(Exchange& exchange, const std::expected<Reply, NoReply>& reply);
  void serve_waiting(Service service);
  // client_health.cpp: what is thought of the servers.
  [[nodiscard]] Duration timeout_of(Service service) const;
  [[nodiscard]] Duration patience_of(Service service) const;
  void note_overdue(const Sending& sending);
  void note_silence(const Sending& sending);
  void note_answer(const Sending& sending);
  void note_status(Port& port);
  void note_alive(Port& port);
  void look_after(Port& port);
  void probe(Port& port, Code code, const Compose& compose, LoginTerms terms = {});
  void copy_to_lost_ports(const Exchange& exchange);

  ClientSettings settings_;
  TimerWheel& wheel_;
  Entropy& entropy_;
  EventLog& log_;
  Transport& transport_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::unordered_map<Ticket, std::unique_ptr<Exchange>> exchanges_;
  std::array<std::deque<Ticket>, 2> waiting_;  // by service
  Ticket next_ticket_ = 1;
  std::size_t asked_ = 0;  // exchanges except probes and those that linger
};

}  // namespace adit::control::radius
