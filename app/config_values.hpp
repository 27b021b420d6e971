// SPDX-License-Identifier: Apache-2.0
// The kinds of values in adit.toml and files like it. A kind reads a TOML node into a value, or says what is
// wrong and what to write instead; and it shows a value the way the sample spells it. Thread: control, at
// start-up.
#pragma once

#include <toml++/toml.h>

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::app {

struct Complaint {
  std::string wrong;               ///< "is not a duration"
  std::string remedy;              ///< "write seconds (10) or text like \"500ms\""
  const toml::node* at = nullptr;  ///< the element of a list that is wrong, if not the node itself
  bool secret = false;             ///< do not show what was written
};

template <typename Value>
using Read = std::expected<Value, Complaint>;

/// A node as written, bounded and escaped: "text", 12, a table.
[[nodiscard]] std::string show_node(const toml::node& node);

/// Text as TOML writes it, and JSON.
[[nodiscard]] std::string quoted_text(std::string_view text);

struct BoolKind {
  using Value = bool;
  [[nodiscard]] Read<bool> read(const toml::node& node) const;
  [[nodiscard]] std::string show(bool value) const { return value ? "true" : "false"; }
};

/// A whole number within bounds, both included.
[[nodiscard]] Read<std::int64_t> read_number(const toml::node& node, std::int64_t least, std::int64_t most);

template <typename Integer>
struct NumberKind {
  using Value = Integer;
  Integer least;
  Integer most;
  [[nodiscard]] Read<Integer> read(const toml::node& node) const {
    const Read<std::int64_t> number = read_number(node, least, most);
    if (!number) {
      return std::unexpected(number.error());
    }
    return static_cast<Integer>(*number);
  }
  [[nodiscard]] std::string show(Integer value) const { return std::to_string(value); }
};

/// A decimal number, 0.2, read into thousandths; bounds too.
struct FactorKind {
  using Value = std::uint32_t;
  std::uint32_t least;
  std::uint32_t most;
  [[nodiscard]] Read<std::uint32_t> read(const toml::node& node) const;
  [[nodiscard]] std::string show(std::uint32_t value) const;
};

/// Kbit/s: 10240, "10240", or "10240/2048" for down and up.
struct KbitKind {
  using Value = control::SubscriberRate;
  [[nodiscard]] Read<control::SubscriberRate> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const control::SubscriberRate& value) const;
};

/// "500ms" or "10s".
[[nodiscard]] std::string show_duration(control::Duration value);

/// Seconds as a whole number, or text with a unit: "500ms", "10s", "2m", "1h".
struct DurationKind {
  using Value = control::Duration;
  control::Duration least;
  control::Duration most;
  [[nodiscard]] Read<control::Duration> read(const toml::node& node) const;
  [[nodiscard]] std::string show(control::Duration value) const;
};

/// Text for humans or peers: printable, length bounded.
struct TextKind {
  using Value = std::string;
  std::size_t least;
  std::size_t most;   ///< octets
  bool ascii = true;  ///< else UTF-8: names that RADIUS gives, too
  [[nodiscard]] Read<std::string> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::string& value) const { return quoted_text(value); }
};

/// Text that is never shown, not even in error messages; length bounded.
struct SecretKind {
  using Value = crypto::SecretText;
  std::size_t most;
  [[nodiscard]] Read<crypto::SecretText> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const crypto::SecretText&) const { return "\"\""; }
};

/// An absolute path (a relative one would depend on where aditd was started).
struct PathKind {
  using Value = std::string;
  std::size_t most;
  bool may_be_empty;
  [[nodiscard]] Read<std::string> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::string& value) const { return quoted_text(value); }
};

/// A kernel interface name; "" is none.
struct InterfaceKind {
  using Value = std::string;
  [[nodiscard]] static bool accepts(const std::string& name);
  [[nodiscard]] Read<std::string> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::string& value) const { return quoted_text(value); }
};

/// A VLAN: 100 or "100", or "200.100" for the outer and the inner tag; "" is none.
struct VlanKind {
  using Value = wire::Vlan;
  [[nodiscard]] Read<wire::Vlan> read(const toml::node& node) const;
  [[nodiscard]] std::string show(wire::Vlan value) const { return '"' + wire::to_string(value) + '"'; }
};

/// One EAL argument, one word.
struct EalArgumentKind {
  using Value = std::string;
  [[nodiscard]] Read<std::string> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::string& value) const { return quoted_text(value); }
};

