// SPDX-License-Identifier: Apache-2.0
// One TLS handshake, octets in, octets out, and what EAP-TLS wants of it: the peer's names and the key material (RFC 5216
// §2.3 up to TLS 1.2, RFC 9190 §2.3 with 1.3). Its credentials say which side it is. A step does public-key work: 0.3 to 5 ms.
// Thread: any, one at a time. Owner: whoever drives the handshake.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/secret.hpp"
#include "crypto/tls/certificate_names.hpp"
#include "crypto/tls/tls_credentials.hpp"

struct ssl_st;  // OpenSSL's SSL

namespace adit::crypto {

/// What a handshake has proven.
struct TlsPeer {
  CertificateNames names;
  std::string subject;  ///< "CN=alice,O=Example": for the log; escape it
  std::string version;  ///< "TLSv1.2"
  Secret<64> msk;       ///< RFC 3748's Master Session Key, the client's half first
};

class TlsConnection {
 public:
  enum class State : std::uint8_t {
    kHandshake,  ///< the peer is to say more
    kDone,       ///< peer() is known; the output is our last message, which a client may not have
    kFailed,     ///< why() says so; the output is our alert, or empty when the peer sent one
  };

  /// `credentials` stay for as long as this lives.
  explicit TlsConnection(std::shared_ptr<const TlsCredentials> credentials);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  /// Takes one message of the peer's; take_output() is the answer. A client's first step has an empty message. With TLS 1.3
  /// it may have nothing to say and yet not be done: the server's protected success (RFC 9190 §2.5) is still to come.
  /// Whatever comes after kDone leads to kFailed: it can only be an alert, or nonsense.
  State step(std::span<const std::uint8_t> message);
  [[nodiscard]] std::vector<std::uint8_t> take_output();
  /// After kDone.
  [[nodiscard]] const TlsPeer& peer() const { return peer_; }
  /// After kFailed, for the log; escape it.
  [[nodiscard]] const std::string& why() const { return why_; }

  /// After kFailed: the peer has shown a certificate that does not count. Not so without one, without a version or cipher
  /// in common, and where our revocation lists are at fault. Means nothing when the peer has ended it: there is no output then.
  [[nodiscard]] bool guess() const { return guess_; }

  /// Of verifying the peer's chain, noted for why() and guess(). For OpenSSL's callback alone.
  void note_refused(std::string certificate_and_reason, bool guess) {
    refused_ = std::move(certificate_and_reason);
    guess_ = guess;
  }

 private:
  struct Free {
    void operator()(ssl_st* connection) const noexcept;
  };

  [[nodiscard]] bool is_client() const;
  State fail(std::string_view why);
  [[nodiscard]] State finish();
  [[nodiscard]] State await_protected_success();

  std::shared_ptr<const TlsCredentials> credentials_;
  std::unique_ptr<ssl_st, Free> connection_;
  State state_ = State::kHandshake;
  TlsPeer peer_;
  std::string why_;
  std::string refused_;
  bool guess_ = false;
};

}  // namespace adit::crypto
