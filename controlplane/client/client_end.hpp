// SPDX-License-Identifier: Apache-2.0
// Why a dial failed or a client's call ended: one code per cause, as counted by adit-blast.
#pragma once

#include <cstdint>
#include <string_view>

namespace adit::control {

enum class ClientEnd : std::uint8_t {
  kNone,
  kHungUp,          ///< by us, as planned
  kConnectFailed,   ///< TCP: refused, unreachable, reset before it was established
  kConnectTimeout,  ///< TCP: no answer
  kNoResource,      ///< on this machine: descriptors, ports, slots
  kStartRefused,    ///< SCCRP with a result other than 1
  kStartTimeout,    ///< no SCCRP in time
  kCallRefused,     ///< OCRP with a result other than 1
  kCallTimeout,     ///< no OCRP in time
  kLcpFailed,
  kLcpTimeout,
  kAuthRefused,  ///< the server asks for no method that we allow
  kAuthFailed,   ///< the server rejects our proof
  kAuthTimeout,
  kNotAuthentic,  ///< the server does not know the password (MS-CHAPv2), or its certificate does not count (EAP-TLS)
  kMppeRefused,  ///< we require encryption, and it was not agreed
  kMppeDesynchronised,
  kIpcpFailed,
  kIpv6Failed,        ///< we require IPv6, and it was not agreed
  kNetworkTimeout,    ///< authenticated, but no IP in time
  kMalformed,         ///< the server sent something that breaks RFC 2637
  kServerCleared,     ///< Call-Disconnect-Notify
  kServerStopped,     ///< Stop-Control-Connection-Request
  kServerTerminated,  ///< LCP Terminate-Request
  kServerClosed,      ///< TCP FIN or RST without any of these
  kEchoTimeout,       ///< PPTP Echo-Request unanswered
  kLostCarrier,       ///< LCP echoes unanswered
};
inline constexpr std::size_t kClientEnds = static_cast<std::size_t>(ClientEnd::kLostCarrier) + 1;

[[nodiscard]] std::string_view to_text(ClientEnd end);

}  // namespace adit::control
