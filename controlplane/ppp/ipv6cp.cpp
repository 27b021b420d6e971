// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/ipv6cp.hpp"

#include "controlplane/ppp/carried_session.hpp"
#include "dataplane/wire/ipv6cp.hpp"

namespace adit::control {
namespace {

using wire::Ipv6cpOption;
using wire::PppFrameWriter;
using wire::PppOption;
using wire::PppOptions;

constexpr auto kIdentifierType = static_cast<std::uint8_t>(Ipv6cpOption::kInterfaceIdentifier);

}  // namespace

std::uint64_t random_interface_id(Entropy& entropy, std::uint64_t other) {
  constexpr std::uint64_t kNotUniversal = ~(std::uint64_t{0x02} << 56);
  std::uint64_t identifier = 0;
  while (identifier == 0 || identifier == other) {
    identifier = (std::uint64_t{entropy.next_u32()} << 32 | entropy.next_u32()) & kNotUniversal;
  }
  return identifier;
}

CarriedIpv6cp Ipv6cp::carried() const {
  return {.protocol = carried_protocol(), .forced = forced_, .peer = peer_, .asks = asks_};
}

bool Ipv6cp::adopt(const CarriedIpv6cp& from) {
  force(from.forced);
  peer_ = from.peer;
  asks_ = from.asks;
  return adopt_protocol(from.protocol);
}

void Ipv6cp::write_request(PppFrameWriter& request) {
  if (asks_) {
    wire::write_ipv6cp_identifier(request, own_);
  }
}

bool Ipv6cp::may_have(std::uint64_t identifier) const {
  return identifier != 0 && identifier != own_ && identifier == forced_.value_or(identifier);
}

/// The same again for a repeated request, whose first answer may have been lost.
std::uint64_t Ipv6cp::suggestion() {
  peer_ = may_have(peer_) ? peer_ : forced_.value_or(random_interface_id(entropy_, own_));
  return peer_;
}

void Ipv6cp::judge(const PppOptions& wishes, ConfigureReply& reply) {
  wished_ = 0;
  bool has_identifier = false;
  for (const PppOption& option : wishes) {
    has_identifier |= option.type == kIdentifierType;
    const auto wish = option.type == kIdentifierType ? wire::ipv6cp_identifier(option) : std::nullopt;
    if (!wish) {
      reply.reject(option);  // compression, and anything that RFC 5072 does not know
    } else if (!may_have(*wish)) {
      reply.nak_u64(option, suggestion());
    } else {
      wished_ = *wish;
    }
  }
  if (!has_identifier) {
    reply.ask_u64(kIdentifierType, suggestion());
  }
}

/// A peer that names none, though it was asked for one, is taken to use what was suggested.
void Ipv6cp::about_to_ack() {
  peer_ = wished_ != 0 ? wished_ : suggestion();
  events_.expect_ipv6(peer_);
}

// The peer cannot choose our identifier: where it insists, there is no agreement within RFC 1661 §4.6's bounds.
bool Ipv6cp::on_nak(const PppOptions&, bool) {
  return true;
}

bool Ipv6cp::on_reject(const PppOptions&) {
  asks_ = false;  // the only option that we request
  return true;
}

}  // namespace adit::control
