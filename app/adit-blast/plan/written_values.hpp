// SPDX-License-Identifier: Apache-2.0
// Turns command-line text into TOML nodes, so that one table of keys serves both argv and scenario files; and
// helpers with which kinds of values (plan_values.hpp, load_values.hpp) read text.
// Thread: control, at start-up.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/config_values.hpp"

namespace adit::app::blast {

/// "text": the text as a string; "value": the same as a TOML number or boolean, if it is one.
[[nodiscard]] toml::table nodes_of(std::string_view written);

/// Reads the text as a string if the kind accepts strings (--user 1234 is a name), otherwise as a number or
/// boolean.
template <typename Kind>
[[nodiscard]] Read<typename Kind::Value> read_written(const Kind& kind, std::string_view written) {
  const toml::table nodes = nodes_of(written);
  auto value = kind.read(*nodes.get("text"));
  if (const toml::node* other = nodes.get("value"); !value && other != nullptr) {
    value = kind.read(*other);
  }
  if (!value) {
    value.error().at = nullptr;  // the nodes do not outlive this function
  }
  return value;
}

/// The parts of "a,b, c", without surrounding blanks. Empty parts are kept, so that the reader can report
/// them.
[[nodiscard]] std::vector<std::string_view> split_at_commas(std::string_view text);

/// A TOML list, a string with comma-separated elements, or a single number.
template <typename Kind>
struct WordsKind {
  using Value = std::vector<typename Kind::Value>;
  ListKind<Kind> list;
  [[nodiscard]] Read<Value> read(const toml::node& node) const {
    const auto* text = node.as_string();
    if (node.is_number()) {
      auto value = list.kind.read(node);
      if (!value) {
        return std::unexpected(std::move(value.error()));
      }
      return Value{std::move(*value)};
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
  /// As on the command line: mschap-v2,pap.
  [[nodiscard]] std::string show(const Value& values) const {
    std::string text;
    for (const auto& value : values) {
      text += (text.empty() ? "" : ",") + list.kind.show(value);
    }
    std::erase(text, '"');
    return '"' + text + '"';
  }
};

[[nodiscard]] std::unexpected<Complaint> complain(std::string wrong, std::string remedy);

/// nullptr: the node is not a string.
[[nodiscard]] const std::string* text_of(const toml::node& node);

/// Digits with an optional fraction and no sign: neither "inf" nor "1e9".
[[nodiscard]] std::optional<double> to_real(std::string_view text);

/// Without leading and trailing blanks.
[[nodiscard]] std::string_view trimmed(std::string_view text);

}  // namespace adit::app::blast
