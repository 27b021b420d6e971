// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ipv6/dhcpv6_query.hpp"

#include <algorithm>

namespace adit::control {
namespace {

using wire::Bytes;
using wire::Dhcpv6Code;
using wire::Dhcpv6Option;
using wire::Dhcpv6Type;

/// False: malformed.
bool read_ia(Dhcpv6Query& query, Ipv6Use use, Bytes value) {
  const auto ia = wire::parse_ia(value);
  if (!ia || query.ia_count == Dhcpv6Query::kMaxIas) {
    return false;
  }
  Dhcpv6Query::Ia& read = query.ias[query.ia_count++];
  read.use = use;
  read.iaid = ia->iaid;
  const Dhcpv6Code wanted = use == Ipv6Use::kAddress ? Dhcpv6Code::kIaAddress : Dhcpv6Code::kIaPrefix;
  for (const Dhcpv6Option option : ia->options) {
    if (!option.is(wanted)) {
      continue;
    }
    const auto binding =
        use == Ipv6Use::kAddress ? wire::parse_ia_address(option.value) : wire::parse_ia_prefix(option.value);
    if (!binding) {
      return false;
    }
    if (read.listed_count < Dhcpv6Query::kMaxListed) {
      read.listed[read.listed_count++] = binding->prefix;
    }
  }
  return true;
}

/// False: it is no DUID, or is there already.
bool read_duid(Bytes& into, Bytes value) {
  if (!into.empty() || !wire::is_duid(value)) {
    return false;
  }
  into = value;
  return true;
}

bool read_option(Dhcpv6Query& query, const Dhcpv6Option& option) {
  switch (static_cast<Dhcpv6Code>(option.code)) {
    case Dhcpv6Code::kClientId:
      return read_duid(query.client_id, option.value);
    case Dhcpv6Code::kServerId:
      return read_duid(query.server_id, option.value);
    case Dhcpv6Code::kIaNa:
      return read_ia(query, Ipv6Use::kAddress, option.value);
    case Dhcpv6Code::kIaPd:
      return read_ia(query, Ipv6Use::kDelegate, option.value);
    case Dhcpv6Code::kOptionRequest:
      query.requested = option.value;
      return option.value.size() % 2 == 0;
    case Dhcpv6Code::kRapidCommit:
      query.rapid_commit = true;
      return option.value.empty();
    case Dhcpv6Code::kIaAddress:
    case Dhcpv6Code::kPreference:
    case Dhcpv6Code::kElapsedTime:
    case Dhcpv6Code::kStatusCode:
    case Dhcpv6Code::kDnsServers:
    case Dhcpv6Code::kDomainList:
    case Dhcpv6Code::kIaPrefix:
      break;
  }
  return true;  // RFC 8415 §16: what a server does not know, or need, it ignores
}

}  // namespace

std::optional<Dhcpv6Query> read_query(const wire::Dhcpv6Message& message) {
  std::optional<Dhcpv6Query> query(std::in_place);
  query->type = static_cast<Dhcpv6Type>(message.type);
  query->transaction_id = message.transaction_id;
  for (const Dhcpv6Option option : message.options) {
    if (!read_option(*query, option)) {
      return std::nullopt;
    }
  }
  return query;
}

Dhcpv6Verdict judge(const Dhcpv6Query& query, Bytes us, bool multicast) {
  const bool has_client = !query.client_id.empty();
  const bool has_server = !query.server_id.empty();
  const bool names_us = std::ranges::equal(query.server_id, us);
  const auto answer_if = [](bool right) { return right ? Dhcpv6Verdict::kAnswer : Dhcpv6Verdict::kDiscard; };
  switch (query.type) {
    case Dhcpv6Type::kSolicit:  // §16.2
    case Dhcpv6Type::kConfirm:  // §16.5
    case Dhcpv6Type::kRebind:   // §16.7
      return answer_if(multicast && has_client && !has_server);
    case Dhcpv6Type::kRequest:  // §16.4
    case Dhcpv6Type::kRenew:    // §16.6
    case Dhcpv6Type::kDecline:  // §16.8
    case Dhcpv6Type::kRelease:  // §16.9
      if (!has_client || !has_server || !names_us) {
        return Dhcpv6Verdict::kDiscard;
      }
      return multicast ? Dhcpv6Verdict::kAnswer : Dhcpv6Verdict::kUseMulticast;  // §18.4
    case Dhcpv6Type::kInformationRequest:                                        // §16.12
      return answer_if(multicast && (!has_server || names_us) && query.ia_count == 0);
    case Dhcpv6Type::kAdvertise:     // §16.3
    case Dhcpv6Type::kReply:         // §16.10
    case Dhcpv6Type::kReconfigure:   // §16.11
    case Dhcpv6Type::kRelayForward:  // no relay is on a subscriber's link
    case Dhcpv6Type::kRelayReply:
      return Dhcpv6Verdict::kDiscard;
  }
  return Dhcpv6Verdict::kDiscard;  // §16: unknown types
}

}  // namespace adit::control
