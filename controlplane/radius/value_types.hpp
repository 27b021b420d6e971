// SPDX-License-Identifier: Apache-2.0
// Attribute value types, and numbers, in the syntax of FreeRADIUS 3 dictionary files. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace adit::control::radius {

enum class ValueType : std::uint8_t {
  kString,
  kOctets,
  kIpaddr,
  kInteger,
  kDate,
  kShort,
  kByte,
  kSigned,
  kInteger64,
  kIfid,
  kIpv6addr,
  kIpv6prefix,
  kOther,  ///< other FreeRADIUS types, not read here: tlv, ether, abinary, ...
};
/// The name in dictionaries, or "other".
[[nodiscard]] std::string_view to_text(ValueType type);

/// Nothing: FreeRADIUS has no such type.
[[nodiscard]] std::optional<ValueType> read_type(std::string_view text);

/// The largest number that may have a name. FreeRADIUS' own files name values of `octets` attributes, too.
[[nodiscard]] std::uint64_t largest_of(ValueType type);

/// 17 or 0x11; nothing: any other text, or more than `most`.
[[nodiscard]] std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t most);

}  // namespace adit::control::radius
