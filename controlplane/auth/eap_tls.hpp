// SPDX-License-Identifier: Apache-2.0
// EAP-TLS carried out here: RFC 5216, and RFC 9190 for TLS 1.3. What the method itself does is order: fragments to and from
// TLS, TLS' steps to other threads and back, the name that the certificate proves to the back end, its verdict to the peer.
// Nothing that a stranger can cause is unbounded: a step is work of the background, which has a bounded queue, and at most
// kMostTlsExchanges have a TLS connection (50 KiB each, most of it OpenSSL's) at a time. When all have one, a newcomer gets
// that of the exchange which has waited longest for its peer: who opens a thousand and falls silent shuts nobody out.
// Sans-I/O. Thread: control. Owner of an exchange: the EAP layer; of what all of them share: aditd.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <utility>

#include "controlplane/auth/eap_method.hpp"
#include "controlplane/base/background.hpp"
#include "crypto/tls/tls_credentials.hpp"

namespace adit::control {

inline constexpr std::size_t kMostTlsExchanges = 1024;

class EapTls;

/// What all exchanges share.
class TlsLogins {
 public:
  struct Counts {
    std::uint64_t begun = 0;    ///< exchanges that have come to TLS
    std::uint64_t proven = 0;   ///< handshakes that ended well
    std::uint64_t refused = 0;  ///< certificates, alerts, fragments
    std::uint64_t busy = 0;     ///< refused for want of room, or had to make some
    std::uint64_t steps = 0;    ///< put into the background
  };

  /// `background` outlives this.
  explicit TlsLogins(Background& background, std::size_t most = kMostTlsExchanges)
      : background_(background), most_(most) {}

  /// Counts for exchanges that begin from now on; null: none can begin. Returns those until now, which may take a while to
  /// destroy.
  std::shared_ptr<const crypto::TlsCredentials> use(
      std::shared_ptr<const crypto::TlsCredentials> credentials) {
    return std::exchange(credentials_, std::move(credentials));
  }
  /// One exchange, which this must outlive. Null: there are no credentials.
  [[nodiscard]] std::unique_ptr<EapMethod> begin(EapMethodHost& host);
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// How many have a TLS connection.
  [[nodiscard]] std::size_t connections() const { return connections_; }

 private:
  friend class EapTls;

  Background& background_;
  const std::size_t most_;
  std::shared_ptr<const crypto::TlsCredentials> credentials_;
  std::size_t connections_ = 0;
  std::list<EapTls*> awaiting_;  // their peers, within the handshake; the longest first
  Counts counts_;
};

}  // namespace adit::control
