// SPDX-License-Identifier: Apache-2.0
// IPv6CP, the concentrator's end: RFC 5072. Our interface identifier is the configured one and never changes; the
// peer's is its own choice unless the user must have another. Whether addresses beyond the link exist is not
// IPv6CP's business. Thread: control. Owner: the session.
#pragma once

#include <cstdint>
#include <optional>

#include "controlplane/base/entropy.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/ppp/control_protocol.hpp"

namespace adit::control {

/// Events that either end of IPv6CP reports to its network phase.
class Ipv6cpEvents {
 public:
  /// As IpcpEvents::expect_ip(), for the subscriber with this interface identifier.
  virtual void expect_ipv6(std::uint64_t subscriber) = 0;

 protected:
  ~Ipv6cpEvents() = default;
};

/// RFC 5072 §4.1: neither zero nor `other`, with the bit clear that marks universal identifiers.
[[nodiscard]] std::uint64_t random_interface_id(Entropy& entropy, std::uint64_t other);

struct CarriedIpv6cp;

class Ipv6cp final : public ControlProtocol {
 public:
  Ipv6cp(const Settings& settings, TimerWheel& wheel, Entropy& entropy, ControlProtocolHost& host,
         Ipv6cpEvents& events)
      : ControlProtocol(wire::PppProtocol::kIpv6cp, settings.ppp, wheel, host),
        own_(settings.ipv6.gateway_id),
        entropy_(entropy),
        events_(events) {}
  ~Ipv6cp() = default;

  /// Before open(): the peer has this identifier and no other; none: whichever it wants. Ours nobody can have.
  void force(std::optional<std::uint64_t> identifier) {
    forced_ = identifier == own_ ? std::nullopt : identifier;
  }
  [[nodiscard]] CarriedIpv6cp carried() const;
  /// As Ccp::adopt().
  [[nodiscard]] bool adopt(const CarriedIpv6cp& from);
  [[nodiscard]] std::uint64_t own() const { return own_; }
  /// The last one that was agreed on, or suggested; 0: none yet.
  [[nodiscard]] std::uint64_t peer() const { return peer_; }

 private:
  void write_request(wire::PppFrameWriter& request) override;
  void judge(const wire::PppOptions& wishes, ConfigureReply& reply) override;
  void about_to_ack() override;
  bool on_nak(const wire::PppOptions& hints, bool insist_no_more) override;
  bool on_reject(const wire::PppOptions& refused) override;
  void forget() override { asks_ = true; }
  EndReason failure() const override { return EndReason::kIpv6Failed; }

  [[nodiscard]] bool may_have(std::uint64_t identifier) const;
  [[nodiscard]] std::uint64_t suggestion();

  const std::uint64_t own_;
  Entropy& entropy_;
  Ipv6cpEvents& events_;
  std::optional<std::uint64_t> forced_;
  std::uint64_t peer_ = 0;    // kept through a renegotiation, so that a peer without an own one has it again
  std::uint64_t wished_ = 0;  // of the request being judged
  bool asks_ = true;
};

}  // namespace adit::control
