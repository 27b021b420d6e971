// SPDX-License-Identifier: Apache-2.0
// Why a call or a connection ended or was refused: one row per cause, with its name for log lines and `adit show`, and for
// `adit explain` what it means and what to do. RADIUS's Acct-Terminate-Cause is mapped from these
// (controlplane/radius/accounting.cpp). Pure; any thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace adit::control {

// X(enumerator, name, cause, remedy): clauses, to which what is known of the one call can be added
#define ADIT_END_REASONS(X)                                                                                 \
  X(kUserRequest, "user_request", "the client hung up",                                                     \
    "none is needed; if the user did not ask for it, see why the client hung up in its own log")            \
  X(kPeerClosed, "peer_closed", "the client's TCP connection closed, and no message had ended the call",    \
    "see whether the client crashed, or a NAT or firewall on the way forgot its connection")                \
  X(kEchoTimeout, "echo_timeout", "the client did not answer PPTP's Echo-Request",                          \
    "see whether the client or its line is down; [pptp] echo-interval and echo-timeout bound the wait")     \
  X(kLostCarrier, "lost_carrier", "the client did not answer LCP's Echo-Requests, though TCP was alive",    \
    "see whether GRE (protocol 47) still passes both ways; [ppp] lcp-echo-interval and lcp-echo-failure "   \
    "bound the wait")                                                                                       \
  X(kAdminReset, "admin_reset", "an operator or a RADIUS server ended it",                                  \
    "none is needed; the log's event=admin or the RADIUS server says who")                                  \
  X(kShutdown, "shutdown", "aditd is stopping, or takes no new calls",                                      \
    "dial again once it runs; adit shutdown cancel takes calls again")                                      \
  X(kMalformed, "malformed", "a PPTP message broke RFC 2637",                                               \
    "see what speaks to TCP port 1723 from there: a scanner, or a client with a fault of its own")          \
  X(kUnsupportedVersion, "unsupported_version", "the client speaks a version of PPTP below 1.0",            \
    "use another client")                                                                                   \
  X(kLimit, "limit", "a limit on connections, calls or messages was reached",                               \
    "raise the limit that is named; adit show admission tells which addresses are at it")                   \
  X(kEvicted, "evicted", "something was scarce, and the client's address held most of it without a login",  \
    "raise what is scarce; adit show admission tells who holds how much")                                   \
  X(kNoResource, "no_resource",                                                                             \
    "there was no place for the call: no slot, no call ID, or a full ring to its worker",                   \
    "raise what is named; adit show stat and adit show workers tell how full aditd is")                     \
  X(kPoolEmpty, "pool_empty", "the user's address pool has no address left",                                \
    "add ranges to the pool's [[ip-pool]]; adit show pools tells how full each is")                         \
  X(kPoolUnknown, "pool_unknown", "the user's address pool is not configured",                              \
    "add an [[ip-pool]] of that name, or correct it in chap-secrets or in the RADIUS server's Framed-Pool") \
  X(kAddressInUse, "address_in_use", "the user's fixed address is taken",                                   \
    "end the call that has it, or give this user another address in chap-secrets or at the RADIUS "         \
    "server")                                                                                               \
  X(kStartTimeout, "start_timeout", "the client connected by TCP, and then did not ask for a call in time", \
    "see what connects from there: a port scan, a health check, or a line that loses packets")              \
  X(kIncomingDenied, "incoming_denied", "the client brought a call in (Incoming-Call-Request)",             \
    "set [pptp] incoming-calls = \"allow\" if it is an access concentrator whose calls are wanted")         \
  X(kNotConnected, "not_connected",                                                                         \
    "the client brought a call in, and then did not say that it is connected (Incoming-Call-Connected)",    \
    "see at the access concentrator why its caller was not answered; [pptp] call-timeout bounds the wait")  \
  X(kLcpTimeout, "lcp_timeout", "LCP did not open: GRE came from the client, but no agreement",             \
    "see whether the client receives our GRE (protocol 47, both ways), and what its PPP log says")          \
  X(kNoGre, "no_gre", "nothing came from the client by GRE",                                                \
    "let protocol 47 pass firewalls and NAT (PPTP pass-through) between client and server, by the same "    \
    "address as TCP")                                                                                       \
  X(kLcpFailed, "lcp_failed", "LCP could not agree, or our own frames came back",                           \
    "see the client's PPP log for the options that it refuses; frames that come back are a loop on the "    \
    "way")                                                                                                  \
  X(kAuthFailed, "auth_failed", "the login was refused",                                                    \
    "correct the name or the password at the client, or the user's entry in chap-secrets or at the "        \
    "RADIUS server")                                                                                        \
  X(kRechallengeFailed, "rechallenge_failed",                                                               \
    "challenged again within the session, the client did not prove its password",                           \
    "see whether the password has changed, or the client answers the first challenge only: then set "       \
    "[auth] rechallenge = 0")                                                                               \
  X(kAuthTimeout, "auth_timeout", "the login was not decided in time",                                      \
    "see whether the client asks its user for a password; a slow RADIUS server shows in adit show "         \
    "radius")                                                                                               \
  X(kAuthRefused, "auth_refused", "the client accepts none of the authentication methods that are allowed", \
    "allow one of the client's methods at the client, or in [auth] methods")                                \
  X(kAuthUnavailable, "auth_unavailable", "nobody answered whether the user may log in",                    \
    "see that the RADIUS servers run and know this server: adit show radius, adit test radius")             \
  X(kEapBusy, "eap_busy", "more clients were logging in by certificate than are worked on at a time",       \
    "let the client dial again; metrics (adit_background_waiting) tell how busy that is, and lower [pptp] " \
    "accept-rate if a redial storm is why")                                                                 \
  X(kAuthUnusable, "auth_unusable", "the RADIUS server answered, but neither yes nor no",                   \
    "correct what the server sends for this user; adit test radius shows it")                               \
  X(kEapTimeout, "eap_timeout", "the client stopped answering EAP's Requests",                              \
    "see what the client's log says: a method that it does not have, a certificate that it does not "       \
    "trust, a user who was asked; [eap] timeout bounds the wait")                                           \
  X(kEapNak, "eap_nak", "the client accepts none of the methods of EAP that it was offered",                \
    "allow one of ours at the client, or the one that it wants in [eap] methods; with [eap] mode = "        \
    "\"radius\" the RADIUS server has all of its own")                                                      \
  X(kEapNoKeys, "eap_no_keys", "encryption is required, and the method of EAP gave no keys for it",         \
    "use a method that makes keys (EAP-TLS, PEAP, EAP-MSCHAPv2), and see that the RADIUS server sends "     \
    "MS-MPPE-Send-Key and MS-MPPE-Recv-Key")                                                                \
  X(kMppeRefused, "mppe_refused", "encryption is required, and the client did not agree to it",             \
    "turn on MPPE at the client (128 bit, with MS-CHAPv2), or relax [ppp] mppe and mppe-key-lengths")       \
  X(kMppeDesynchronised, "mppe_desynchronised",                                                             \
    "what client and server encrypt could no longer be decrypted, and new keys did not help",               \
    "dial again; if it recurs, look for heavy loss or reordering on the way, and turn off stateful MPPE")   \
  X(kIpcpFailed, "ipcp_failed", "IPCP could not agree on an address, or the client ended it",               \
    "have the client accept the address that the server assigns")                                           \
  X(kAddressRefused, "address_refused", "the client does not take the address that the server assigns",     \
    "have the client ask for its address instead of one that is configured there; [ip] address-required "   \
    "= false lets one in that names none")                                                                  \
  X(kIpv6Failed, "ipv6_failed", "IPv6 is required, and the client did not agree to it, or ended it",        \
    "turn on IPv6 at the client, with an MRU of 1,284 or more, or relax [ipv6] mode")                       \
  X(kNetworkTimeout, "network_timeout", "the user was logged in, but IP was not up in time",                \
    "see the client's PPP log for what it asks of CCP and IPCP")                                            \
  X(kOutputOverflow, "output_overflow", "the client did not read its TCP connection",                       \
    "see whether the client hangs or is malicious")                                                         \
  X(kSetupTimeout, "setup_timeout", "the call was not up in time",                                          \
    "see at which gate it stood; [ppp] setup-timeout and [pptp] login-timeout bound the wait")              \
  X(kReplaced, "replaced", "the user's next call took its place",                                           \
    "none is needed; [common] single-session is what decides")                                              \
  X(kSessionTimeout, "session_timeout", "the user's Session-Timeout was reached",                           \
    "none is needed; the RADIUS server granted no more")                                                    \
  X(kIdleTimeout, "idle_timeout", "no packet came for the user's Idle-Timeout",                             \
    "none is needed; the RADIUS server granted no more")                                                    \
  X(kRestarted, "restarted", "aditd was restarted, and could not go on with the call",                      \
    "none is needed, the client dials again; a call that is up and has a whole record lives on")            \
  X(kInternal, "internal", "aditd contradicted itself", "report it, with the call's lines of the log")

enum class EndReason : std::uint8_t {
  kNone,
#define X(enumerator, name, cause, remedy) enumerator,
  ADIT_END_REASONS(X)
#undef X
};

struct EndReasonText {
  std::string_view name, cause, remedy;
};

/// kNone first.
inline constexpr std::array kEndReasonTexts{EndReasonText{"none", "it has not ended", "none is needed"},
#define X(enumerator, name, cause, remedy) EndReasonText{name, cause, remedy},
                                            ADIT_END_REASONS(X)
#undef X
};
#undef ADIT_END_REASONS

inline constexpr std::size_t kEndReasons = kEndReasonTexts.size();
static_assert(std::ranges::none_of(kEndReasonTexts, [](const EndReasonText& text) {
  return text.name.empty() || text.cause.empty() || text.remedy.empty();
}));

[[nodiscard]] constexpr const EndReasonText& describe(EndReason reason) {
  return kEndReasonTexts[static_cast<std::size_t>(reason)];
}

[[nodiscard]] constexpr std::string_view to_text(EndReason reason) {
  return describe(reason).name;
}

}  // namespace adit::control
