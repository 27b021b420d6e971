// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/plan_values.hpp"

#include <fmt/core.h>

#include <cmath>
#include <optional>

#include "app/adit-blast/plan/written_values.hpp"

namespace adit::app::blast {
namespace {

constexpr std::uint32_t kMostServers = 1024;

}  // namespace

Read<Endpoint> EndpointKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  if (text == nullptr) {
    return complain("is not an address", "write \"192.0.2.1\" or \"192.0.2.1:1723\"");
  }
  const std::size_t colon = text->find(':');
  const std::string addresses = text->substr(0, colon);
  const std::size_t dash = addresses.find('-');
  const toml::value<std::string> first{addresses.substr(0, dash)};
  const Read<wire::Ipv4Address> read = Ipv4Kind{}.read(first);
  if (!read) {
    return complain(read.error().wrong, "write \"192.0.2.1\" or \"192.0.2.1:1723\" (no names, no IPv6)");
  }
  Endpoint endpoint{.address = *read};
  if (dash != std::string::npos) {
    const auto last = wire::parse_ipv4(addresses.substr(dash + 1));
    if (!last || *last < *read || last->value - read->value >= kMostServers) {
      return complain("has no last address behind its dash",
                      fmt::format("write \"192.0.2.1-192.0.2.4\", {} addresses at most", kMostServers));
    }
    endpoint.count = last->value - read->value + 1;
  }
  if (colon == std::string::npos) {
    return endpoint;
  }
  const std::optional<double> port = to_real(text->substr(colon + 1));
  if (!port || *port != std::floor(*port) || *port < 1 || *port > 65'535) {
    return complain("has no TCP port behind its colon", "write \"192.0.2.1:1723\"");
  }
  endpoint.port = static_cast<std::uint16_t>(*port);
  return endpoint;
}

std::string EndpointKind::show(const Endpoint& value) const {
  if (value.address.is_none()) {
    return "\"\"";
  }
  const wire::Ipv4Address last(value.address.value + value.count - 1);
  const std::string range = value.count > 1 ? '-' + to_string(last) : "";
  return fmt::format("\"{}{}:{}\"", to_string(value.address), range, value.port);
}

Read<wire::Ipv4Prefix> PrefixKind::read(const toml::node& node) const {
  const auto not_a_prefix = [] {
    return complain("is not a prefix", "write \"10.99.0.0/16\", or one address; lengths are 8 to 32");
  };
  const std::string* text = text_of(node);
  if (text == nullptr) {
    return not_a_prefix();
  }
  const std::size_t slash = text->find('/');
  const auto address = wire::parse_ipv4(std::string_view(*text).substr(0, slash));
  const std::optional<double> bits =
      slash == std::string::npos ? std::optional(32.0) : to_real(std::string_view(*text).substr(slash + 1));
  if (!address || !bits || *bits != std::floor(*bits) || *bits < 8 || *bits > 32) {
    return not_a_prefix();
  }
  const auto length = static_cast<std::uint8_t>(*bits);
  const std::uint32_t hosts = length == 32 ? 0 : 0xFFFFFFFFu >> length;
  if ((address->value & hosts) != 0) {
    return complain(
        "has bits beyond its length",
        fmt::format("write \"{}/{}\"", to_string(wire::Ipv4Address(address->value & ~hosts)), length));
  }
  if (!wire::is_host(*address)) {
    return complain("holds addresses that no host can have", "keep out of 0/8, 127/8 and 224/3");
  }
  return wire::Ipv4Prefix{*address, length};
}

std::string PrefixKind::show(const wire::Ipv4Prefix& value) const {
  return value.address.is_none() ? "\"\"" : fmt::format("\"{}/{}\"", to_string(value.address), value.length);
}

Read<wire::Ipv6Address> OptionalIpv6Kind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  return text != nullptr && text->empty() ? wire::Ipv6Address{} : Ipv6Kind{}.read(node);
}

std::string OptionalIpv6Kind::show(const wire::Ipv6Address& value) const {
  return value.is_none() ? "\"\"" : Ipv6Kind{}.show(value);
}

Read<std::string> FileKind::read(const toml::node& node) const {
  constexpr std::size_t kMostOctets = 4095;
  const std::string* text = text_of(node);
  if (text == nullptr || text->empty() || text->size() > kMostOctets ||
      text->find('\0') != std::string::npos) {
    return complain("is not a file's path", "write one in quotes");
  }
  return *text;
}

}  // namespace adit::app::blast
