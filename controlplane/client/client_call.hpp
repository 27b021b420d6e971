// SPDX-License-Identifier: Apache-2.0
// One dial-up from the caller's side (the PNS): control connection, call and PPP link, behaving as its
// profile does.
// Sans-I/O: TCP octets, PPP frames and timers in; ClientCallHost calls out. The counterpart of PptpConnection
// and Session: it shares their mechanisms and has its own policies.
// Thread: control. Owner: adit-blast (or a simulation).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "controlplane/base/entropy.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/client/client_end.hpp"
#include "controlplane/client/client_settings.hpp"
#include "controlplane/ppp/data_path.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// What a client needs from the process. None of these may destroy the client before returning, except
/// client_ended, which the client calls last.
class ClientCallHost : public PppDataPath {
 public:
  /// One whole PPTP control message, to leave in one segment.
  virtual void send(std::span<const std::uint8_t> message) = 0;
  /// The control connection is no longer needed: FIN after what was sent. Nothing is sent afterwards.
  virtual void close() = 0;

  /// The reply to our request gave the server's ID: GRE may flow. Called before any send_ppp_frame.
  virtual void install_call(wire::LocalCallId local, wire::PeerCallId peer) = 0;

  /// IPCP is up, and so are encryption and IPv6CP if required: the dial has succeeded.
  virtual void client_up() = 0;
  /// IPv6CP is up, see ClientStatus for what was agreed; again after each renegotiation.
  virtual void client_ipv6_up() {}
  /// The call has ended, whether or not it was up. Once, always from the timer wheel; the host may destroy
  /// the client from here on. `detail`: untrusted octets, may be empty.
  virtual void client_ended(ClientEnd end, std::string_view detail) = 0;
};

struct ClientStatus {
  bool up = false;
  wire::Ipv4Address own;   ///< assigned by the server; none before that
  wire::Ipv4Address peer;  ///< the server's end of the link, from its IPCP; none if it gave none
  wire::Ipv4Address dns1;
  std::uint64_t interface_id = 0;       ///< our own, by IPv6CP; 0: none yet
  std::uint64_t peer_interface_id = 0;  ///< the server's; 0: it gave none
  Ipv6Binding ipv6{};                   ///< what this end has, while IPv6CP is up
  bool waits_for_ipv6 = false;          ///< some of what was asked for may still come
  std::uint32_t advertisements = 0;     ///< Router Advertisements received
  std::string_view auth_method = "none";
  bool encrypts_send = false;
  bool encrypts_receive = false;
  std::uint16_t peer_mru = 1500;
  std::uint32_t echoes_answered = 0;  ///< PPTP's and LCP's
};

class ClientCall {
 public:
  /// `id`: our call ID, unique among the calls of our address. All references outlive the client.
  ClientCall(const ClientSettings& settings, wire::LocalCallId id, TimerWheel& wheel, Entropy& entropy,
             ClientCallHost& host);
  ~ClientCall();
  ClientCall(const ClientCall&) = delete;
  ClientCall& operator=(const ClientCall&) = delete;

  /// Before start(): logs in as `user` instead of the settings' user.
  void log_in_as(std::string user);
  /// TCP is connected: sends SCCRQ and starts the set-up deadline.
  void start();
  void on_bytes(std::span<const std::uint8_t> octets);
  /// FIN or RST.
  void on_closed();
  /// One PPP control frame: 2-octet protocol, then the packet (as contract::PppFrameIn carries it).
  void on_frame(std::span<const std::uint8_t> frame);
  void on_mppe_desynchronised();

  /// Ends the call the way the profile does (LCP Terminate-Request, Call-Clear-Request, StopCCRQ; or just
  /// FIN), in bounded time; then client_ended(kHungUp).
  void hang_up();

  [[nodiscard]] ClientStatus status() const;
  /// Octets of one client's state.
  [[nodiscard]] static std::size_t state_octets();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace adit::control
