// SPDX-License-Identifier: Apache-2.0
// DHCPv6 (RFC 8415) for the one subscriber of a PPP link. There is no lease file: what there is to have is the session's
// as long as it lasts, and goes to the client on the link that asked last. Thread: control. Owner: Ipv6Link.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "controlplane/ipv6/dhcpv6_query.hpp"
#include "controlplane/ipv6/ipv6_link_host.hpp"
#include "dataplane/wire/dhcpv6.hpp"
#include "dataplane/wire/token_bucket.hpp"

namespace adit::control {

class Dhcpv6Server {
 public:
  /// Messages answered per link: a client that retransmits as RFC 8415 §15 says stays far below.
  static constexpr wire::TokenRate kAnswers{.tokens = 5, .milliseconds = 1000, .capacity = 20};

  explicit Dhcpv6Server(Ipv6LinkContext& context) : context_(context) {}

  void start();
  /// The payload of a UDP datagram to port 547.
  void on_message(const wire::Ipv6Address& from, const wire::Ipv6Address& to, wire::Bytes message);
  void stop();

  [[nodiscard]] const Ipv6Lease& lease() const { return lease_; }

 private:
  /// The identity association that holds an address or prefix: its client by a hash of the DUID, and its IAID.
  struct Holder {
    std::uint64_t client = 0;
    std::uint32_t iaid = 0;
    friend bool operator==(const Holder&, const Holder&) = default;
  };
  /// What one IA gets: a lease, or why not.
  struct Outcome {
    std::optional<wire::Ipv6Prefix> lease{};
    wire::Dhcpv6Status status = wire::Dhcpv6Status::kSuccess;
    std::string_view why{};
  };
  struct Answer;

  void answer(const Dhcpv6Query& query, const wire::Ipv6Address& to);
  void assign(const Dhcpv6Query& query, const wire::Ipv6Address& to);
  void confirm(const Dhcpv6Query& query, const wire::Ipv6Address& to);
  void give_up(const Dhcpv6Query& query, const wire::Ipv6Address& to);
  void inform(const Dhcpv6Query& query, const wire::Ipv6Address& to);
  void ask_for_multicast(const Dhcpv6Query& query, const wire::Ipv6Address& to);

  [[nodiscard]] Outcome decide(const Dhcpv6Query& query, const Dhcpv6Query::Ia& ia, bool first);
  [[nodiscard]] bool is_foreign(const wire::Ipv6Prefix& address, const wire::Ipv6Prefix& lease) const;
  void configure(Answer& answer, const Dhcpv6Query& query) const;
  void send(Answer& answer, const wire::Ipv6Address& to);

  [[nodiscard]] std::optional<wire::Ipv6Prefix> available(Ipv6Use use);
  [[nodiscard]] std::optional<wire::Ipv6Prefix> held(Ipv6Use use) const;
  [[nodiscard]] Holder& holder(Ipv6Use use);
  [[nodiscard]] bool holds(const Dhcpv6Query& query, const Dhcpv6Query::Ia& ia);
  void hold(const Dhcpv6Query& query, const Dhcpv6Query::Ia& ia, const wire::Ipv6Prefix& lease);
  void let_go(Ipv6Use use);

  Ipv6LinkContext& context_;
  Ipv6Lease lease_{};
  Holder address_holder_{};
  Holder prefix_holder_{};
  wire::TokenBucket answers_{kAnswers};
  bool declined_ = false;  // the address is in use on the link, says the client
};

}  // namespace adit::control
