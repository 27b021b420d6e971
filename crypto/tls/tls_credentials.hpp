// SPDX-License-Identifier: Apache-2.0
// What one side of TLS shows and whom it believes: its certificate and key, the CA of its peers, their revocations. Made of
// PEM texts, never changed afterwards; a connection keeps those that it began with, so new ones count for new connections.
// Peers must have a certificate, for the use that is theirs; a server's name is not checked, as nobody dials by it. No session is resumed: no tickets, no cache, so each login is judged by the CRL of its time.
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

#include "crypto/tls/certificate_names.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace adit::crypto {

enum class TlsVersion : std::uint8_t { kTls12, kTls13 };
enum class TlsRole : std::uint8_t { kServer, kClient };

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

  [[nodiscard]] static std::expected<std::unique_ptr<const TlsCredentials>, TlsFault> make(
      const TlsPem& pem, TlsVersion newest, TlsRole role = TlsRole::kServer);

  /// What is right but not valid at `now`: peers refuse us, or all of them are refused. Also what ends within two weeks.
  [[nodiscard]] std::vector<TlsFault> out_of_date(Time now) const;

  [[nodiscard]] TlsRole role() const { return role_; }
  /// Of our own certificate.
  [[nodiscard]] const CertificateNames& names() const { return names_; }

  /// For TlsConnection. SSL_CTX is counted and only read, so its readers need no lock.
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

  explicit TlsCredentials(TlsRole role) : role_(role) {}

  const TlsRole role_;
  std::unique_ptr<ssl_ctx_st, Free> context_;
  CertificateNames names_;
  std::vector<Term> terms_;
};

}  // namespace adit::crypto
