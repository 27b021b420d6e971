// SPDX-License-Identifier: Apache-2.0
// CHAP with MD5. RFC 1994 §4.1. Thread: any, after initialise(). Pure.
#pragma once

#include <array>
#include <cstdint>

#include "crypto/digest.hpp"

namespace adit::crypto {

/// The Response Value: MD5 over Identifier, secret, challenge.
[[nodiscard]] inline std::array<std::uint8_t, 16> chap_md5_response(std::uint8_t identifier, Bytes secret,
                                                                    Bytes challenge) noexcept {
  return md5({Bytes(&identifier, 1), secret, challenge});
}

}  // namespace adit::crypto
