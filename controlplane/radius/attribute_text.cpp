// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/attribute_text.hpp"

#include <algorithm>

#include "controlplane/radius/dictionary.hpp"

namespace adit::control::radius {
namespace {

constexpr std::size_t kLongestText = 64;
constexpr std::size_t kLongestHex = 16;

std::string hex_of(Bytes value) {
  std::string text = "0x";
  for (const std::uint8_t octet : value.first(std::min(value.size(), kLongestHex))) {
    text += "0123456789abcdef"[octet >> 4];
    text += "0123456789abcdef"[octet & 15];
  }
  return value.size() > kLongestHex ? text + "..." : text;
}

/// Octets of an integer type; 0: another type.
std::size_t size_of(ValueType type) {
  switch (type) {
    case ValueType::kByte:
      return 1;
    case ValueType::kShort:
      return 2;
    case ValueType::kInteger:
    case ValueType::kDate:
      return 4;
    case ValueType::kInteger64:
      return 8;
    default:
      return 0;
  }
}

}  // namespace

std::string value_text(const Attribute& attribute, ValueType type) {
  if (type == ValueType::kString || attribute.value.empty()) {
    const std::string_view text = attribute.text();
    return '"' + std::string(text.substr(0, kLongestText)) + (text.size() > kLongestText ? "..." : "") + '"';
  }
  if (type == ValueType::kIpaddr && attribute.value.size() == 4) {
    return wire::to_string(wire::Ipv4Address(wire::load_be<std::uint32_t>(attribute.value.data())));
  }
  if (type == ValueType::kIpv6addr) {
    const auto address = ipv6_address_of(attribute);
    return address ? wire::to_string(*address) : hex_of(attribute.value);
  }
  if (type == ValueType::kIpv6prefix) {
    const auto prefix = prefix_of(attribute);
    return prefix ? wire::to_string(*prefix) : hex_of(attribute.value);
  }
  if (type == ValueType::kIfid) {
    const auto identifier = interface_id_of(attribute);
    return identifier ? wire::interface_id_text(*identifier) : hex_of(attribute.value);
  }
  if (attribute.value.size() != size_of(type)) {
    return hex_of(attribute.value);
  }
  std::uint64_t number = 0;
  for (const std::uint8_t octet : attribute.value) {
    number = number << 8 | octet;
  }
  return std::to_string(number);
}

std::string to_text(const Attribute& attribute) {
  const bool vendors = attribute.vendor != kNoVendor;
  const auto number = vendors ? attribute.vendor_type : static_cast<std::uint8_t>(attribute.type);
  if (const Definition* known = standard_dictionary().find(attribute.vendor, number)) {
    return known->name + ' ' + value_text(attribute, known->type);
  }
  return "attribute " + std::to_string(unsigned{number}) +
         (vendors ? " of vendor " + std::to_string(attribute.vendor) : "");
}

std::unexpected<std::string> refused(const Attribute& attribute, std::string_view rule) {
  return std::unexpected(to_text(attribute) + ' ' + std::string(rule));
}

}  // namespace adit::control::radius
