// SPDX-License-Identifier: Apache-2.0
// The kinds of values that a plan knows beyond those of config_values.hpp, and how text of the command line becomes
// a TOML node, so that one table of keys serves argv and scenario files alike. Thread: control, at start-up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/adit-blast/plan/plan.hpp"
#include "app/config_values.hpp"

namespace adit::app::blast {

/// "text": what was written, as a string; "value": what TOML makes of it, when that is a number or a boolean.
[[nodiscard]] toml::table nodes_of(std::string_view written);

/// As nodes_of(): text is what it looks like only where text itself will not do (--user 1234 is a name).
template <typename Kind>
[[nodiscard]] Read<typename Kind::Value> read_written(const Kind& kind, std::string_view written) {
  const toml::table nodes = nodes_of(written);
  auto value = kind.read(*nodes.get("text"));
  if (const toml::node* other = nodes.get("value"); !value && other != nullptr) {
    value = kind.read(*other);
  }
  if (!value) {
    value.error().at = nullptr;  // the nodes end here
  }
  return value;
}

/// The parts of "a,b, c", without the blanks around them; empty parts stay, for the reader of a part to refuse.
[[nodiscard]] std::vector<std::string_view> split_at_commas(std::string_view text);

/// A list, or its elements in one text with commas between, or its only element, a number.
template <typename Kind>
struct WordsKind {
  using Value = std::vector<typename Kind::Value>;
  ListKind<Kind> list;
  [[nodiscard]] Read<Value> read(const toml::node& node) const {
    const auto* text = node.as_string();
    if (node.is_number()) {
      return list.read(toml::array{node.value<std::int64_t>().value_or(0)});
    }
    if (text == nullptr) {
      return list.read(node);
    }
    Value values;
    for (const std::string_view part : split_at_commas(text->get())) {
      auto value = read_written(list.kind, part);
      if (!value) {
        return std::unexpected(std::move(value.error()));
      }
      values.push_back(std::move(*value));
    }
    return values;
  }
  /// As the command line spells it: mschap-v2,pap.
  [[nodiscard]] std::string show(const Value& values) const {
    std::string text;
    for (const auto& value : values) {
      text += (text.empty() ? "" : ",") + list.kind.show(value);
    }
    std::erase(text, '"');
    return '"' + text + '"';
  }
};

/// Consecutive addresses, all with one port.
struct Endpoint {
  wire::Ipv4Address address;
  std::uint16_t port = 1723;
  std::uint32_t count = 1;
};

/// "192.0.2.1", "192.0.2.1:1723" or "192.0.2.1-192.0.2.4".
struct EndpointKind {
  using Value = Endpoint;
  [[nodiscard]] Read<Endpoint> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const Endpoint& value) const;
};

/// "10.99.0.0/16", or one address.
struct PrefixKind {
  using Value = wire::Ipv4Prefix;
  [[nodiscard]] Read<wire::Ipv4Prefix> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const wire::Ipv4Prefix& value) const;
};

/// A number, whole or not, from 0.
struct RealKind {
  using Value = double;
  double most;
  [[nodiscard]] Read<double> read(const toml::node& node) const;
  [[nodiscard]] std::string show(double value) const;
};

/// "5%" as a fraction of 1.
struct PercentKind {
  using Value = double;
  double most_percent;
  [[nodiscard]] Read<double> read(const toml::node& node) const;
  [[nodiscard]] std::string show(double value) const;
};

/// "20kpps", "1.5Mpps", "100Mbps", "max"; 0 is nothing.
struct RateKind {
  using Value = Rate;
  [[nodiscard]] Read<Rate> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const Rate& value) const;
};

/// 64, "imix", or several: "64,imix,1400".
struct SizesKind {
  using Value = std::vector<SizeMix>;
  [[nodiscard]] Read<std::vector<SizeMix>> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::vector<SizeMix>& value) const;
};

/// "loss=1%,duplicate=0.5%,reorder=2%,reorder-by=3".
struct ImpairmentKind {
  using Value = Impairment;
  [[nodiscard]] Read<Impairment> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const Impairment& value) const;
};

/// A file's path, relative ones too: a person stands where they start this.
struct FileKind {
  using Value = std::string;
  [[nodiscard]] Read<std::string> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::string& value) const { return '"' + value + '"'; }
};

}  // namespace adit::app::blast
