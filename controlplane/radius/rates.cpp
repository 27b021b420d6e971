// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/rates.hpp"

#include <algorithm>
#include <charconv>

#include "controlplane/radius/attribute_text.hpp"
#include "controlplane/radius/words.hpp"

namespace adit::control::radius {
namespace {

using Rate = std::expected<std::optional<SubscriberRate>, std::string>;

constexpr std::uint64_t kLargestKbit = 4'000'000'000;

/// Bits to kbit, rounded down, but at least 1 unless it is 0.
std::uint32_t kbit_of(std::uint64_t bits) {
  return static_cast<std::uint32_t>(bits == 0 ? 0 : std::max<std::uint64_t>(bits / 1000, 1));
}

/// "10M", "512k", "64000": bits a second.
std::optional<std::uint64_t> read_bits(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::uint64_t scale = unit.empty()                 ? 1
                              : unit == "k" || unit == "K" ? 1000
                              : unit == "M" || unit == "m" ? 1'000'000
                              : unit == "G" || unit == "g" ? 1'000'000'000
                                                           : 0;
  if (error != std::errc{} || scale == 0 || number > kLargestKbit * 1000 / scale) {
    return std::nullopt;
  }
  return number * scale;
}

/// A value of an integer type and of exactly its length, or digits as text.
std::optional<std::uint64_t> read_number(const Attribute& attribute, ValueType type) {
  std::uint64_t number = 0;
  if (type == ValueType::kString) {
    const std::string_view text = without_blanks(attribute.text());
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
  }
  const std::size_t size = type == ValueType::kByte        ? 1
                           : type == ValueType::kShort     ? 2
                           : type == ValueType::kInteger64 ? 8
                                                           : 4;
  if (attribute.value.size() != size) {
    return std::nullopt;
  }
  for (const std::uint8_t octet : attribute.value) {
    number = number << 8 | octet;
  }
  return number;
}

bool is_cisco_interface(std::string_view text) {
  return without_blanks(text).starts_with("lcp:interface-config");
}

bool has(const Attribute& attribute, const RateMapping& mapping) {
  return mapping.vendor == kNoVendor ? attribute.type == Type{mapping.number}
                                     : attribute.is(mapping.vendor, mapping.number);
}

const Attribute* find(const Packet& packet, const RateMapping& mapping) {
  const auto& all = packet.attributes();
  const auto found = std::ranges::find_if(all, [&](const Attribute& each) { return has(each, mapping); });
  return found == all.end() ? nullptr : &*found;
}

Rate read_numbers(const Packet& packet, std::span<const RateMapping> mappings) {
  std::optional<std::uint32_t> down;
  std::optional<std::uint32_t> up;
  for (const RateMapping& mapping : mappings) {
    const Attribute* attribute = find(packet, mapping);
    if (attribute == nullptr) {
      continue;
    }
    const std::uint64_t unit = mapping.form == RateForm::kKbit ? 1000 : 1;
    const auto number = read_number(*attribute, mapping.type);
    if (!number || *number > kLargestKbit * 1000 / unit) {
      return std::unexpected(mapping.attribute + ' ' + value_text(*attribute, mapping.type) +
                             " is no rate in " + (unit == 1 ? "bit/s" : "kbit/s") + " of type " +
                             std::string(to_text(mapping.type)));
    }
    const std::uint32_t kbit = kbit_of(*number * unit);
    down = mapping.direction != RateDirection::kUp ? down.value_or(kbit) : down;
    up = mapping.direction != RateDirection::kDown ? up.value_or(kbit) : up;
  }
  if (!down && !up) {
    return std::nullopt;
  }
  return SubscriberRate{.down = down.value_or(0), .up = up.value_or(0)};
}

Rate read_cisco(const Packet& packet, const RateMapping& mapping) {
  std::optional<SubscriberRate> all;
  for (const Attribute& attribute : packet.attributes()) {
    if (!has(attribute, mapping)) {
      continue;
    }
    const auto one = parse_cisco_rate(attribute.text());
    if (!one) {
      return std::unexpected(mapping.attribute + ' ' + value_text(attribute, mapping.type) + ' ' +
                             one.error());
    }
    if (*one) {
      all = all.value_or(SubscriberRate{});
      all->down = (*one)->down != 0 ? (*one)->down : all->down;
      all->up = (*one)->up != 0 ? (*one)->up : all->up;
    }
  }
  return all;
}

/// The first that is a rate; the others name filters.
Rate read_filter(const Packet& packet, const RateMapping& mapping) {
  for (const Attribute& attribute : packet.attributes()) {
    if (const auto rate = has(attribute, mapping) ? parse_filter_rate(attribute.text()) : std::nullopt) {
      return rate;
    }
  }
  return std::nullopt;
}

Rate read_text(const Packet& packet, const RateMapping& mapping) {
  if (mapping.form == RateForm::kCiscoAvPair) {
    return read_cisco(packet, mapping);
  }
  if (mapping.form == RateForm::kFilterId) {
    return read_filter(packet, mapping);
  }
  const Attribute* attribute = find(packet, mapping);
  if (attribute == nullptr) {
    return std::nullopt;
  }
  const auto rate = parse_mikrotik_rate(attribute->text());
  return rate ? Rate(rate)
              : std::unexpected(mapping.attribute + ' ' + value_text(*attribute, mapping.type) +
                                " is no rate");
}

}  // namespace

std::optional<SubscriberRate> parse_mikrotik_rate(std::string_view text) {
  const std::string_view first = next_word(text);
  const std::size_t slash = first.find('/');
  const auto up = read_bits(first.substr(0, slash));
  const auto down = slash == std::string_view::npos ? up : read_bits(first.substr(slash + 1));
  if (!up || !down) {
    return std::nullopt;
  }
  return SubscriberRate{.down = kbit_of(*down), .up = kbit_of(*up)};
}

std::expected<std::optional<SubscriberRate>, std::string> parse_cisco_rate(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (!is_cisco_interface(text) || equals == std::string_view::npos) {
    return std::nullopt;
  }
  text.remove_prefix(equals + 1);
  if (next_word(text) != "rate-limit") {
    return std::nullopt;
  }
  const std::string_view direction = next_word(text);
  const bool output = direction == "output";
  if (!output && direction != "input") {
    return std::unexpected("has a rate-limit that is neither input nor output");
  }
  const std::string_view number = next_word(text);
  if (number == "access-group") {
    return std::unexpected("has a rate-limit of an access-group");
  }
  const auto bits = read_bits(number);
  if (!bits) {
    return std::unexpected("has a rate-limit without a rate");
  }
  return output ? SubscriberRate{.down = kbit_of(*bits), .up = 0}
                : SubscriberRate{.down = 0, .up = kbit_of(*bits)};
}

std::optional<SubscriberRate> parse_filter_rate(std::string_view text) {
  return parse_rate(without_blanks(text));
}

bool fits(RateForm form, ValueType type) {
  switch (type) {
    case ValueType::kString:
      return true;
    case ValueType::kByte:
    case ValueType::kShort:
    case ValueType::kInteger:
    case ValueType::kInteger64:
      return is_number(form);
    default:
      return false;
  }
}

std::vector<RateMapping> default_rates() {
  return {
      {"Mikrotik-Rate-Limit", kMikrotik, 8, ValueType::kString, RateForm::kMikrotikText},
      {"WISPr-Bandwidth-Max-Up", kWispr, 7, ValueType::kInteger, RateForm::kBit, RateDirection::kUp},
      {"WISPr-Bandwidth-Max-Down", kWispr, 8, ValueType::kInteger, RateForm::kBit, RateDirection::kDown},
      {"Cisco-AVPair", kCisco, 1, ValueType::kString, RateForm::kCiscoAvPair},
      {"Filter-Id", kNoVendor, static_cast<std::uint8_t>(Type::kFilterId), ValueType::kString,
       RateForm::kFilterId},
  };
}

const Attribute* filter_that_is_no_rate(const Packet& packet, std::span<const RateMapping> mappings) {
  const auto& all = packet.attributes();
  const auto found = std::ranges::find_if(all, [&](const Attribute& attribute) {
    return std::ranges::any_of(mappings, [&](const RateMapping& mapping) {
      return mapping.form == RateForm::kFilterId && has(attribute, mapping) &&
             !parse_filter_rate(attribute.text());
    });
  });
  return found == all.end() ? nullptr : &*found;
}

bool carries_rate(const Attribute& attribute, std::span<const RateMapping> mappings) {
  return std::ranges::any_of(mappings, [&](const RateMapping& mapping) {
    if (!has(attribute, mapping)) {
      return false;
    }
    return mapping.form != RateForm::kCiscoAvPair || is_cisco_interface(attribute.text());
  });
}

std::expected<std::optional<SubscriberRate>, std::string> read_rate(const Packet& packet,
                                                                    std::span<const RateMapping> mappings) {
  while (!mappings.empty()) {
    const auto text = std::ranges::find_if_not(mappings, is_number, &RateMapping::form);
    const auto numbers = static_cast<std::size_t>(text - mappings.begin());
    auto rate = numbers > 0 ? read_numbers(packet, mappings.first(numbers)) : read_text(packet, mappings[0]);
    if (!rate || *rate) {
      return rate;
    }
    mappings = mappings.subspan(std::max<std::size_t>(numbers, 1));
  }
  return std::nullopt;
}

}  // namespace adit::control::radius
