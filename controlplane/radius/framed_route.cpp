// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/framed_route.hpp"

#include <charconv>

#include "controlplane/base/subscriber_network.hpp"
#include "controlplane/radius/words.hpp"

namespace adit::control::radius {
namespace {

struct RouteWords {
  std::string_view destination, gateway;  // "": there is none
};

/// The metrics say nothing to us: one call is the only way to what is behind it.
std::expected<RouteWords, std::string> split_route(std::string_view text) {
  RouteWords words;
  words.destination = next_word(text);
  words.gateway = next_word(text);
  for (std::string_view metric = next_word(text); !metric.empty(); metric = next_word(text)) {
    int value = 0;
    const auto [end, error] = std::from_chars(metric.data(), metric.data() + metric.size(), value);
    if (error != std::errc{} || end != metric.data() + metric.size()) {
      return std::unexpected("has a metric that is no number");
    }
  }
  return words;
}

/// RFC 2865 §5.22: a length that is left out is that of the address's class.
std::optional<wire::Ipv4Prefix> classful(std::string_view text) {
  const auto address = wire::parse_ipv4(text);
  if (!address) {
    return std::nullopt;
  }
  const std::uint32_t first = address->value >> 24;
  return wire::parse_prefix(std::string(text) + (first < 128 ? "/8" : first < 192 ? "/16" : "/24"));
}

bool is_subscribers(const wire::Ipv6Address& gateway, const Ipv6Terms& subscriber) {
  return gateway == subscriber.address || (subscriber.link && subscriber.link->contains(gateway)) ||
         (subscriber.interface_id && gateway == wire::link_local(*subscriber.interface_id));
}

}  // namespace

std::expected<wire::Ipv4Prefix, std::string> parse_framed_route(std::string_view text,
                                                                std::optional<wire::Ipv4Address> subscriber) {
  const auto words = split_route(text);
  if (!words) {
    return std::unexpected(words.error());
  }
  const auto network = words->destination.contains('/') ? wire::parse_prefix(words->destination)
                                                        : classful(words->destination);
  if (!network) {
    return std::unexpected("is not an IPv4 network with a length and without host bits");
  }
  if (!can_be_behind_a_subscriber(*network)) {
    return std::unexpected("is not a network of /16 or longer that a subscriber can have");
  }
  if (!words->gateway.empty()) {
    const auto gateway = wire::parse_ipv4(words->gateway);
    if (!gateway || (!gateway->is_none() && gateway != subscriber)) {
      return std::unexpected("has a gateway that is neither 0.0.0.0 nor the subscriber's address");
    }
  }
  return *network;
}

std::expected<wire::Ipv6Prefix, std::string> parse_framed_ipv6_route(std::string_view text,
                                                                     const Ipv6Terms& subscriber) {
  const auto words = split_route(text);
  if (!words) {
    return std::unexpected(words.error());
  }
  const auto network = wire::parse_ipv6_prefix(words->destination);
  if (!network) {
    return std::unexpected("is not an IPv6 network with a length and without host bits");
  }
  if (!can_be_behind_a_subscriber(*network)) {
    return std::unexpected("is not a network of /16 or longer that a subscriber can have");
  }
  if (!words->gateway.empty()) {
    const auto gateway = wire::parse_ipv6_address(words->gateway);
    if (!gateway || (!gateway->is_none() && !is_subscribers(*gateway, subscriber))) {
      return std::unexpected("has a gateway that is neither :: nor the subscriber's address");
    }
  }
  return *network;
}

}  // namespace adit::control::radius
