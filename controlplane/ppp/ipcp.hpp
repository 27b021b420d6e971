// SPDX-License-Identifier: Apache-2.0
// IPCP, the concentrator's end: RFC 1332 addresses and RFC 1877 name servers. The peer gets its assigned
// address and no other; what is not configured is rejected, so that no peer asks for 0.0.0.0 for ever, and a peer that
// does not take its address is given up: its packets would be dropped.
// Thread: control. Owner: the session.
#pragma once

#include "controlplane/base/settings.hpp"
#include "controlplane/ppp/control_protocol.hpp"
#include "controlplane/ppp/session_details.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipcp.hpp"

namespace adit::control {

/// Events that either end of IPCP reports to its network phase.
class IpcpEvents {
 public:
  /// Before sending a packet after which the peer may consider IPCP open: our Configure-Ack for the address
  /// of `subscriber`, or our request with it when we are the subscriber. The worker must know before the
  /// first IP packet arrives. May come again, also with another address, before IPCP goes down.
  virtual void expect_ip(wire::Ipv4Address subscriber) = 0;

 protected:
  ~IpcpEvents() = default;
};

struct CarriedIpcp;

class Ipcp final : public ControlProtocol {
 public:
  Ipcp(const Settings& settings, TimerWheel& wheel, ControlProtocolHost& host, IpcpEvents& events)
      : ControlProtocol(wire::PppProtocol::kIpcp, settings.ppp, wheel, host),
        ip_(settings.ip),
        servers_{settings.ip.dns1, settings.ip.dns2, settings.ip.wins1, settings.ip.wins2},
        events_(events) {}
  ~Ipcp() = default;

  /// Before open(): the peer's address.
  void assign(wire::Ipv4Address address) { assigned_ = address; }
  /// This peer's own name servers; for any that are missing, the configured ones apply.
  void use(const NameServers& own) {
    const auto take = [](wire::Ipv4Address& mine, wire::Ipv4Address given) {
      mine = given.is_none() ? mine : given;
    };
    take(servers_.dns1, own.dns1);
    take(servers_.dns2, own.dns2);
    take(servers_.wins1, own.wins1);
    take(servers_.wins2, own.wins2);
  }
  [[nodiscard]] CarriedIpcp carried() const;
  /// As Ccp::adopt().
  [[nodiscard]] bool adopt(const CarriedIpcp& from);
  [[nodiscard]] wire::Ipv4Address assigned() const { return assigned_; }
  [[nodiscard]] IpcpDetails details() const {
    return {.state = state(), .address = assigned_, .gateway = ip_.gateway, .servers = servers_};
  }

 private:
  void write_request(wire::PppFrameWriter& request) override;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) override;
  void about_to_ack() override { events_.expect_ip(assigned_); }
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override {
    ask_address_ = !ip_.gateway.is_none();
    takes_address_ = true;
  }
  EndReason failure() const override {
    return takes_address_ ? EndReason::kIpcpFailed : EndReason::kAddressRefused;
  }

  const IpSettings& ip_;
  NameServers servers_;
  IpcpEvents& events_;
  wire::Ipv4Address assigned_;
  bool ask_address_ = false;
  bool takes_address_ = true;  // the peer's last request named the one that is assigned; true: there was none
};

}  // namespace adit::control
