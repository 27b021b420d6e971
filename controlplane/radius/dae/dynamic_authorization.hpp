// SPDX-License-Identifier: Apache-2.0
// An RFC 5176 server: Disconnect- and CoA-Requests in, replies out; no socket. A request is checked for
// source, authenticity, repetition, date, permission, in this order; then the session is found and the whole
// request read; then it is carried out.
// A request that is not authentic, too old or too new gets no reply. A repeated request gets the first one's
// reply again and has no other effect, so that replaying a captured request gains nothing.
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
  std::uint64_t disconnects = 0, changes = 0;  ///< carried out
  std::uint64_t refused = 0;                   ///< answered with a NAK
  std::uint64_t repeated = 0;                  ///< answered as the first time
  std::uint64_t stale = 0;                     ///< without a timestamp, or outside the window: no reply
  std::uint64_t forged = 0;                    ///< not authentic, or malformed: no reply
};

class DynamicAuthorization {
 public:
  DynamicAuthorization(DaeSettings settings, NasSettings nas, std::vector<RateMapping> rates,
                       const TimerWheel& wheel, UnixClock clock, EventLog& log, Concentrator& concentrator);

  /// Replaces the clients and rate attributes. Counters of clients that stay are kept.
  void use(DaeSettings settings, std::vector<RateMapping> rates);

  /// The reply to a datagram, for its sender; empty: none. The datagram is untrusted.
  [[nodiscard]] std::vector<std::uint8_t> on_datagram(wire::Ipv4Address source, Bytes datagram);

  [[nodiscard]] std::vector<DaeClientStatus> status() const;
  /// Datagrams from addresses of no client.
  [[nodiscard]] std::uint64_t strangers() const { return strangers_; }

  /// How many replies are remembered; further requests are refused (Error-Cause 506).
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
  /// The Error-Cause of an ACK, if any; otherwise the NAK.
  using Acted = std::expected<std::optional<ErrorCause>, Refusal>;

  [[nodiscard]] std::string why_not_of_now(const Packet& request, bool must_date) const;
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
