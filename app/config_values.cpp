// SPDX-License-Identifier: Apache-2.0
#include "app/config_values.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <utility>

#include "app/escape.hpp"

namespace adit::app {
namespace {

constexpr std::size_t kMaxShownValue = 60;
constexpr contract::MppeStrength kKeyLengths[] = {contract::MppeStrength::k40, contract::MppeStrength::k56,
                                                  contract::MppeStrength::k128};

std::unexpected<Complaint> complain(std::string wrong, std::string remedy) {
  return std::unexpected(Complaint{std::move(wrong), std::move(remedy)});
}

const std::string* text_of(const toml::node& node) {
  const auto* text = node.as_string();
  return text == nullptr ? nullptr : &text->get();
}

bool is_printable(char c) {
  return c >= ' ' && c <= '~';
}

std::optional<std::int64_t> to_number(std::string_view digits) {
  std::int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, number);
  if (digits.empty() || digits.front() == '-' || result.ec != std::errc() || result.ptr != end) {
    return std::nullopt;
  }
  return number;
}

// 2^40 ms is 34 years: enough, and no product below overflows.
constexpr std::int64_t kMaxCount = std::int64_t{1} << 40;

std::optional<control::Duration> to_duration(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<std::int64_t> number = to_number(text.substr(0, digits));
  if (!number || *number > kMaxCount) {
    return std::nullopt;
  }
  const std::string_view unit = text.substr(digits);
  if (unit == "ms") {
    return control::Duration(*number);
  }
  if (unit == "s" || unit.empty()) {
    return std::chrono::seconds(*number);
  }
  if (unit == "m" || unit == "min") {
    return std::chrono::minutes(*number);
  }
  if (unit == "h") {
    return std::chrono::hours(*number);
  }
  return std::nullopt;
}

std::optional<control::AddressRange> to_prefix(std::string_view address, std::string_view bits) {
  const std::optional<wire::Ipv4Address> base = wire::parse_ipv4(address);
  const std::optional<std::int64_t> length = to_number(bits);
  if (!base || !length || *length < 1 || *length > 32) {
    return std::nullopt;
  }
  const std::uint32_t hosts = *length == 32 ? 0 : 0xFFFFFFFFu >> *length;
  if ((base->value & hosts) != 0) {
    return std::nullopt;
  }
  const std::uint32_t edge = *length <= 30 ? 1 : 0;  // a /31 or /32 has no network and broadcast address
  return control::AddressRange{wire::Ipv4Address(base->value + edge),
                               wire::Ipv4Address(base->value + hosts - edge)};
}

std::optional<control::AddressRange> to_range(std::string_view text) {
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    return to_prefix(text.substr(0, slash), text.substr(slash + 1));
  }
  const std::size_t dash = text.find('-');
  const std::optional<wire::Ipv4Address> first = wire::parse_ipv4(text.substr(0, dash));
  if (!first || dash == std::string_view::npos) {
    return first ? std::optional(control::AddressRange{*first, *first}) : std::nullopt;
  }
  const std::string_view end = text.substr(dash + 1);
  if (const std::optional<std::int64_t> octet = to_number(end); octet && *octet <= 255) {
    return control::AddressRange{
        *first, wire::Ipv4Address((first->value & ~255u) | static_cast<std::uint32_t>(*octet))};
  }
  const std::optional<wire::Ipv4Address> last = wire::parse_ipv4(end);
  return last ? std::optional(control::AddressRange{*first, *last}) : std::nullopt;
}

