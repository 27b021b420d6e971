// SPDX-License-Identifier: Apache-2.0
// What the clients of one run share: user, authentication, and the profile that they imitate.
// Immutable once handed over. Thread: control.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/base/background.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/client/client_profile.hpp"
#include "crypto/secret.hpp"
#include "crypto/tls/tls_credentials.hpp"

namespace adit::control {

/// For EAP-TLS, both are needed; all clients show the same certificate.
struct ClientTls {
  std::shared_ptr<const crypto::TlsCredentials> credentials;  ///< a client's
  Background* background = nullptr;                           ///< outlives the clients
};

struct ClientSettings {
  const ClientProfile* profile = nullptr;  ///< one of client_profiles()
  std::string user = "blast";
  crypto::SecretText password;
  /// The NT hash of `password`, computed once: a dial then costs SHA-1 and three DES blocks.
  crypto::Secret<16> nt_hash;
  /// The hash of `nt_hash`, RFC 2759 §8.4; none: computed for every dial.
  std::optional<crypto::Secret<16>> nt_hash_hash;
  std::vector<AuthMethod> methods = {AuthMethod::kMsChapV2};              ///< allowed, in order of preference
  std::vector<EapLocalMethod> eap_methods = {EapLocalMethod::kMsChapV2};  ///< the same, within EAP
  ClientTls tls;
  MppePolicy mppe = MppePolicy::kPrefer;
  std::vector<contract::MppeStrength> mppe_key_lengths = {contract::MppeStrength::k128};
  bool ipv4 = true;                     ///< false: IPCP is Protocol-Rejected, as by pppd's `noip`
  Ipv6Policy ipv6 = Ipv6Policy::kDeny;  ///< kDeny: nothing but what the profile does by itself
  std::uint64_t interface_id = 0;       ///< asked for by IPv6CP; 0: any
  bool delegation = false;              ///< asks for a prefix by DHCPv6 once IPv6CP is up
  /// Restart timers and counters, echoes, the MRU if the profile has none, mppc, mppe_stateful (kAllow: either
  /// mode, the server chooses; kPrefer: stateful only). `ppp.mppe` and `ppp.mppe_key_lengths` are unused:
  /// `mppe` and `mppe_key_lengths` above apply.
  PppSettings ppp;
  Duration start_timeout{10'000};  ///< SCCRQ to SCCRP, and OCRQ to OCRP or ICRQ to ICRP
  /// The client is an access concentrator (PAC), which brings its call in instead of asking for one.
  bool incoming = false;
  std::string calling_number, called_number;  ///< of a call that is brought in; 64 octets at most
  Duration setup_timeout{30'000};             ///< start() to up
  Duration hang_up_timeout{3'000};
  Duration echo_timeout{60'000};  ///< our Echo-Request to its reply
};

/// Sets `password` and the hashes derived from it. Needs crypto::initialise() first.
void set_password(ClientSettings& settings, std::string_view password);

}  // namespace adit::control
