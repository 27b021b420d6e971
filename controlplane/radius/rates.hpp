// SPDX-License-Identifier: Apache-2.0
// Rate limits as RADIUS servers write them: the operator's list says which attributes hold them, and in which form.
// Strict: what is meant to be a rate and does not parse is an error, never half a rate. Pure; any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "controlplane/radius/dictionary.hpp"
#include "controlplane/radius/packet.hpp"

namespace adit::control::radius {

enum class RateForm : std::uint8_t {
  kMikrotikText,  ///< parse_mikrotik_rate()
  kCiscoAvPair,   ///< parse_cisco_rate(), of all attributes of that name together
  kFilterId,      ///< parse_rate(); any other text names a filter, which means nothing here
  kKbit,          ///< a number, of 1,000 bits a second
  kBit,           ///< a number, of bits a second
};
/// kKbit and kBit are numbers of one direction or of both, of integer types or as text; the others are texts of both.
[[nodiscard]] constexpr bool is_number(RateForm form) {
  return form == RateForm::kKbit || form == RateForm::kBit;
}
[[nodiscard]] bool fits(RateForm form, ValueType type);

enum class RateDirection : std::uint8_t { kDown = 1, kUp = 2, kBoth = 3 };  // as the subscriber sees it

/// One attribute that has a rate.
struct RateMapping {
  std::string attribute{};
  VendorId vendor = kNoVendor;
  std::uint8_t number = 0;
  ValueType type = ValueType::kString;
  RateForm form = RateForm::kMikrotikText;
  RateDirection direction = RateDirection::kBoth;  ///< of numbers
};

/// Mikrotik-Rate-Limit, WISPr-Bandwidth-Max-Up and -Down, Cisco-AVPair, Filter-Id.
[[nodiscard]] std::vector<RateMapping> default_rates();

/// MikroTik's words, of which the first counts: "2M/10M" from the client and to it, or one number for both; k, M, G are
/// powers of 1,000 bits a second.
[[nodiscard]] std::optional<SubscriberRate> parse_mikrotik_rate(std::string_view text);

/// "lcp:interface-config#1=rate-limit output 10240000 ..." in bits a second: output is to the client. Nothing for another
/// AVPair; for one that begins so and goes on wrong, what is wrong: "has a rate-limit without a rate".
[[nodiscard]] std::expected<std::optional<SubscriberRate>, std::string> parse_cisco_rate(
    std::string_view text);

/// The first of `mappings` that the reply has a rate of. Numbers that follow each other in the list count as one: each
/// says its direction, the first that says one wins, and a direction that none says has no limit. Nothing: no limit said.
[[nodiscard]] std::expected<std::optional<SubscriberRate>, std::string> read_rate(
    const Packet& packet, std::span<const RateMapping> mappings);

/// True of attributes that read_rate() looks at.
[[nodiscard]] bool carries_rate(const Attribute& attribute, std::span<const RateMapping> mappings);

}  // namespace adit::control::radius
