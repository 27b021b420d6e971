// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/plan_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace adit::app::blast {
namespace {

// A minimal inner packet (IPv4, UDP, our mark) below; what a tunnel over Ethernet carries above.
constexpr std::uint16_t kLeastSize = 64;
constexpr std::uint16_t kMostSize = 1456;
constexpr double kMostPerSecond = 1e12;
constexpr std::uint32_t kMostReorderBy = 1000;
constexpr std::uint32_t kMostServers = 1024;

std::unexpected<Complaint> complain(std::string wrong, std::string remedy) {
  return std::unexpected(Complaint{std::move(wrong), std::move(remedy)});
}

const std::string* text_of(const toml::node& node) {
  const auto* text = node.as_string();
  return text == nullptr ? nullptr : &text->get();
}

// Digits with an optional fraction and no sign: neither "inf" nor "1e9".
std::optional<double> to_real(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (text.empty() || text.front() < '0' || text.front() > '9' || result.ec != std::errc() ||
      result.ptr != end) {
    return std::nullopt;
  }
  return value;
}

std::optional<double> real_of(const toml::node& node) {
  const std::optional<double> value = node.is_number() ? node.value<double>() : std::nullopt;
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::optional<double> to_percent(std::string_view text) {
  if (!text.ends_with('%')) {
    return std::nullopt;
  }
  text.remove_suffix(1);
  return to_real(trimmed(text));
}

std::string show_percent(double fraction) {
  return fmt::format("{:g}%", fraction * 100);
}

double take_multiplier(std::string_view& unit) {
  constexpr std::pair<char, double> kMultipliers[] = {{'k', 1e3}, {'K', 1e3}, {'M', 1e6}, {'G', 1e9}};
  for (const auto& [letter, factor] : kMultipliers) {
    if (unit.starts_with(letter)) {
      unit.remove_prefix(1);
      return factor;
    }
  }
  return 1;
}

std::optional<Rate> to_rate(std::string_view text) {
  if (text == "max") {
    return Rate{Rate::Unit::kMaximum, 0};
  }
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::optional<double> number = to_real(text.substr(0, digits));
  std::string_view unit = trimmed(text.substr(digits));
  if (number == 0.0 && unit.empty()) {
    return Rate{};
  }
  const double factor = take_multiplier(unit);
  if (!number || (unit != "pps" && unit != "bps")) {
    return std::nullopt;
  }
  return Rate{unit == "bps" ? Rate::Unit::kBits : Rate::Unit::kPackets, *number * factor};
}

std::optional<SizeMix> to_mix(std::string_view text) {
  if (text == "imix") {
    return SizeMix{};
  }
  const std::optional<double> size = to_real(text);
  if (!size || *size != std::floor(*size) || *size < kLeastSize || *size > kMostSize) {
    return std::nullopt;
  }
  const auto octets = static_cast<std::uint16_t>(*size);
  return SizeMix{std::to_string(octets), {{octets, 1}}};
}

// One "loss=1%"; false when it is none.
bool take_impairment(std::string_view part, Impairment& impairment) {
  const std::size_t equals = part.find('=');
  if (equals == std::string_view::npos) {
    return false;
  }
  const std::string_view name = trimmed(part.substr(0, equals));
  const std::string_view value = trimmed(part.substr(equals + 1));
  if (name == "reorder-by") {
    const std::optional<double> packets = to_real(value);
    if (!packets || *packets < 1 || *packets > kMostReorderBy) {
      return false;
    }
    impairment.reorder_by = static_cast<std::uint32_t>(*packets);
    return true;
  }
  const std::optional<double> percent = to_percent(value);
  double* field = name == "loss"        ? &impairment.loss
                  : name == "duplicate" ? &impairment.duplication
                  : name == "reorder"   ? &impairment.reordering
                                        : nullptr;
  if (field == nullptr || !percent || *percent > 100) {
    return false;
  }
  *field = *percent / 100;
  return true;
}

}  // namespace

toml::table nodes_of(std::string_view written) {
  toml::table nodes;
  nodes.insert("text", std::string(written));
  // A number or a boolean is one short word; anything else is not worth a parser.
  constexpr std::size_t kLongest = 40;
  if (written.empty() || written.size() > kLongest ||
      written.find_first_not_of("0123456789.+-truefals") != std::string_view::npos) {
    return nodes;
  }
  try {
    const toml::table parsed = toml::parse("v = " + std::string(written));
    if (const toml::node* value = parsed.get("v");
        value != nullptr && parsed.size() == 1 && (value->is_number() || value->is_boolean())) {
      value->visit([&](const auto& concrete) { nodes.insert("value", concrete); });
    }
  } catch (const toml::parse_error&) {  // then it is text and nothing else
  }
  return nodes;
}

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(comma + 1);
  }
}

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
  const std::string* text = text_of(node);
  const std::size_t slash = text == nullptr ? 0 : text->find('/');
  const auto address =
      text == nullptr ? std::nullopt : wire::parse_ipv4(std::string_view(*text).substr(0, slash));
  const std::optional<double> bits = text == nullptr || slash == std::string::npos
                                         ? std::optional(32.0)
                                         : to_real(std::string_view(*text).substr(slash + 1));
  if (!address || !bits || *bits != std::floor(*bits) || *bits < 8 || *bits > 32) {
    return complain("is not a prefix", "write \"10.99.0.0/16\", or one address; lengths are 8 to 32");
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

Read<double> RealKind::read(const toml::node& node) const {
  const std::optional<double> value = real_of(node);
  if (!value) {
    return complain("is not a number", fmt::format("write one from 0 to {:.0f}, without quotes", most));
  }
  if (*value < 0 || *value > most) {
    return complain("is out of range", fmt::format("write a number from 0 to {:.0f}", most));
  }
  return *value;
}

std::string RealKind::show(double value) const {
  return fmt::format("{:g}", value);
}

Read<double> PercentKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  const std::optional<double> percent = text == nullptr ? std::nullopt : to_percent(*text);
  if (!percent) {
    return complain("is not a percentage", "write it with its sign, like \"5%\" or \"0.1%\"");
  }
  if (*percent > most_percent) {
    return complain("is out of range", fmt::format("write \"0%\" to \"{:g}%\"", most_percent));
  }
  return *percent / 100;
}

