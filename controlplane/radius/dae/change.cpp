// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/dae/change.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "controlplane/radius/accept.hpp"
#include "controlplane/radius/attribute_text.hpp"
#include "controlplane/radius/dae/session.hpp"
#include "controlplane/radius/framed_route.hpp"

namespace adit::control::radius {
namespace {

using Result = std::expected<void, Refusal>;

constexpr std::uint8_t kFirstExtendedType = 241;  // RFC 6929

std::unexpected<Refusal> refused(ErrorCause cause, const Attribute& attribute, std::string_view rule) {
  return std::unexpected(Refusal{cause, to_text(attribute) + ' ' + std::string(rule)});
}

ErrorCause unsupported(const Attribute& attribute) {
  return static_cast<std::uint8_t>(attribute.type) >= kFirstExtendedType ? ErrorCause::kUnsupportedExtension
                                                                         : ErrorCause::kUnsupportedAttribute;
}

Result read_seconds(const Attribute& attribute, std::optional<Duration>& into) {
  const auto number = number_of(attribute);
  if (!number) {
    return refused(ErrorCause::kInvalidRequest, attribute, "is no number of four octets");
  }
  into = std::chrono::seconds(*number);
  return {};
}

/// `route`: as the attribute says.
template <typename Prefix>
Result add_route(const Attribute& attribute, const std::expected<Prefix, std::string>& route,
                 std::optional<std::vector<Prefix>>& routes) {
  if (!route) {
    return refused(ErrorCause::kInvalidAttributeValue, attribute, route.error());
  }
  if (!routes) {
    routes.emplace();
  }
  if (std::ranges::find(*routes, *route) == routes->end()) {
    routes->push_back(*route);
  }
  return {};
}

/// Reads one attribute independently of the others; rates are read together.
Result read_one(const Attribute& attribute, const ChangedSubscriber& subscriber, SessionChange& change) {
  switch (attribute.type) {
    case Type::kSessionTimeout:
      return read_seconds(attribute, change.session_timeout);
    case Type::kIdleTimeout:
      return read_seconds(attribute, change.idle_timeout);
    case Type::kAcctInterimInterval:
      return read_seconds(attribute, change.interim_interval);
    case Type::kClass:
      if (!change.classes) {
        change.classes.emplace();
      }
      return add_class(attribute, *change.classes)
                 ? Result{}
                 : refused(ErrorCause::kResourcesUnavailable, attribute,
                           "makes them more than 2048 octets, which is what records have room for");
    case Type::kFramedRoute:
      return add_route(attribute, parse_framed_route(attribute.text(), subscriber.address), change.routes);
    case Type::kFramedIpv6Route:
      return add_route(attribute, parse_framed_ipv6_route(attribute.text(), subscriber.ipv6), change.routes6);
    default:
      return refused(unsupported(attribute), attribute, "cannot be changed");
  }
}

/// Attributes that any request may have and that ask for no change.
bool is_envelope(const Attribute& attribute) {
  switch (attribute.type) {
    case Type::kMessageAuthenticator:
    case Type::kEventTimestamp:
    case Type::kProxyState:
    case Type::kServiceType:  // checked earlier
    case Type::kReplyMessage:
    case Type::kAcctTerminateCause:
      return true;
    default:
      return identifies(attribute);
  }
}

}  // namespace

std::expected<void, Refusal> check_disconnect(const Packet& request) {
  for (const Attribute& attribute : request.attributes()) {
    if (!is_envelope(attribute) && attribute.type != Type::kClass) {
      return refused(unsupported(attribute), attribute, "has no place in a Disconnect-Request");
    }
  }
  return {};
}

std::expected<SessionChange, Refusal> read_change(const Packet& request, const ChangedSubscriber& subscriber,
                                                  std::span<const RateMapping> mappings) {
  SessionChange change;
  bool any = false;
  const Attribute* rates = nullptr;  // the first of them
  for (const Attribute& attribute : request.attributes()) {
    if (is_envelope(attribute)) {
      continue;
    }
    any = true;
    if (carries_rate(attribute, mappings)) {
      rates = rates != nullptr ? rates : &attribute;
    } else if (auto read = read_one(attribute, subscriber, change); !read) {
      return std::unexpected(std::move(read.error()));
    }
  }
  if (rates != nullptr) {
    if (const Attribute* filter = filter_that_is_no_rate(request, mappings)) {
      return refused(ErrorCause::kInvalidAttributeValue, *filter, "is no rate, and there are no filters");
    }
    auto rate = read_rate(request, mappings);
    if (!rate) {
      return std::unexpected(Refusal{ErrorCause::kInvalidAttributeValue, std::move(rate.error())});
    }
    if (!*rate) {
      return refused(ErrorCause::kInvalidAttributeValue, *rates, "is no rate");
    }
    change.rate = *rate;
  }
  if (!any) {
    return std::unexpected(Refusal{ErrorCause::kMissingAttribute, "it asks for no change"});
  }
  return change;
}

}  // namespace adit::control::radius