std::string folded(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    c = c == '_' ? '-' : (c >= 'A' && c <= 'Z') ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

// Levenshtein distance, in two rows.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> above(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    above[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = above[0];
    above[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = above[j];
      above[j] = std::min({above[j] + 1, above[j - 1] + 1, replaced});
    }
  }
  return above[b.size()];
}

}  // namespace

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    if (c >= 0 && c < ' ') {
      constexpr char kDigits[] = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string show_node(const toml::node& node) {
  if (const std::string* text = text_of(node)) {
    return '"' + escape_octets(*text, kMaxShownValue) + '"';
  }
  if (node.is_table()) {
    return "a table";
  }
  std::ostringstream out;
  out << toml::node_view<const toml::node>(node);
  std::string text = std::move(out).str();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return escape_octets(text, kMaxShownValue);
}

Read<bool> BoolKind::read(const toml::node& node) const {
  const auto* value = node.as_boolean();
  if (value == nullptr) {
    return complain("is neither true nor false", "write true or false, without quotes");
  }
  return value->get();
}

Read<std::int64_t> read_number(const toml::node& node, std::int64_t least, std::int64_t most) {
  const std::string bounds = std::to_string(least) + " to " + std::to_string(most);
  const auto* value = node.as_integer();
  if (value == nullptr) {
    return complain("is not a whole number", "write a number from " + bounds + ", without quotes");
  }
  if (value->get() < least || value->get() > most) {
    return complain("is out of range", "write a number from " + bounds);
  }
  return value->get();
}

Read<std::uint32_t> FactorKind::read(const toml::node& node) const {
  const auto value = node.is_number() ? node.value<double>() : std::nullopt;
  const std::string remedy = "write a number from " + show(least) + " to " + show(most) + ", without quotes";
  if (!value) {
    return complain("is not a number", remedy);
  }
  const double thousandths = std::round(*value * 1000);
  if (!(thousandths >= least && thousandths <= most)) {  // nor NaN
    return complain("is out of range", remedy);
  }
  return static_cast<std::uint32_t>(thousandths);
}

std::string FactorKind::show(std::uint32_t value) const {
  return fmt::format("{:g}", value / 1000.0);
}

Read<control::SubscriberRate> KbitKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  const auto* number = node.as_integer();
  const auto rate = text != nullptr && text->empty() ? std::optional(control::SubscriberRate{})
                    : text != nullptr                ? control::parse_rate(*text)
                    : number != nullptr              ? control::parse_rate(std::to_string(number->get()))
                                                     : std::nullopt;
  if (!rate) {
    return complain("is not a rate", "write kbit/s: 10240, or \"10240/2048\" for down and up");
  }
  return *rate;
}

std::string KbitKind::show(const control::SubscriberRate& value) const {
  return '"' + control::to_string(value) + '"';
}

std::string show_duration(control::Duration value) {
  const auto count = value.count();
  if (count % 1000 != 0) {
    return std::to_string(count) + "ms";
  }
  return std::to_string(count / 1000) + "s";
}

Read<control::Duration> DurationKind::read(const toml::node& node) const {
  std::optional<control::Duration> value;
  if (const auto* seconds = node.as_integer();
      seconds != nullptr && seconds->get() >= 0 && seconds->get() <= kMaxCount) {
    value = std::chrono::seconds(seconds->get());
  } else if (const std::string* text = text_of(node)) {
    value = to_duration(*text);
  }
  if (!value) {
    return complain("is not a duration",
                    "write seconds as a number, or text like \"10s\", \"500ms\", \"2m\"");
  }
  if (*value < least || *value > most) {
    return complain("is out of range", "write " + show_duration(least) + " to " + show_duration(most));
  }
  return *value;
}

std::string DurationKind::show(control::Duration value) const {
  return '"' + show_duration(value) + '"';
}

Read<std::string> TextKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  const std::string remedy =
      "write " + std::to_string(least) + " to " + std::to_string(most) +
      (ascii ? " printable ASCII characters in quotes" : " octets of printable UTF-8 in quotes");
  if (text == nullptr) {
    return complain("is not text", remedy);
  }
  if (ascii && !std::all_of(text->begin(), text->end(), is_printable)) {
    return complain("has a character that is not printable ASCII", remedy);
  }
  if (escape_text(*text, text->size()) != *text) {
    return complain("has a character that is not printable", remedy);
  }
  if (text->size() < least || text->size() > most) {
    return complain("has " + std::to_string(text->size()) + (ascii ? " characters" : " octets"), remedy);
  }
  return *text;
}

Read<crypto::SecretText> SecretKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  if (text == nullptr || text->empty() || text->size() > most) {
    return std::unexpected(
        Complaint{.wrong = "is not a secret",
                  .remedy = "write text of 1 to " + std::to_string(most) + " characters in quotes",
                  .secret = true});
  }
  return crypto::SecretText(*text);
}

