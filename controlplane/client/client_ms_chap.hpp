// SPDX-License-Identifier: Apache-2.0
// MS-CHAPv2 as its peer computes it, RFC 2759 §8: our proof, the server's, and the keys of RFC 3079 §3. What carries
// them, CHAP or EAP, is its owner's. Thread: control.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "controlplane/base/entropy.hpp"
#include "controlplane/client/client_settings.hpp"
#include "crypto/mppe_keys.hpp"
#include "dataplane/wire/chap.hpp"

namespace adit::control {

/// Computed for every dial where the settings do not have it.
[[nodiscard]] crypto::Secret<16> hash_hash(const ClientSettings& settings);

class ClientMsChapV2 {
 public:
  /// `settings` outlive it.
  explicit ClientMsChapV2(const ClientSettings& settings) : settings_(settings) {}

  /// A fresh proof; what follows is about the last one.
  [[nodiscard]] wire::MsChapV2Response answer(std::span<const std::uint8_t, 16> challenge,
                                              std::string_view user, Entropy& entropy);
  /// RFC 2759 §5: the Success proves that the server knows the password, too.
  [[nodiscard]] bool is_proven_by(wire::Bytes message) const;
  /// From our side.
  [[nodiscard]] crypto::MppeStartKeys keys() const;

 private:
  const ClientSettings& settings_;
  std::array<std::uint8_t, 8> challenge_{};  // RFC 2759 §8.2: the hash of both challenges
  crypto::NtResponse nt_response_{};
};

}  // namespace adit::control
