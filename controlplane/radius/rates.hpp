// SPDX-License-Identifier: Apache-2.0
// Rate limits from RADIUS servers: the operator's list says which attributes hold them, and in which form.
// Strict: a rate that does not parse is an error, never half a rate. Pure; any thread.
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
  kCiscoAvPair,   ///< parse_cisco_rate(), all attributes of that name together
  kFilterId,      ///< parse_filter_rate(); any other text names a filter and is ignored
  kKbit,          ///< a number of kbit/s (1,000 bits)
  kBit,           ///< a number of bit/s
};
/// kKbit and kBit are numbers for one direction or both, as integers or as text; the others are texts for
/// both.
[[nodiscard]] constexpr bool is_number(RateForm form) {
  return form == RateForm::kKbit || form == RateForm::kBit;
}
[[nodiscard]] bool fits(RateForm form, ValueType type);

enum class RateDirection : std::uint8_t { kDown = 1, kUp = 2, kBoth = 3 };  // as the subscriber sees it

/// One attribute that holds a rate.
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

/// MikroTik's format, of which only the first word is used: "2M/10M" is from and to the client, one number is
/// for both; k, M, G are powers of 1,000 bits a second.
[[nodiscard]] std::optional<SubscriberRate> parse_mikrotik_rate(std::string_view text);

/// "lcp:interface-config#1=rate-limit output 10240000 ..." in bits a second: output is to the client. Nothing
/// for another AVPair; an error for a malformed one: "has a rate-limit without a rate".
[[nodiscard]] std::expected<std::optional<SubscriberRate>, std::string> parse_cisco_rate(
    std::string_view text);

/// parse_rate(), with blanks around.
[[nodiscard]] std::optional<SubscriberRate> parse_filter_rate(std::string_view text);

/// Of the attributes that kFilterId is about, one that names a filter; nullptr: there is none.
[[nodiscard]] const Attribute* filter_that_is_no_rate(const Packet& packet,
                                                      std::span<const RateMapping> mappings);

/// The first of `mappings` for which the reply has a rate. Consecutive number mappings in the list count as
/// one: each gives its direction, the first value for a direction wins, and a direction without a value has
/// no limit. Nothing: no limit given.
[[nodiscard]] std::expected<std::optional<SubscriberRate>, std::string> read_rate(
    const Packet& packet, std::span<const RateMapping> mappings);

/// True for attributes that read_rate() reads.
[[nodiscard]] bool carries_rate(const Attribute& attribute, std::span<const RateMapping> mappings);

}  // namespace adit::control::radius
