// SPDX-License-Identifier: Apache-2.0
// One subscriber's PPP link: LCP, authentication, CCP, IPCP and IPv6CP. The only place that knows their order (RFC
// 1661 §3.2 phases; MPPE before IP). Sans-I/O: frames and timers in, SessionHost calls out.
// Thread: control. Owner: the PPTP call it belongs to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/entropy.hpp"
#include "controlplane/base/event_log.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ipv6/ipv6_counters.hpp"
#include "controlplane/ppp/data_path.hpp"
#include "controlplane/ppp/session_details.hpp"

namespace adit::control {

/// What a session needs from its call besides the data path, and from the concentrator.
class SessionHost : public PppDataPath {
 public:
  /// The peer can no longer read our stateful MPPE: see contract::FlushMppe.
  virtual void flush_mppe(bool repeated) = 0;

  /// IP packets of the subscriber's that have been forwarded; none: not known.
  [[nodiscard]] virtual std::optional<std::uint64_t> packets_received() const { return std::nullopt; }
  /// Those of them that are IPv6; none: not known.
  [[nodiscard]] virtual std::optional<std::uint64_t> ipv6_packets_received() const { return std::nullopt; }

  /// As NetworkLink::port_mtu().
  [[nodiscard]] virtual std::optional<std::uint16_t> port_mtu() const { return std::nullopt; }

  /// LCP reached Opened (time for Set-Link-Info).
  virtual void lcp_opened() = 0;

  /// See AuthenticatorHost.
  virtual void eap_ended(std::uint8_t /*rounds*/) {}

  struct NoAddress {
    EndReason reason = EndReason::kPoolEmpty;
    std::string why;
  };
  /// A subscriber address: `fixed` if the user has one, else one from `pool`.
  [[nodiscard]] virtual std::expected<wire::Ipv4Address, NoAddress> lease_address(
      std::optional<wire::Ipv4Address> fixed, std::string_view pool) = 0;

  /// The subscriber does without the one that it has leased; it may lease another. disable_ip() comes before.
  virtual void return_address() {}

  /// From the subscriber's own terms or its pools, for the rest of the session; the same each time.
  [[nodiscard]] virtual std::expected<wire::Ipv6Prefix, NoAddress> lease_ipv6(Ipv6Use /*use*/) {
    return std::unexpected(NoAddress{EndReason::kPoolUnknown, "there is no IPv6"});
  }
  /// Packets of `room` octets reach the peer: too small for IPv6, which the session does without. May be said again.
  virtual void too_small_for_ipv6(std::uint16_t /*room*/) {}
  /// A Router Advertisement may be sent now; false: too many have been, ask again a little later.
  [[nodiscard]] virtual bool may_advertise() { return true; }
  /// Of all sessions.
  [[nodiscard]] virtual Ipv6Counters& ipv6_counters() = 0;

  /// The link has ended; the host destroys the session after this returns (never from inside one of its
  /// calls). Once.
  virtual void session_ended(EndReason reason) = 0;
};

/// A session's status for `adit show sessions` and the log.
struct SessionStatus {
  enum class Phase : std::uint8_t { kEstablish, kAuthenticate, kNetwork, kUp, kTerminate };
  Phase phase = Phase::kEstablish;
  std::string user;                       ///< empty until authenticated; untrusted octets
  std::string claimed;                    ///< by the last login, whatever came of it; untrusted octets
  std::string_view auth_method = "none";  ///< "mschap-v2", "mschap-v1", "chap-md5", "pap", "eap-tls"
  wire::Ipv4Address address;              ///< none before IPCP has one, or when the session does without IPv4
  std::optional<Ipv6Binding> ipv6;        ///< none: IPv6CP is not up
  std::string mppe = "none";  ///< the mode, both directions: "128", "40-stateful"; CcpEndpoint::describe()
  std::string compression = "none";  ///< CcpEndpoint::describe_compression()
  std::uint16_t peer_mru = 1500;
  std::optional<Instant> up_since;
  std::string_view tried_method = "none";  ///< what LCP last agreed on, authenticated or not
  EndReason ending = EndReason::kNone;     ///< why it is ending, if it is
  std::string why;                         ///< the cause in words; may quote untrusted octets
  bool hangs_up = false;  ///< the peer seems to have terminated LCP; whether it was the peer is being asked
};

struct CarriedSession;

class Session {
 public:
  /// The addresses and `session_id` go into every AuthRequest. All references outlive the session.
  Session(const Settings& settings, TimerWheel& wheel, Entropy& entropy, EventLog& log, AuthBackend& auth,
          SessionHost& host, wire::Ipv4Address peer_address, wire::Ipv4Address local_address,
          std::string session_id);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// The call is installed: starts LCP (active open).
  void start();
  /// For a process that goes on with the session; none: it has never been up, or is ending.
  [[nodiscard]] std::optional<CarriedSession> carried() const;
  /// Instead of start(): goes on. The host has what the session had, and is told of nothing again.
  void adopt(const CarriedSession& from);
  /// One PPP control frame from the peer: 2-octet protocol, then the packet (see contract::PppFrameIn).
  void on_frame(std::span<const std::uint8_t> frame);
  /// The worker can no longer read the peer's stateful MPPE: CCP asks the peer for a flush.
  void on_mppe_out_of_step();
  /// The worker could read nothing of what the peer encrypts for a long time: LCP begins anew, which makes new
  /// keys; and when that does not help, the session ends.
  void on_mppe_desynchronised();
  /// Orderly end: LCP Terminate-Request, wait for its Ack within the restart counter, then
  /// session_ended(reason). `why`: the cause in words.
  void terminate(EndReason reason, std::string why);
  [[nodiscard]] SessionStatus status() const;
  [[nodiscard]] SessionDetails details() const;

  /// Octets of one session's state; the authenticator and held frames not included.
  [[nodiscard]] static std::size_t state_octets();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace adit::control
