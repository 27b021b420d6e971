// SPDX-License-Identifier: Apache-2.0
// OpenSSL 3, opened once: a library context of our own with the default and the legacy provider, so that a
// system-wide openssl.cnf (FIPS, disabled legacy) has no effect here. MD4 and DES are in the legacy provider,
// which a minimal system may lack: that is a start-up error, not a surprise at the first dial-in.
// Thread: initialise() from main, before any other function of crypto/ that uses OpenSSL; the rest: any.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

namespace adit::crypto {

/// Loads the providers, fetches the algorithms, and chooses the MPPE implementation (ADIT_MPPE forces one).
/// The error says what is missing and what to do. Repeatable.
[[nodiscard]] std::expected<void, std::string> initialise();

/// Octets of the CSPRNG. Ends the process when it fails: nothing here is safe without randomness.
void random_fill(std::span<std::uint8_t> out) noexcept;

}  // namespace adit::crypto
