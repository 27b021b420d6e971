// SPDX-License-Identifier: Apache-2.0
// A row of a settings table: a key's name, its kind, the field it fills and its help. Reading, showing and
// suggesting all use such tables. Thread: control, at start-up.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "app/config_values.hpp"

namespace adit::app {

/// What a reload does with a key that has another value than before.
enum class ReloadEffect : std::uint8_t {
  kNow,  ///< it counts at once
  kNewCalls,  ///< it counts for connections and calls that begin from then on; the others keep what they began with
  kNextStart,  ///< it is noted, and counts when aditd starts again
};

/// One key of one section; Target is the struct that the section fills.
template <typename Target>
struct Key {
  std::string_view section;
  std::string_view name;     ///< hyphens between words
  std::string_view example;  ///< how the sample sets it; empty: it is shown commented out, with its default
  std::string_view help;     ///< lines of at most 108 columns
  std::function<std::optional<Complaint>(const toml::node&, Target&)> read;
  std::function<std::string(const Target&)> show;
  std::function<crypto::SecretText(const Target&)>
      secret{};  ///< of a key whose value show() keeps to itself; else none
  std::function<void(const Target& from, Target& to)> copy{};
  ReloadEffect effect = ReloadEffect::kNextStart;
};

/// `access` gives the field of a Target, `kind` (one of config_values.hpp) reads and shows it.
template <typename Target, typename Access, typename Kind>
Key<Target> key(std::string_view section, std::string_view name, std::string_view example, Access access,
                Kind kind, std::string_view help) {
  // One accessor serves reading and showing; it only names a field.
  const auto field = [access](const Target& target) -> const auto& {
    return access(const_cast<Target&>(target));
  };
  Key<Target> row{section,
                  name,
                  example,
                  help,
                  [access, kind](const toml::node& node, Target& target) -> std::optional<Complaint> {
                    auto value = kind.read(node);
                    if (!value) {
                      return std::move(value.error());
                    }
                    access(target) = std::move(*value);
                    return std::nullopt;
                  },
                  [field, kind](const Target& target) { return kind.show(field(target)); }};
  row.copy = [access, field](const Target& from, Target& to) { access(to) = field(from); };
  if constexpr (std::is_same_v<std::remove_cvref_t<decltype(field(std::declval<const Target&>()))>,
                               crypto::SecretText>) {
    row.secret = field;
  }
  return row;
}

template <typename Target>
Key<Target> with_effect(ReloadEffect effect, Key<Target> row) {
  row.effect = effect;
  return row;
}

}  // namespace adit::app
