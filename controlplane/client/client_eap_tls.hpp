// SPDX-License-Identifier: Apache-2.0
// EAP-TLS as its peer carries it out: RFC 5216, and RFC 9190 for TLS 1.3. Fragments to and from TLS, and TLS' steps to other
// threads and back. Sans-I/O. Thread: control. Owner: ClientEap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/eap_tls_fragments.hpp"
#include "controlplane/auth/tls_handshake.hpp"
#include "controlplane/client/client_settings.hpp"
#include "crypto/mppe_keys.hpp"

namespace adit::control {

/// None of these may destroy the method.
class ClientEapTlsHost {
 public:
  /// Answers the last Request.
  virtual void tls_response(wire::Bytes type_data) = 0;
  /// We end it: because the server cannot prove itself (`authentic` is false), or for something else.
  virtual void tls_failed(bool authentic, std::string_view why) = 0;

 protected:
  ~ClientEapTlsHost() = default;
};

class ClientEapTls {
 public:
  /// `tls` has what it takes, and outlives it. `room`: octets of type data that the server takes.
  ClientEapTls(const ClientTls& tls, std::size_t room, ClientEapTlsHost& host)
      : tls_(tls), room_(room), host_(host), fragments_(room) {}
  ClientEapTls(const ClientEapTls&) = delete;
  ClientEapTls& operator=(const ClientEapTls&) = delete;
  ~ClientEapTls() { close(); }

  /// A Request's data behind its type octet, each once; untrusted. The answer comes at once, or when TLS has taken its step:
  /// until then, no other.
  void on_request(wire::Bytes type_data);
  /// The server has proven itself, and with TLS 1.3 has said that we have, too.
  [[nodiscard]] bool is_done() const { return done_; }
  /// From our side, once it is done.
  [[nodiscard]] crypto::MppeStartKeys keys() const;
  /// Why the server has ended TLS; empty: it has not.
  [[nodiscard]] const std::string& alert() const { return alert_; }

 private:
  void begin();
  void step(std::vector<std::uint8_t> message);
  void on_step();
  void on_failed();
  void respond(std::vector<std::uint8_t> message);
  void close();

  const ClientTls& tls_;
  const std::size_t room_;
  ClientEapTlsHost& host_;
  TlsFragments fragments_;
  std::shared_ptr<TlsHandshake> handshake_;  // null: not begun, or over without success
  std::string alert_;
  bool done_ = false;
};

}  // namespace adit::control
