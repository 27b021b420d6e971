// SPDX-License-Identifier: Apache-2.0
// What a call's story tells of IPv6: each side's interface identifier, what the client got, and why it got no more.
#include <fmt/core.h>

#include "app/aditd/operator/story_text.hpp"

namespace adit::app {
namespace {

using control::EndReason;
using control::Gate;
using control::Ipv6Story;
using control::Ipv6Use;
using control::LinkStory;
using control::StoryRow;
using Terms = Ipv6Story::Terms;

std::string link_local(std::uint64_t interface_id) {
  return wire::to_string(wire::link_local(interface_id));
}

const std::optional<wire::Ipv6Prefix>& lease_of(const StoryRow& row, Ipv6Use use) {
  return row.leases6[static_cast<std::size_t>(use)];
}

/// "; no prefix: its [[ipv6-pool]] of use link is empty"; "": nothing was refused.
std::string refusal_of(const StoryRow& row, Ipv6Use use, std::string_view what) {
  const std::string use_name(control::to_text(use));
  switch (row.story.ipv6.refused[static_cast<std::size_t>(use)]) {
    case EndReason::kNone:
      return "";
    case EndReason::kPoolEmpty:
      return fmt::format("; no {}: its [[ipv6-pool]] of use {} is empty", what, use_name);
    case EndReason::kPoolUnknown:
      return fmt::format("; no {}: there is no [[ipv6-pool]] of use {} for it", what, use_name);
    case EndReason::kAddressInUse:
      return fmt::format("; no {}: its own is taken", what);
    default:
      return fmt::format("; no {}", what);
  }
}

std::string link_text(const StoryRow& row) {
  const auto& link = lease_of(row, Ipv6Use::kLink);
  const std::string told = "; " + times(row.story.ipv6.advertisements, "router advertisement") + " sent";
  return (link ? "; prefix " + wire::to_string(*link) : refusal_of(row, Ipv6Use::kLink, "prefix")) + told;
}

/// Whoever has no pool of addresses has none by intention.
std::string address_text(const StoryRow& row) {
  const auto& address = lease_of(row, Ipv6Use::kAddress);
  const bool intended =
      row.story.ipv6.refused[static_cast<std::size_t>(Ipv6Use::kAddress)] == EndReason::kPoolUnknown;
  return address ? "; address " + wire::to_string(address->address) +
                       (row.story.ipv6.took_address ? " by DHCPv6" : ", not taken by DHCPv6")
                 : (intended ? "" : refusal_of(row, Ipv6Use::kAddress, "address"));
}

std::string delegated_text(const StoryRow& row) {
  const auto& delegated = lease_of(row, Ipv6Use::kDelegate);
  return delegated ? "; " + wire::to_string(*delegated) +
                         (row.story.ipv6.took_delegated ? " delegated by DHCPv6" : " offered by DHCPv6")
                   : refusal_of(row, Ipv6Use::kDelegate, "delegated prefix");
}

std::string open_text(const StoryRow& row) {
  const LinkStory& link = row.story.link();
  const std::string asked = link.peer_interface_id_asked == link.interface_id_given ? ""
                            : link.peer_interface_id_asked == 0
                                ? ", any asked for"
                                : ", " + link_local(link.peer_interface_id_asked) + " asked for";
  return "open; " + link_local(link.own_interface_id) + " here, " + link_local(link.interface_id_given) +
         " there" + asked + link_text(row) + address_text(row) + delegated_text(row);
}

/// Why the call has none, if that was decided here; "": it was not.
std::string decided_text(const StoryRow& row) {
  const Ipv6Story& ipv6 = row.story.ipv6;
  if (ipv6.terms == Terms::kDenied) {
    return "refused: [ipv6] mode is deny, or there is no [[ipv6-pool]]";
  }
  if (ipv6.terms == Terms::kDeniedToUser) {
    return "denied to this user";
  }
  return ipv6.room == 0
             ? ""
             : fmt::format("packets of {} octets reach the client, and IPv6 needs 1280", ipv6.room);
}

}  // namespace

bool tells_of_ipv6(const StoryRow& row) {
  const Terms terms = row.story.ipv6.terms;
  return (terms != Terms::kUnknown && terms != Terms::kDenied) || row.story.link().ipv6cp.peer_asked != 0;
}

std::string ipv6_text(const StoryRow& row) {
  const control::NegotiationStory& ipv6cp = row.story.link().ipv6cp;
  if (row.story.passed(Gate::kIpv6cp)) {
    return open_text(row);
  }
  const std::string asked =
      ipv6cp.peer_asked == 0 ? "; the client has not asked for it" : "; the client asked for it";
  if (const std::string decided = decided_text(row); !decided.empty()) {
    return decided + asked;
  }
  const bool nobody = ipv6cp.asked == 0 && !ipv6cp.heard();
  return nobody ? "not negotiated: the client has not asked for it" : exchange_text(ipv6cp);
}

}  // namespace adit::app
