// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/value_types.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <limits>
#include <utility>

#include "controlplane/radius/dictionary.hpp"

namespace adit::control::radius {
namespace {

constexpr std::uint64_t kMaxSize = std::uint64_t{8} << 20;  // of octets[SIZE]

constexpr std::pair<std::string_view, ValueType> kTypes[] = {
    {"string", ValueType::kString},       {"octets", ValueType::kOctets},
    {"ipaddr", ValueType::kIpaddr},       {"integer", ValueType::kInteger},
    {"date", ValueType::kDate},           {"short", ValueType::kShort},
    {"byte", ValueType::kByte},           {"signed", ValueType::kSigned},
    {"integer64", ValueType::kInteger64}, {"ifid", ValueType::kIfid},
    {"ipv6addr", ValueType::kIpv6addr},   {"ipv6prefix", ValueType::kIpv6prefix},
    {"uint32", ValueType::kInteger},      {"uint16", ValueType::kShort},
    {"uint8", ValueType::kByte},          {"int32", ValueType::kSigned},
    {"uint64", ValueType::kInteger64},    {"ipv4prefix", ValueType::kOther},
    {"ether", ValueType::kOther},         {"combo-ip", ValueType::kOther},
    {"abinary", ValueType::kOther},       {"tlv", ValueType::kOther},
    {"vsa", ValueType::kOther},           {"evs", ValueType::kOther},
    {"extended", ValueType::kOther},      {"long-extended", ValueType::kOther},
};

}  // namespace

std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t most) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  text.remove_prefix(hex ? 2 : 0);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, hex ? 16 : 10);
  const bool all = error == std::errc{} && end == text.data() + text.size();
  return all && number <= most ? std::optional(number) : std::nullopt;
}

std::optional<ValueType> read_type(std::string_view text) {
  constexpr std::string_view kSized = "octets[";
  if (text.size() > kSized.size() && AnyCaseEqual()(text.substr(0, kSized.size()), kSized) &&
      text.ends_with(']')) {
    text.remove_suffix(1);
    return read_number(text.substr(kSized.size()), kMaxSize) ? std::optional(ValueType::kOctets)
                                                             : std::nullopt;
  }
  const auto* found =
      std::ranges::find_if(kTypes, [&](const auto& type) { return AnyCaseEqual()(type.first, text); });
  return found != std::end(kTypes) ? std::optional(found->second) : std::nullopt;
}

std::uint64_t largest_of(ValueType type) {
  switch (type) {
    case ValueType::kByte:
      return 0xff;
    case ValueType::kShort:
      return 0xffff;
    case ValueType::kInteger:
    case ValueType::kSigned:
      return 0xffffffff;
    default:
      return std::numeric_limits<std::uint64_t>::max();
  }
}

std::string_view to_text(ValueType type) {
  const auto* found = std::ranges::find(kTypes, type, &std::pair<std::string_view, ValueType>::second);
  return type == ValueType::kOther ? "other" : found->first;
}

}  // namespace adit::control::radius
