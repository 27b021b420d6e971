// SPDX-License-Identifier: Apache-2.0
// How real clients behave, as data: option lists, order, timing, acknowledgements. The sources are given with
// each row of the table in client_profile.cpp. A profile describes behaviour on the wire; the user and what
// is allowed are in ClientSettings.
// Thread: any (constants).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/pptp/messages.hpp"
#include "dataplane/contract/ack_policy.hpp"
#include "dataplane/wire/ipcp.hpp"
#include "dataplane/wire/lcp.hpp"

namespace adit::control {

/// A Set-Link-Info that the client sends without being asked.
struct ClientLinkInfo {
  enum class When : std::uint8_t { kCallAnswered, kLcpOpened };
  When when = When::kLcpOpened;
  std::uint32_t send_accm = 0xFFFFFFFF;
  std::uint32_t receive_accm = 0xFFFFFFFF;
};

/// How a client that does not encrypt treats CCP.
enum class CcpWithoutMppe : std::uint8_t {
  kProtocolReject,   ///< does not speak it
  kConfigureReject,  ///< answers the server's CCP, but rejects MPPE
  kTerminateAck,     ///< keeps it closed: Terminate-Ack to everything
  kOffer,            ///< opens it anyway, with an empty request
};

/// When IPv6CP is opened. Unless ClientSettings::ipv6 says otherwise, the client sends one Configure-Request and does
/// nothing else about IPv6.
enum class Ipv6cpAttempt : std::uint8_t { kNone, kBeforeIpcp, kAfterIpcp };

/// The data of the client's LCP Terminate-Request.
enum class ClientDiagnosis : std::uint8_t { kNone, kText, kRasError };

struct ClientProfile {
  std::string_view name;  ///< "windows", "pptp-linux", "mikrotik", "android", "plain"
  std::string_view help;  ///< one line for --help

  // ---- PPTP
  pptp::StartControlConnectionRequest start;
  pptp::OutgoingCallRequest call;  ///< its call_id is the client's
  Duration pause_before_call{0};   ///< from SCCRP to OCRQ
  Duration echo_interval{60'000};  ///< silence before an Echo-Request; 0: never
  std::span<const ClientLinkInfo> link_infos;
  bool clears_call = true;  ///< hangs up with Call-Clear-Request
  bool stops = true;        ///< and with Stop-Control-Connection-Request

  // ---- LCP
  std::span<const wire::LcpOption> lcp_options;  ///< in the order of the Configure-Request
  std::uint16_t mru = 0;                         ///< 0: ClientSettings' ppp.mru
  std::optional<Duration> lcp_echo_interval;     ///< 0: never; none: ClientSettings' ppp.lcp_echo_interval
  std::span<const std::string_view> identifications;  ///< RFC 1570; an empty one: 16 random octets
  ClientDiagnosis diagnosis = ClientDiagnosis::kNone;

  // ---- CCP
  std::uint32_t mppe_strengths = 0;  ///< of the first request when the strongest is allowed; 0: those allowed
  CcpWithoutMppe without_mppe = CcpWithoutMppe::kProtocolReject;

  // ---- IPCP
  std::span<const wire::IpcpOption> ipcp_options;  ///< in the order of the Configure-Request
  std::optional<Duration> ipcp_after_ccp_began;    ///< none: when CCP is settled
  bool refuses_early_ipcp = false;  ///< Terminate-Ack to an earlier request; else it is kept for later
  Ipv6cpAttempt ipv6cp = Ipv6cpAttempt::kNone;

  contract::AckPolicy acks;
};

/// "plain" is first: only what the RFCs require, without pauses; used to measure rates.
[[nodiscard]] std::span<const ClientProfile> client_profiles();
/// nullptr: no profile of that name.
[[nodiscard]] const ClientProfile* find_client_profile(std::string_view name);

}  // namespace adit::control
