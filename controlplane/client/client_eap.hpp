// SPDX-License-Identifier: Apache-2.0
// The peer's side of EAP, RFC 3748, with EAP-MSCHAPv2 and EAP-TLS; what the settings do not have is refused by Nak. A peer
// never repeats by itself: a Request that it knows gets the Response that it had. Thread: control. Owner: ClientAuth.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/client/client_eap_tls.hpp"
#include "controlplane/client/client_ms_chap.hpp"
#include "dataplane/wire/eap.hpp"

namespace adit::control {

class ClientAuthHost;

class ClientEap final : ClientEapTlsHost {
 public:
  /// `user`: whom we log in as; all outlive it.
  ClientEap(const ClientSettings& settings, const std::string& user, Entropy& entropy, ClientAuthHost& host)
      : settings_(settings), user_(user), entropy_(entropy), host_(host), ms_chap_(settings) {}
  ~ClientEap() = default;

  /// One packet from its Code octet on; untrusted.
  void on_packet(wire::Bytes octets);
  /// RFC 3748 §4.2: Success is sent once and may be lost; a server that goes on with the network phase has let us in. Only
  /// a method that has authenticated the server makes that believable.
  void network_begins();

 private:
  void on_request(const wire::EapPacket& request);
  void on_ms_chap(const wire::EapPacket& request);
  void on_tls(const wire::EapPacket& request);
  // ClientEapTlsHost
  void tls_response(wire::Bytes type_data) override;
  void tls_failed(bool authentic, std::string_view why) override;
  void on_end(bool success);
  /// A method that has authenticated the server has come to its end.
  [[nodiscard]] bool believes() const;
  void refuse(std::uint8_t identifier);
  void respond(std::uint8_t identifier, wire::EapType type, wire::Bytes data);
  void prove(const wire::EapPacket& request, const wire::EapMsChapV2& challenge);

  const ClientSettings& settings_;
  const std::string& user_;
  Entropy& entropy_;
  ClientAuthHost& host_;
  ClientMsChapV2 ms_chap_;
  std::unique_ptr<ClientEapTls> tls_;   // from its first Request to the end
  std::optional<std::uint8_t> taken_;   // the identifier of the last Request
  std::vector<std::uint8_t> response_;  // to it, the frame; empty while TLS takes a step
  std::string failure_;                 // what the server says against us; untrusted octets
  bool believes_ = false;               // by EAP-MSCHAPv2: the server has proven itself
  bool over_ = false;
};

}  // namespace adit::control
