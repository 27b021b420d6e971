// SPDX-License-Identifier: Apache-2.0
// A DHCPv6 client's message, read as far as a server needs it, and whether it is to be answered (RFC 8415 §16).
// What it contains points into the message. Pure. Thread: control.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "controlplane/base/settings.hpp"
#include "dataplane/wire/bytes.hpp"
#include "dataplane/wire/dhcpv6.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

struct Dhcpv6Query {
  /// A client has one IA of each kind, and a strange one a few; each of them is answered within one packet.
  static constexpr std::size_t kMaxIas = 8;
  static constexpr std::size_t kMaxListed = 4;

  struct Ia {
    Ipv6Use use{};  ///< kAddress: IA_NA, kDelegate: IA_PD
    std::uint32_t iaid = 0;
    std::array<wire::Ipv6Prefix, kMaxListed> listed{};  ///< what the client has or wishes; the first few
    std::uint8_t listed_count = 0;
    [[nodiscard]] std::span<const wire::Ipv6Prefix> list() const {
      return std::span(listed).first(listed_count);
    }
  };

  wire::Dhcpv6Type type{};
  std::uint32_t transaction_id = 0;
  wire::Bytes client_id{};                 ///< a DUID; empty: none
  wire::Bytes server_id{};                 ///< the same
  std::optional<wire::Bytes> requested{};  ///< an Option Request
  bool rapid_commit = false;
  std::array<Ia, kMaxIas> ias{};
  std::size_t ia_count = 0;
  [[nodiscard]] std::span<const Ia> identity_associations() const { return std::span(ias).first(ia_count); }

  /// Asks for `code`. A client that names nothing takes what there is.
  [[nodiscard]] bool wants(wire::Dhcpv6Code code) const {
    return !requested || wire::requests_option(*requested, code);
  }
};

/// None: an option that matters to a server has a wrong length, there are two identifiers of a kind, or too many IAs.
[[nodiscard]] std::optional<Dhcpv6Query> read_query(const wire::Dhcpv6Message& message);

enum class Dhcpv6Verdict : std::uint8_t { kAnswer, kUseMulticast, kDiscard };

/// RFC 8415 §16 and §18.4: `us` is our DUID; `multicast`: it was sent to the group of all servers.
[[nodiscard]] Dhcpv6Verdict judge(const Dhcpv6Query& query, wire::Bytes us, bool multicast);

}  // namespace adit::control
