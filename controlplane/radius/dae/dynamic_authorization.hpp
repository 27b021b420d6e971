// SPDX-License-Identifier: Apache-2.0
// RFC 5176's server: Disconnect- and CoA-Requests in, their answers out; no socket. In this order a request passes source,
// authenticity, repetition, date, permission; then the session is found and the whole request read; then it acts.
// What is not authentic, or too old or too new, gets no answer at all. A repeated request gets the first one's answer again
// and has no other effect, so that a captured request is worth nothing.
// Everything is O(1) in the number of calls. Thread: control. Owner: the runtime.
#pragma once

#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <unordered_map>
#include <vector>

#include "controlplane/base/event_log.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/base/unix_clock.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/radius/dae/refusal.hpp"
#include "controlplane/radius/packet.hpp"
#include "controlplane/radius/rates.hpp"
#include "controlplane/radius/settings.hpp"

namespace adit::control::radius {

struct DaeClientStatus {
  std::string name;
  wire::Ipv4Address address;
  std::uint64_t disconnects = 0, changes = 0;  ///< done
  std::uint64_t refused = 0;                   ///< answered by a NAK
  std::uint64_t repeated = 0;                  ///< answered as before
  std::uint64_t stale = 0;                     ///< without a timestamp, or outside the window: no answer
  std::uint64_t forged = 0;                    ///< not authentic, or malformed: no answer
};

class DynamicAuthorization {
 public:
  DynamicAuthorization(DaeSettings settings, NasSettings nas, std::vector<RateMapping> rates,
                       const TimerWheel& wheel, UnixClock clock, EventLog& log, Concentrator& concentrator);

  /// The clients and rate attributes from now on. Counters of clients that stay are kept.
  void use(DaeSettings settings, std::vector<RateMapping> rates);

  /// The answer to a datagram, for whoever sent it; empty: none. The datagram may hold anything.
  [[nodiscard]] std::vector<std::uint8_t> on_datagram(wire::Ipv4Address source, Bytes datagram);

  [[nodiscard]] std::vector<DaeClientStatus> status() const;
  /// Datagrams from addresses that belong to no client.
  [[nodiscard]] std::uint64_t strangers() const { return strangers_; }

  /// How many answers are remembered; requests beyond it are refused (Error-Cause 506).
  static constexpr std::size_t kMaxRemembered = 262'144;

 private:
  struct Client {
    DaeClientSettings settings;
    DaeClientStatus status;
  };
  struct Remembered {
    Instant until;
    std::string key;
  };
  /// The Error-Cause of an ACK, if any; or the NAK.
  using Acted = std::expected<std::optional<ErrorCause>, Refusal>;

  [[nodiscard]] bool is_of_now(const Packet& request, Client& client);
  [[nodiscard]] Acted act(const Packet& request, Client& client);
  [[nodiscard]] Acted disconnect(const Packet& request, Client& client);
  [[nodiscard]] Acted change(const Packet& request, Client& client);
  [[nodiscard]] std::vector<std::uint8_t> answer(const Packet& request, Client& client, const Acted& acted);
  void forget_old();

  DaeSettings settings_;
  const NasSettings nas_;
  std::vector<RateMapping> rates_;
  const TimerWheel& wheel_;
  UnixClock clock_;
  EventLog& log_;
  Concentrator& concentrator_;
  std::unordered_map<wire::Ipv4Address, Client> clients_;
  std::uint64_t strangers_ = 0;
  std::unordered_map<std::string, std::vector<std::uint8_t>> answers_;  // by source and authenticator
  std::deque<Remembered> remembered_;                                   // oldest first
};

}  // namespace adit::control::radius
