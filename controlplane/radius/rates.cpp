// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/rates.hpp"

#include <charconv>

namespace adit::control::radius {
namespace {

constexpr std::uint64_t kLargestKbit = 4'000'000'000;
constexpr std::uint8_t kMikrotikRateLimit = 8;
constexpr std::uint8_t kWisprMaxUp = 7;
constexpr std::uint8_t kWisprMaxDown = 8;
constexpr std::uint8_t kCiscoAvPair = 1;

/// Kbit of bits, not less than one of any.
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

std::expected<std::optional<SubscriberRate>, std::string> read_wispr(const Packet& packet) {
  const Attribute* up = packet.find(kWispr, kWisprMaxUp);
  const Attribute* down = packet.find(kWispr, kWisprMaxDown);
  if (up == nullptr && down == nullptr) {
    return std::nullopt;
  }
  SubscriberRate rate;
  for (const auto& [attribute, into] : {std::pair(up, &rate.up), std::pair(down, &rate.down)}) {
    const auto bits = attribute != nullptr ? number_of(*attribute) : std::optional<std::uint32_t>(0);
    if (!bits) {
      return std::unexpected("WISPr-Bandwidth-Max is no number of four octets");
    }
    *into = kbit_of(*bits);
  }
  return rate;
}

std::expected<std::optional<SubscriberRate>, std::string> read_cisco(const Packet& packet) {
  std::optional<SubscriberRate> all;
  for (const Attribute& attribute : packet.attributes()) {
    if (!attribute.is(kCisco, kCiscoAvPair)) {
      continue;
    }
    const auto one = parse_cisco_rate(attribute.text());
    if (!one) {
      return one;
    }
    if (*one) {
      all = all.value_or(SubscriberRate{});
      all->down = (*one)->down != 0 ? (*one)->down : all->down;
      all->up = (*one)->up != 0 ? (*one)->up : all->up;
    }
  }
  return all;
}

}  // namespace

std::optional<SubscriberRate> parse_mikrotik_rate(std::string_view text) {
  const std::string_view first = text.substr(0, text.find(' '));
  const std::size_t slash = first.find('/');
  const auto up = read_bits(first.substr(0, slash));
  const auto down = slash == std::string_view::npos ? up : read_bits(first.substr(slash + 1));
  if (!up || !down) {
    return std::nullopt;
  }
  return SubscriberRate{.down = kbit_of(*down), .up = kbit_of(*up)};
}

std::expected<std::optional<SubscriberRate>, std::string> parse_cisco_rate(std::string_view text) {
  constexpr std::string_view kInterface = "lcp:interface-config";
  constexpr std::string_view kRate = "=rate-limit ";
  const std::size_t at = text.find(kRate);
  if (!text.starts_with(kInterface) || at == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view words = text.substr(at + kRate.size());
  const bool output = words.starts_with("output ");
  if (!output && !words.starts_with("input ")) {
    return std::unexpected("Cisco-AVPair rate-limit is neither input nor output");
  }
  words = words.substr(output ? 7 : 6);
  if (words.starts_with("access-group ")) {
    return std::unexpected("Cisco-AVPair rate-limit has an access-group");
  }
  const auto bits = read_bits(words.substr(0, words.find(' ')));
  if (!bits) {
    return std::unexpected("Cisco-AVPair rate-limit has no rate");
  }
  return output ? SubscriberRate{.down = kbit_of(*bits), .up = 0}
                : SubscriberRate{.down = 0, .up = kbit_of(*bits)};
}

bool carries_rate(const Attribute& attribute) {
  return attribute.is(kMikrotik, kMikrotikRateLimit) || attribute.is(kWispr, kWisprMaxUp) ||
         attribute.is(kWispr, kWisprMaxDown) || attribute.type == Type::kFilterId ||
         (attribute.is(kCisco, kCiscoAvPair) && attribute.text().starts_with("lcp:interface-config"));
}

std::expected<std::optional<SubscriberRate>, std::string> read_rate(const Packet& packet) {
  if (const Attribute* mikrotik = packet.find(kMikrotik, kMikrotikRateLimit)) {
    const auto rate = parse_mikrotik_rate(mikrotik->text());
    return rate ? std::expected<std::optional<SubscriberRate>, std::string>(rate)
                : std::unexpected("Mikrotik-Rate-Limit is no rate");
  }
  if (auto wispr = read_wispr(packet); !wispr || *wispr) {
    return wispr;
  }
  if (auto cisco = read_cisco(packet); !cisco || *cisco) {
    return cisco;
  }
  const Attribute* filter = packet.find(Type::kFilterId);
  return filter != nullptr ? parse_rate(filter->text()) : std::nullopt;
}

}  // namespace adit::control::radius
