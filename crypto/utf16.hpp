// SPDX-License-Identifier: Apache-2.0
// UTF-8 to UTF-16LE for passwords (RFC 2759 §8.3 hashes "Unicode" octets; RFC 3629 defines valid UTF-8).
// Thread: any. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "crypto/secret.hpp"

namespace adit::crypto {

/// Nothing when `text` is not valid UTF-8 (overlong forms, surrogates, beyond U+10FFFF, truncation).
[[nodiscard]] std::optional<SecretText> utf16le_from_utf8(std::span<const std::uint8_t> text);

/// Each octet becomes one code unit.
[[nodiscard]] SecretText utf16le_from_latin1(std::span<const std::uint8_t> text);

}  // namespace adit::crypto
