// SPDX-License-Identifier: Apache-2.0
// What a TLS server shows and whom it believes: its certificate and key, the CA of its peers, their revocations. Made of
// PEM texts, never changed afterwards; a connection keeps those that it began with, so new ones count for new connections.
// Peers must have a certificate. No session is resumed: no tickets, no cache, so each login is judged by the CRL of its time.
// Certificates are judged by the machine's clock, which OpenSSL reads.
// Thread: any, after initialise(). Owner: whoever holds the shared_ptr.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace adit::crypto {

enum class TlsVersion : std::uint8_t { kTls12, kTls13 };

/// The texts of PEM files. Not kept; the caller wipes the key.
struct TlsPem {
  std::string_view certificate;  ///< ours first, then the chain up to, but not including, the root
  std::string_view private_key;  ///< without a passphrase
  std::string_view ca;           ///< one certificate or several: those that peers' certificates lead to
  std::string_view crl{};        ///< of each CA in a peer's chain, the root's too; empty: nothing is revoked
};

enum class TlsPart : std::uint8_t { kCertificate, kPrivateKey, kCa, kCrl };

/// Why one of the texts cannot be used, or should be replaced.
struct TlsFault {
  TlsPart part{};
  std::string wrong;
  std::string remedy;
};

class TlsCredentials {
 public:
  /// In seconds: system_clock's nanoseconds end in 2262, certificates "without an end" in 9999 (RFC 5280 §4.1.2.5).
  using Time = std::chrono::sys_seconds;

  [[nodiscard]] static std::expected<std::unique_ptr<const TlsCredentials>, TlsFault> make(const TlsPem& pem,
                                                                                           TlsVersion newest);

  /// What is right but not valid at `now`: peers refuse us, or all of them are refused. Also what ends within two weeks.
  [[nodiscard]] std::vector<TlsFault> out_of_date(Time now) const;

  /// For TlsServer. SSL_CTX is counted and only read, so its readers need no lock.
  [[nodiscard]] ssl_ctx_st* context() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  struct Term {
    TlsPart part{};
    std::string what;
    Time begins;
    std::optional<Time> ends{};
  };

  TlsCredentials() = default;

  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::vector<Term> terms_;
};

}  // namespace adit::crypto