Read<std::string> PathKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  if (text == nullptr) {
    return complain("is not a path", "write an absolute path in quotes");
  }
  if (text->empty() && may_be_empty) {
    return *text;
  }
  if (text->empty() || text->front() != '/') {
    return complain("is not an absolute path", "write it from / on");
  }
  if (text->find('\0') != std::string::npos) {
    return complain("contains a NUL", "write an absolute path");
  }
  if (text->size() > most) {
    return complain("has " + std::to_string(text->size()) + " octets",
                    "use a path of at most " + std::to_string(most));
  }
  return *text;
}

bool InterfaceKind::accepts(const std::string& name) {
  const auto is_bad = [](char c) { return !is_printable(c) || c == ' ' || c == '/' || c == ':' || c == ','; };
  return name.size() <= 15 && std::none_of(name.begin(), name.end(), is_bad) && name != "." && name != "..";
}

Read<std::string> InterfaceKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  if (text == nullptr || !accepts(*text)) {
    return complain("is no name of a network interface", "write one that `ip link` shows, like \"eth0\"");
  }
  return *text;
}

Read<wire::Vlan> VlanKind::read(const toml::node& node) const {
  const auto* number = node.as_integer();
  const std::string* written = text_of(node);
  const std::string text = number != nullptr    ? std::to_string(number->get())
                           : written != nullptr ? *written
                                                : "?";
  if (text.empty()) {
    return wire::Vlan{};
  }
  const auto id_of = [](std::string_view digits) -> std::uint16_t {
    unsigned id = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    const bool good = error == std::errc{} && end == digits.data() + digits.size() && id <= wire::kMaxVlanId;
    return good ? static_cast<std::uint16_t>(id) : std::uint16_t{0};
  };
  const std::size_t dot = text.find('.');
  wire::Vlan vlan{.outer = id_of(std::string_view(text).substr(0, dot))};
  if (dot != std::string::npos) {
    vlan.inner = id_of(std::string_view(text).substr(dot + 1));
    vlan.outer_type = wire::EtherType::kServiceVlan;
  }
  if (vlan.outer == 0 || (dot != std::string::npos && vlan.inner == 0)) {
    return complain("is no VLAN",
                    "write an ID of 1 to 4094, or \"200.100\" for an outer tag and one inside it");
  }
  return vlan;
}

Read<std::string> EalArgumentKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  if (text == nullptr || text->empty() || !std::all_of(text->begin(), text->end(), is_printable)) {
    return complain("is not an EAL argument", "write each word in quotes: [\"-l\", \"0-3\"]");
  }
  if (text->find(' ') != std::string::npos) {
    return complain("is more than one word", "write each word in quotes of its own: [\"-l\", \"0-3\"]");
  }
  return *text;
}

Read<wire::Ipv4Address> Ipv4Kind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  const std::optional<wire::Ipv4Address> address = text == nullptr ? std::nullopt : wire::parse_ipv4(*text);
  if (may_be_none && text != nullptr && text->empty()) {
    return wire::Ipv4Address();
  }
  if (!address) {
    return complain("is not an IPv4 address", "write four numbers in quotes, like \"192.0.2.1\"");
  }
  if (!wire::is_host(*address) && !(may_be_loopback && wire::is_loopback(*address))) {
    return complain("is not a unicast address",
                    "write one that a host can have (0.0.0.0 cannot stand for all)");
  }
  return *address;
}

Read<wire::Ipv6Address> Ipv6Kind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  const auto address = text == nullptr ? std::nullopt : wire::parse_ipv6_address(*text);
  if (!address) {
    return complain("is not an IPv6 address", "write one in quotes, like \"2001:db8:53::53\"");
  }
  if (!wire::is_host(*address)) {
    return complain("is not a unicast address beyond a link", "write one that a host anywhere can have");
  }
  return *address;
}

