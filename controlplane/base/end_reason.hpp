// SPDX-License-Identifier: Apache-2.0
// Why a call or a connection ended or was refused: one code per cause, used in every log line and in `adit
// show`. RADIUS's Acct-Terminate-Cause is mapped from these (controlplane/radius/accounting.cpp). Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace adit::control {

enum class EndReason : std::uint8_t {
  kNone,
  kUserRequest,  ///< Call-Clear-Request, LCP Terminate-Request or Stop-Control-Connection-Request of the peer
  kPeerClosed,   ///< TCP FIN or RST without any of these
  kEchoTimeout,  ///< PPTP Echo-Request unanswered
  kLostCarrier,  ///< LCP echoes unanswered
  kAdminReset,   ///< adit terminate
  kShutdown,     ///< aditd is draining
  kMalformed,    ///< a control message that breaks RFC 2637
  kUnsupportedVersion,
  kLimit,       ///< connection, call or start limits
  kEvicted,     ///< something was scarce, and its source held most without a login
  kNoResource,  ///< no call ID, no slot, or a full ring to the worker
  kPoolEmpty,
  kPoolUnknown,   ///< the user's pool is not configured
  kAddressInUse,  ///< the user's fixed address is another's, or the machine's own
  kStartTimeout,  ///< no SCCRQ or no OCRQ in time
  kLcpTimeout,
  kNoGre,      ///< nothing came by GRE: a firewall, or a NAT that gives it another address
  kLcpFailed,  ///< no agreement, the peer rejects what we need, loopback
  kAuthFailed,
  kAuthTimeout,
  kAuthRefused,      ///< the peer refuses every method we allow
  kAuthUnavailable,  ///< no backend answered
  kAuthUnusable,     ///< the backend answered, but neither yes nor no: the log says what it was
  kMppeRefused,      ///< we require encryption, and it was not agreed
  kMppeDesynchronised,
  kIpcpFailed,
  kNetworkTimeout,  ///< authenticated, but no network protocol in time
  kOutputOverflow,  ///< the peer does not read its TCP stream
  kSetupTimeout,    ///< call not up within its total deadline
  kReplaced,
  kSessionTimeout,  ///< Session-Timeout reached
  kIdleTimeout,     ///< no packet for the Idle-Timeout
  kInternal,
};

[[nodiscard]] constexpr std::string_view to_text(EndReason reason) {
  switch (reason) {
    case EndReason::kNone:
      return "none";
    case EndReason::kUserRequest:
      return "user_request";
    case EndReason::kPeerClosed:
      return "peer_closed";
    case EndReason::kEchoTimeout:
      return "echo_timeout";
    case EndReason::kLostCarrier:
      return "lost_carrier";
    case EndReason::kAdminReset:
      return "admin_reset";
    case EndReason::kShutdown:
      return "shutdown";
    case EndReason::kMalformed:
      return "malformed";
    case EndReason::kUnsupportedVersion:
      return "unsupported_version";
    case EndReason::kLimit:
      return "limit";
    case EndReason::kEvicted:
      return "evicted";
    case EndReason::kNoResource:
      return "no_resource";
    case EndReason::kPoolEmpty:
      return "pool_empty";
    case EndReason::kPoolUnknown:
      return "pool_unknown";
    case EndReason::kAddressInUse:
      return "address_in_use";
    case EndReason::kStartTimeout:
      return "start_timeout";
    case EndReason::kLcpTimeout:
      return "lcp_timeout";
    case EndReason::kNoGre:
      return "no_gre";
    case EndReason::kLcpFailed:
      return "lcp_failed";
    case EndReason::kAuthFailed:
      return "auth_failed";
    case EndReason::kAuthTimeout:
      return "auth_timeout";
    case EndReason::kAuthRefused:
      return "auth_refused";
    case EndReason::kAuthUnavailable:
      return "auth_unavailable";
    case EndReason::kAuthUnusable:
      return "auth_unusable";
    case EndReason::kMppeRefused:
      return "mppe_refused";
    case EndReason::kMppeDesynchronised:
      return "mppe_desynchronised";
    case EndReason::kIpcpFailed:
      return "ipcp_failed";
    case EndReason::kNetworkTimeout:
      return "network_timeout";
    case EndReason::kOutputOverflow:
      return "output_overflow";
    case EndReason::kSetupTimeout:
      return "setup_timeout";
    case EndReason::kReplaced:
      return "replaced";
    case EndReason::kSessionTimeout:
      return "session_timeout";
    case EndReason::kIdleTimeout:
      return "idle_timeout";
    case EndReason::kInternal:
      return "internal";
  }
  return "unknown";
}

}  // namespace adit::control
