// SPDX-License-Identifier: Apache-2.0
// IPv6 on one PPP link after IPv6CP: Router Advertisements (RFC 4861) and DHCPv6 (RFC 8415). Neighbour solicitations and
// echo requests never get here: the worker answers them. Sans-I/O. Thread: control. Owner: the session.
#pragma once

#include "controlplane/ipv6/dhcpv6_server.hpp"
#include "controlplane/ipv6/ipv6_link_host.hpp"
#include "controlplane/ipv6/router_advertiser.hpp"

namespace adit::control {

class Ipv6Link {
 public:
  /// All references outlive the link; `counters` are shared by all links.
  Ipv6Link(const Ipv6Settings& settings, TimerWheel& wheel, Entropy& entropy, Ipv6Counters& counters,
           Ipv6LinkHost& host)
      : context_{settings, wheel, entropy, counters, host} {}
  Ipv6Link(const Ipv6Link&) = delete;
  Ipv6Link& operator=(const Ipv6Link&) = delete;

  /// IPv6CP has opened, and what the host sends from now on reaches the peer.
  void up(Ipv6LinkTerms terms);
  /// The same for a link that was up in another process: its hosts know us, and have what `terms.lease` says. Which client of
  /// DHCPv6 holds that is not known; the first that asks does.
  void resume(Ipv6LinkTerms terms);
  /// One whole IPv6 packet from the peer whose header the worker has checked, its source too.
  void on_packet(wire::Bytes packet);
  /// IPv6CP is about to leave Opened in good order: says farewell (RFC 4861 §6.2.5). Nothing is held any more. After a
  /// call that is gone already, destroying the link suffices.
  void down();

  [[nodiscard]] bool is_up() const { return up_; }
  /// What the subscriber holds of DHCPv6.
  [[nodiscard]] const Ipv6Lease& lease() const { return dhcpv6_.lease(); }

 private:
  Ipv6LinkContext context_;
  RouterAdvertiser advertiser_{context_};
  Dhcpv6Server dhcpv6_{context_};
  bool up_ = false;
};

}  // namespace adit::control