std::string PercentKind::show(double value) const {
  return '"' + show_percent(value) + '"';
}

Read<Rate> RateKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  const bool is_zero = node.is_number() && real_of(node) == 0.0;
  const std::optional<Rate> rate = is_zero           ? std::optional(Rate{})
                                   : text == nullptr ? std::nullopt
                                                     : to_rate(*text);
  if (!rate) {
    return complain(
        "is not a rate",
        "write packets or bits a second of all calls together: \"20kpps\", \"1.5Mpps\", \"100Mbps\", "
        "\"max\", or 0 for none");
  }
  if (rate->per_second > kMostPerSecond) {
    return complain("is out of range", "write at most \"1000Gbps\", or \"max\"");
  }
  return *rate;
}

std::string RateKind::show(const Rate& value) const {
  if (value.unit == Rate::Unit::kMaximum) {
    return "\"max\"";
  }
  if (value.per_second == 0) {
    return "0";
  }
  const double factor = value.per_second >= 1e9   ? 1e9
                        : value.per_second >= 1e6 ? 1e6
                        : value.per_second >= 1e3 ? 1e3
                                                  : 1;
  const char* prefix = factor == 1e9 ? "G" : factor == 1e6 ? "M" : factor == 1e3 ? "k" : "";
  return fmt::format("\"{:g}{}{}\"", value.per_second / factor, prefix,
                     value.unit == Rate::Unit::kBits ? "bps" : "pps");
}

Read<std::vector<SizeMix>> SizesKind::read(const toml::node& node) const {
  constexpr const char* kRemedy = "write octets of an inner IP packet from 64 to 1456, or \"imix\"";
  std::string text;
  if (const auto* number = node.as_integer()) {
    text = std::to_string(number->get());
  } else if (const std::string* written = text_of(node)) {
    text = *written;
  } else if (const toml::array* list = node.as_array(); list != nullptr && !list->empty()) {
    std::vector<SizeMix> all;
    for (const toml::node& element : *list) {
      const Read<std::vector<SizeMix>> one =
          element.is_array() ? complain("is not a size", kRemedy) : read(element);
      if (!one) {
        return std::unexpected(Complaint{one.error().wrong, one.error().remedy, &element});
      }
      all.insert(all.end(), one->begin(), one->end());
    }
    return all;
  }
  std::vector<SizeMix> mixes;
  for (const std::string_view part : split_at_commas(text)) {
    const std::optional<SizeMix> mix = to_mix(part);
    if (!mix) {
      return complain("is not a size", kRemedy);
    }
    mixes.push_back(*mix);
  }
  return mixes;
}

std::string SizesKind::show(const std::vector<SizeMix>& value) const {
  std::string text;
  for (const SizeMix& mix : value) {
    text += (text.empty() ? "" : ",") + mix.name;
  }
  return '"' + text + '"';
}

Read<Impairment> ImpairmentKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  Impairment impairment;
  if (text != nullptr && text->empty()) {
    return impairment;
  }
  for (const std::string_view part : split_at_commas(text == nullptr ? "" : std::string_view(*text))) {
    if (!take_impairment(part, impairment)) {
      return complain("is not an impairment",
                      "write \"loss=1%,duplicate=0.5%,reorder=2%,reorder-by=3\", or some of it");
    }
  }
  if (impairment.loss + impairment.duplication + impairment.reordering > 1) {
    return complain("is more than 100 % together", "lower some of it");
  }
  return impairment;
}

std::string ImpairmentKind::show(const Impairment& value) const {
  std::string text;
  for (const auto& [name, fraction] :
       {std::pair("loss", value.loss), std::pair("duplicate", value.duplication),
        std::pair("reorder", value.reordering)}) {
    if (fraction > 0) {
      text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, show_percent(fraction));
    }
  }
  if (value.reordering > 0) {
    text += fmt::format(",reorder-by={}", value.reorder_by);
  }
  return '"' + text + '"';
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