/// A unicast IPv4 address; "" is none where there may be none, and 127/8 one where this machine itself may be meant.
struct Ipv4Kind {
  using Value = wire::Ipv4Address;
  bool may_be_none = false;
  bool may_be_loopback = false;
  [[nodiscard]] Read<wire::Ipv4Address> read(const toml::node& node) const;
  [[nodiscard]] std::string show(wire::Ipv4Address value) const {
    return value.is_none() ? "\"\"" : '"' + wire::to_string(value) + '"';
  }
};

/// An IPv6 address that a host beyond a link can have.
struct Ipv6Kind {
  using Value = wire::Ipv6Address;
  [[nodiscard]] Read<wire::Ipv6Address> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const wire::Ipv6Address& value) const {
    return '"' + wire::to_string(value) + '"';
  }
};

/// A prefix of such addresses, without bits behind its length: "2001:db8:64::/48".
struct Ipv6PrefixKind {
  using Value = wire::Ipv6Prefix;
  [[nodiscard]] Read<wire::Ipv6Prefix> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const wire::Ipv6Prefix& value) const {
    return '"' + wire::to_string(value) + '"';
  }
};

/// The interface identifier of an address in fe80::/64: "fe80::1".
struct LinkLocalKind {
  using Value = std::uint64_t;
  [[nodiscard]] Read<std::uint64_t> read(const toml::node& node) const;
  [[nodiscard]] std::string show(std::uint64_t value) const {
    return '"' + wire::to_string(wire::link_local(value)) + '"';
  }
};

/// A domain name of RFC 1035 §2.3.1, without the dot at its end; a label may begin with a digit (RFC 1123 §2.1).
struct DomainKind {
  using Value = std::string;
  [[nodiscard]] Read<std::string> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const std::string& value) const { return quoted_text(value); }
};

/// "10.64.0.2-10.64.255.254", "10.64.0.2-254" (last octet), "10.64.0.0/16" (without first and last).
struct RangeKind {
  using Value = control::AddressRange;
  [[nodiscard]] Read<control::AddressRange> read(const toml::node& node) const;
  [[nodiscard]] std::string show(const control::AddressRange& value) const {
    return '"' + wire::to_string(value.first) + '-' + wire::to_string(value.last) + '"';
  }
};

/// Bits of an MPPE session key.
struct KeyLengthKind {
  using Value = contract::MppeStrength;
  [[nodiscard]] Read<contract::MppeStrength> read(const toml::node& node) const;
  [[nodiscard]] std::string show(contract::MppeStrength value) const;
};

/// One word of a few. Returns its index.
[[nodiscard]] Read<std::size_t> read_choice(const toml::node& node, std::span<const std::string_view> words);

template <typename Choice>
struct ChoiceKind {
  using Value = Choice;
  std::vector<std::pair<std::string_view, Choice>> choices;
  [[nodiscard]] Read<Choice> read(const toml::node& node) const {
    std::vector<std::string_view> words;
    for (const auto& [word, choice] : choices) {
      words.push_back(word);
    }
    const Read<std::size_t> index = read_choice(node, words);
    if (!index) {
      return std::unexpected(index.error());
    }
    return choices[*index].second;
  }
  [[nodiscard]] std::string show(Choice value) const {
    for (const auto& [word, choice] : choices) {
      if (choice == value) {
        return '"' + std::string(word) + '"';
      }
    }
    return "\"\"";
  }
};

/// A list of one kind; duplicates are left to the cross-checks.
template <typename Kind>
struct ListKind {
  using Value = std::vector<typename Kind::Value>;
  Kind kind;
  std::string_view remedy;  ///< what the list should look like
  [[nodiscard]] Read<Value> read(const toml::node& node) const {
    const toml::array* array = node.as_array();
    if (array == nullptr) {
      return std::unexpected(Complaint{"is not a list", std::string(remedy)});
    }
    Value values;
    for (const toml::node& element : *array) {
      auto value = kind.read(element);
      if (!value) {
        Complaint complaint = std::move(value.error());
        complaint.at = &element;
        return std::unexpected(std::move(complaint));
      }
      values.push_back(std::move(*value));
    }
    return values;
  }
  [[nodiscard]] std::string show(const Value& values) const {
    std::string text = "[";
    for (const auto& value : values) {
      text += (text.size() > 1 ? ", " : "") + kind.show(value);
    }
    return text + "]";
  }
};

/// The candidate that `word` most likely meant, or nothing. Ignores case, and `_` for `-`.
[[nodiscard]] std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace adit::app
