// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/dae/session.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/radius/auth.hpp"

namespace adit::control::radius {
namespace {

using By = SessionSelector::By;

/// What an attribute says that a subscriber has in IPv6, an address as a /128; nothing: it is malformed, or says
/// something else.
std::optional<wire::Ipv6Prefix> held_prefix(const Attribute& attribute) {
  switch (attribute.type) {
    case Type::kFramedIpv6Prefix:
    case Type::kDelegatedIpv6Prefix:
      return prefix_of(attribute);
    case Type::kFramedIpv6Address: {
      const auto address = ipv6_address_of(attribute);
      return address ? std::optional(wire::Ipv6Prefix{.address = *address, .length = 128}) : std::nullopt;
    }
    default:
      return std::nullopt;
  }
}

/// An Access-Accept may have had an address as a Framed-IPv6-Prefix.
bool holds(const Ipv6Binding& subscriber, const Attribute& attribute) {
  const auto held = held_prefix(attribute);
  if (!held) {
    return false;
  }
  if (attribute.type == Type::kDelegatedIpv6Prefix) {
    return held == subscriber.delegated;
  }
  return held->length == 128 ? held->address == subscriber.address : held == subscriber.link;
}

std::optional<SessionSelector> selector_of(const Packet& request) {
  if (const Attribute* session = request.find(Type::kAcctSessionId)) {
    return SessionSelector{By::kSessionId, std::string(session->text())};
  }
  if (const Attribute* port = request.find(Type::kNasPortId)) {
    const std::string_view text = port->text();
    return SessionSelector{By::kSessionId,
                           std::string(text.substr(std::min(kNasPortIdPrefix.size(), text.size())))};
  }
  if (const Attribute* address = request.find(Type::kFramedIpAddress)) {
    return SessionSelector{By::kIp, wire::to_string(wire::Ipv4Address(number_of(*address).value_or(0)))};
  }
  for (const Type type : {Type::kFramedIpv6Prefix, Type::kFramedIpv6Address, Type::kDelegatedIpv6Prefix}) {
    if (const Attribute* attribute = request.find(type)) {
      const auto held = held_prefix(*attribute);
      return SessionSelector{By::kIp, held ? wire::to_string(*held) : ""};
    }
  }
  if (const Attribute* user = request.find(Type::kUserName)) {
    return SessionSelector{By::kUsername, std::string(user->text())};
  }
  return std::nullopt;
}

/// False: the attribute identifies another session. True for attributes that identify none.
bool matches(const Attribute& attribute, const CallStatus& call, const Concentrator& concentrator) {
  switch (attribute.type) {
    case Type::kUserName:
      return concentrator.is_same_user(attribute.text(), call.session.user);
    case Type::kFramedIpAddress:
      return number_of(attribute) == call.session.address.value;
    case Type::kFramedInterfaceId:
      return call.session.ipv6 && interface_id_of(attribute) == call.session.ipv6->interface_id;
    case Type::kFramedIpv6Prefix:
    case Type::kFramedIpv6Address:
    case Type::kDelegatedIpv6Prefix:
      return call.session.ipv6 && holds(*call.session.ipv6, attribute);
    case Type::kAcctSessionId:
      return attribute.text() == call.session_id;
    case Type::kNasPort:
      return number_of(attribute) == nas_port_of(call.session_id);
    case Type::kNasPortId:
      return attribute.text() == std::string(kNasPortIdPrefix) + call.session_id;
    case Type::kCallingStationId:
      return attribute.text() == calling_station(call.stations, call.peer);
    case Type::kCalledStationId:
      return attribute.text() == called_station(call.stations, call.local);
    case Type::kAcctMultiSessionId:
      return false;  // we never send one: the request is meant for another NAS
    default:
      return true;
  }
}

bool is_this_nas(const Packet& request, const NasSettings& nas, std::optional<wire::Ipv4Address> local) {
  return std::ranges::all_of(request.attributes(), [&](const Attribute& attribute) {
    switch (attribute.type) {
      case Type::kNasIdentifier:
        return attribute.text() == nas.identifier;
      case Type::kNasIpAddress: {
        const std::optional<wire::Ipv4Address> ours =
            nas.address.is_none() ? local : std::optional(nas.address);
        return !ours || number_of(attribute) == ours->value;
      }
      case Type::kNasIpv6Address:
        return false;
      default:
        return true;
    }
  });
}

}  // namespace

bool identifies(const Attribute& attribute) {
  switch (attribute.type) {
    case Type::kUserName:
    case Type::kNasIpAddress:
    case Type::kNasPort:
    case Type::kFramedIpAddress:
    case Type::kCalledStationId:
    case Type::kCallingStationId:
    case Type::kNasIdentifier:
    case Type::kAcctSessionId:
    case Type::kAcctMultiSessionId:
    case Type::kNasPortId:
    case Type::kNasIpv6Address:
    case Type::kFramedInterfaceId:
    case Type::kFramedIpv6Prefix:
    case Type::kFramedIpv6Address:
    case Type::kDelegatedIpv6Prefix:
      return true;
    default:
      return false;
  }
}

std::expected<CallStatus, Refusal> find_session(const Packet& request, const NasSettings& nas,
                                                const Concentrator& concentrator) {
  const Refusal elsewhere{ErrorCause::kNasIdentificationMismatch, "it names another NAS"};
  if (!is_this_nas(request, nas, std::nullopt)) {
    return std::unexpected(elsewhere);
  }
  const auto selector = selector_of(request);
  if (!selector) {
    return std::unexpected(
        Refusal{ErrorCause::kMissingAttribute,
                "it lacks all of Acct-Session-Id, NAS-Port-Id, Framed-IP-Address, Framed-IPv6-Prefix, "
                "Framed-IPv6-Address, Delegated-IPv6-Prefix and User-Name"});
  }
  std::vector<CallStatus> found;
  CallWalk walk(*selector);
  concentrator.for_each_call(walk, [&](const CallStatus& call) {
    if (!call.session.user.empty() &&  // else it is not authenticated yet
        std::ranges::all_of(request.attributes(), [&](const Attribute& attribute) {
          return matches(attribute, call, concentrator);
        })) {
      found.push_back(call);
    }
  });
  if (!walk.done()) {  // the answer does not wait for a search among all calls
    return std::unexpected(Refusal{ErrorCause::kMultipleSessionSelectionUnsupported,
                                   "its User-Name has too many sessions to search; add Acct-Session-Id"});
  }
  if (found.empty()) {
    return std::unexpected(
        Refusal{ErrorCause::kSessionContextNotFound, "no session matches all its attributes"});
  }
  if (found.size() > 1) {
    return std::unexpected(Refusal{ErrorCause::kMultipleSessionSelectionUnsupported,
                                   std::to_string(found.size()) + " sessions match it"});
  }
  if (!is_this_nas(request, nas, found.front().local)) {
    return std::unexpected(elsewhere);
  }
  return std::move(found.front());
}

}  // namespace adit::control::radius
