// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/load_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "app/adit-blast/plan/written_values.hpp"

namespace adit::app::blast {
namespace {

// From a minimal probe (IPv4, UDP, its mark) to what a tunnel over Ethernet carries.
constexpr std::uint16_t kLeastSize = 64;
constexpr std::uint16_t kMostSize = 1456;
constexpr double kMostPerSecond = 1e12;
constexpr std::uint32_t kMostReorderBy = 1000;

std::optional<double> real_of(const toml::node& node) {
  const std::optional<double> value = node.is_number() ? node.value<double>() : std::nullopt;
  return value && std::isfinite(*value) ? value : std::nullopt;
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

// Reads one "loss=1%"; false if it is something else.
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

}  // namespace adit::app::blast