Read<wire::Ipv6Prefix> Ipv6PrefixKind::read(const toml::node& node) const {
  // Unspecified, loopback and mapped; on a link alone; multicast.
  constexpr wire::Ipv6Prefix kNoHosts[] = {{.address = {}, .length = 8},
                                           {.address = {0xfe80'0000'0000'0000, 0}, .length = 10},
                                           {.address = {0xff00'0000'0000'0000, 0}, .length = 8}};
  const std::string* text = text_of(node);
  const auto prefix = text == nullptr ? std::nullopt : wire::parse_ipv6_prefix(*text);
  if (!prefix) {
    return complain("is not an IPv6 prefix",
                    "write one in quotes, like \"2001:db8:64::/48\", with nothing behind its length");
  }
  for (const wire::Ipv6Prefix& none : kNoHosts) {
    if (none.contains(*prefix) || prefix->contains(none)) {
      return complain("holds addresses that no host can have", "keep out of ::/8, fe80::/10 and ff00::/8");
    }
  }
  return *prefix;
}

Read<std::uint64_t> LinkLocalKind::read(const toml::node& node) const {
  constexpr wire::Ipv6Prefix kOfLinks{.address = wire::link_local(0), .length = 64};
  const std::string* text = text_of(node);
  const auto address = text == nullptr ? std::nullopt : wire::parse_ipv6_address(*text);
  if (!address || !kOfLinks.contains(*address) || address->low == 0) {
    return complain("is not a link-local address", "write one in quotes, like \"fe80::1\"");
  }
  return address->low;
}

Read<std::string> DomainKind::read(const toml::node& node) const {
  constexpr std::size_t kLongest = 253, kLongestLabel = 63;
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
  const std::string* text = text_of(node);
  bool good = text != nullptr && text->size() <= kLongest;
  for (std::size_t at = 0; good && at <= text->size();) {
    const std::string_view label = std::string_view(*text).substr(at, text->find('.', at) - at);
    good = !label.empty() && label.size() <= kLongestLabel && label.front() != '-' && label.back() != '-' &&
           label.find_first_not_of(kLetters) == std::string_view::npos;
    at += label.size() + 1;
  }
  if (!good) {
    return complain("is not a domain name",
                    "write letters, digits and hyphens between dots, like \"example.net\"");
  }
  return *text;
}

Read<control::AddressRange> RangeKind::read(const toml::node& node) const {
  const std::string* text = text_of(node);
  const std::optional<control::AddressRange> range = text == nullptr ? std::nullopt : to_range(*text);
  if (!range) {
    return complain("is not an address range",
                    "write \"10.64.0.2-10.64.255.254\", \"10.64.0.2-254\" or a prefix \"10.64.0.0/16\"");
  }
  if (range->first > range->last) {
    return complain("ends before it begins", "write the lower address first");
  }
  if (!wire::is_host(range->first) || !wire::is_host(range->last) ||
      (range->first.value < 0x7F000000 && range->last.value > 0x7FFFFFFF)) {
    return complain("holds addresses that no host can have", "keep out of 0/8, 127/8 and 224/3");
  }
  return *range;
}

Read<contract::MppeStrength> KeyLengthKind::read(const toml::node& node) const {
  for (const contract::MppeStrength strength : kKeyLengths) {
    if (const auto* value = node.as_integer();
        value != nullptr && value->get() == std::to_underlying(strength)) {
      return strength;
    }
  }
  return complain("is not a key length of MPPE", "write 40, 56 or 128, without quotes");
}

std::string KeyLengthKind::show(contract::MppeStrength value) const {
  return std::to_string(std::to_underlying(value));
}

Read<std::size_t> read_choice(const toml::node& node, std::span<const std::string_view> words) {
  const std::string* text = text_of(node);
  std::string remedy = "write ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (text != nullptr && *text == words[i]) {
      return i;
    }
    remedy += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + ('"' + std::string(words[i]) + '"');
  }
  const std::string_view meant = text == nullptr ? std::string_view() : nearest(*text, words);
  if (!meant.empty()) {
    remedy = "did you mean \"" + std::string(meant) + "\"? Else " + remedy;
  }
  return complain("is not a choice here", std::move(remedy));
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr std::size_t kLongestWord =
      64;  // a longer word is not a typo, and the distance takes quadratic time
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  if (word.size() > kLongestWord) {
    return best;
  }
  const std::string wanted = folded(word);
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace adit::app
