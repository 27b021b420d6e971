// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/accept_ipv6.hpp"

#include <algorithm>
#include <utility>

#include "controlplane/base/subscriber_network.hpp"
#include "controlplane/radius/accept.hpp"
#include "controlplane/radius/attribute_text.hpp"
#include "controlplane/radius/framed_route.hpp"

namespace adit::control::radius {
namespace {

using Read = std::expected<void, std::string>;

constexpr std::uint8_t kLinkLength = 64, kHostLength = 128;

/// Reads one attribute independently of the others, except for Framed-IPv6-Route.
class Ipv6Reader {
 public:
  Read read(const Attribute& attribute) {
    switch (attribute.type) {
      case Type::kFramedInterfaceId:
        return interface_id(attribute);
      case Type::kFramedIpv6Prefix:
        return framed_prefix(attribute);
      case Type::kFramedIpv6Pool:
        return link_pool(attribute);
      case Type::kDelegatedIpv6Prefix:
        return delegated(attribute);
      case Type::kFramedIpv6Address:
        return address(attribute);
      case Type::kDnsServerIpv6Address:
        return server(attribute);
      case Type::kDelegatedIpv6PrefixPool:
        return read_name(attribute, terms_.delegated_pool);
      case Type::kStatefulIpv6AddressPool:
        return read_name(attribute, terms_.address_pool);
      default:
        return {};
    }
  }

  /// Once all else has been read: the gateway is the subscriber's.
  Read read_route(const Attribute& attribute) {
    const auto route = parse_framed_ipv6_route(attribute.text(), terms_);
    if (!route) {
      return refused(attribute, route.error());
    }
    if (std::ranges::find(terms_.routes, *route) == terms_.routes.end()) {
      terms_.routes.push_back(*route);
    }
    return {};
  }

  Ipv6Terms take() && { return std::move(terms_); }

 private:
  Read interface_id(const Attribute& attribute) {
    const auto identifier = interface_id_of(attribute);
    if (identifier.value_or(0) == 0) {  // RFC 5072 §4.1: zero is no identifier
      return refused(attribute, "is no interface identifier of eight octets");
    }
    terms_.interface_id = identifier;
    return {};
  }

  static std::expected<wire::Ipv6Prefix, std::string> prefix(const Attribute& attribute) {
    const auto prefix = prefix_of(attribute);
    if (!prefix) {
      return refused(attribute, "is not an IPv6 prefix with a length and without host bits");
    }
    if (!can_be_behind_a_subscriber(*prefix)) {
      return refused(attribute, "is not a prefix of /16 or longer that a subscriber can have");
    }
    return *prefix;
  }

  /// RFC 3162 §2.3 has no place for an address of one subscriber, so servers write it as a prefix.
  Read framed_prefix(const Attribute& attribute) {
    const auto framed = prefix(attribute);
    if (!framed) {
      return std::unexpected(framed.error());
    }
    if (framed->length == kLinkLength) {
      terms_.link = terms_.link.value_or(*framed);
    } else if (framed->length == kHostLength) {
      terms_.address = terms_.address.value_or(framed->address);
    } else {
      return refused(attribute, "is neither the /64 of a link nor the /128 of an address");
    }
    return {};
  }

  Read link_pool(const Attribute& attribute) {
    terms_.denied = attribute.text() == kNoIpv6Pool;
    return read_name(attribute, terms_.link_pool);
  }

  Read delegated(const Attribute& attribute) {
    const auto delegated = prefix(attribute);
    if (!delegated) {
      return std::unexpected(delegated.error());
    }
    if (delegated->length > kLinkLength) {
      return refused(attribute, "is longer than a /64, of which no network can be made");
    }
    terms_.delegated = *delegated;
    return {};
  }

  Read address(const Attribute& attribute) {
    const auto address = ipv6_address_of(attribute);
    if (!address || !wire::is_host(*address)) {
      return refused(attribute, "is not an address that a subscriber can have");
    }
    terms_.address = address;
    return {};
  }

  Read server(const Attribute& attribute) {
    const auto server = ipv6_address_of(attribute);
    if (!server || server->is_none() || wire::is_multicast(*server)) {
      return refused(attribute, "is not an address");
    }
    if (terms_.dns.size() < kMostIpv6Servers) {
      terms_.dns.push_back(*server);
    }
    return {};
  }

  Ipv6Terms terms_;
};

}  // namespace

std::expected<Ipv6Terms, std::string> read_ipv6_terms(const Packet& packet) {
  Ipv6Reader reader;
  for (const Attribute& attribute : packet.attributes()) {
    if (auto read = reader.read(attribute); !read) {
      return std::unexpected(std::move(read.error()));
    }
  }
  for (const Attribute& attribute : packet.attributes()) {
    if (attribute.type == Type::kFramedIpv6Route) {
      if (auto read = reader.read_route(attribute); !read) {
        return std::unexpected(std::move(read.error()));
      }
    }
  }
  return std::move(reader).take();
}

}  // namespace adit::control::radius
