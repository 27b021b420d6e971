// SPDX-License-Identifier: Apache-2.0
// Each value comes from a capture, a source or a log, named above the profile; "guess" marks those that do
// not.
#include "controlplane/client/client_profile.hpp"

#include <array>

namespace adit::control {
namespace {

using pptp::FixedText;
using pptp::OutgoingCallRequest;
using pptp::StartControlConnectionRequest;
using wire::IpcpOption;
using wire::LcpOption;

struct Capabilities {
  std::uint32_t framing = 3;
  std::uint32_t bearer = 3;
  std::uint16_t channels = 0;
  std::uint16_t firmware = 0;
};

StartControlConnectionRequest start_request(Capabilities can, std::string_view host,
                                            std::string_view vendor) {
  StartControlConnectionRequest request;
  request.framing_capabilities = can.framing;
  request.bearer_capabilities = can.bearer;
  request.maximum_channels = can.channels;
  request.firmware_revision = can.firmware;
  request.host_name = FixedText<64>(host);
  request.vendor_string = FixedText<64>(vendor);
  return request;
}

OutgoingCallRequest call_request(std::uint32_t least_bps, std::uint32_t most_bps, std::uint16_t window) {
  OutgoingCallRequest request;
  request.minimum_bps = least_bps;
  request.maximum_bps = most_bps;
  request.receive_window = window;
  return request;
}

constexpr std::array kMruAndMagic = {LcpOption::kMru, LcpOption::kMagic};
constexpr std::array kAddressOnly = {IpcpOption::kAddress};

// Exactly what RFC 2637, 1661 and 1332 require, without optional pauses.
ClientProfile plain() {
  return {
      .name = "plain",
      .help = "only what the RFCs require, without pauses; for measuring rates",
      .start = start_request({}, "adit-blast", "Adit"),
      .call = call_request(300, 100'000'000, 64),
      .link_infos = {},
      .lcp_options = kMruAndMagic,
      .lcp_echo_interval = std::nullopt,
      .identifications = {},
      .ipcp_options = kAddressOnly,
      .ipcp_after_ccp_began = std::nullopt,
      .acks = {},
  };
}

// RasPPTP of Windows 7 to 11 against poptop (logs of both ends); [MS-PTPT] §3.1.2 for the times.
// Firmware 2600 and the call's figures are from an XP client; that later ones send the same is a guess. Other
// guesses: the receive window (ignored, as Windows ignores ours), the moments of Set-Link-Info (logs have two
// or three, before and after LCP opens), that no LCP echo is originated, and Protocol-Reject of CCP when the
// entry forbids encryption.
constexpr std::array kWindowsLcp = {LcpOption::kMru, LcpOption::kMagic, LcpOption::kProtocolCompression,
                                    LcpOption::kAddressCompression, LcpOption::kCallback};
constexpr std::array kWindowsIpcp = {IpcpOption::kAddress, IpcpOption::kPrimaryDns, IpcpOption::kPrimaryNbns,
                                     IpcpOption::kSecondaryDns, IpcpOption::kSecondaryNbns};
constexpr std::array<std::string_view, 3> kWindowsNames = {"MSRASV5.20", "MSRAS-0-BLAST", ""};
constexpr std::array kWindowsLinkInfos = {
    ClientLinkInfo{ClientLinkInfo::When::kCallAnswered, 0xFFFFFFFF, 0xFFFFFFFF},
    ClientLinkInfo{ClientLinkInfo::When::kLcpOpened, 0, 0xFFFFFFFF}};
ClientProfile windows() {
  return {
      .name = "windows",
      .help = "RasPPTP of Windows 7 to 11: callback, Identification, IPCP in parallel with CCP, name servers",
      .start = start_request({.framing = 1, .bearer = 1, .firmware = 2600}, "", "Microsoft Windows NT"),
      .call = call_request(300, 100'000'000, 64),
      .link_infos = kWindowsLinkInfos,
      .lcp_options = kWindowsLcp,
      .mru = 1400,
      .lcp_echo_interval = Duration{0},
      .identifications = kWindowsNames,
      .diagnosis = ClientDiagnosis::kRasError,
      .mppe_strengths = 0xE0,
      .ipcp_options = kWindowsIpcp,
      .ipcp_after_ccp_began = Duration{0},
      .ipv6cp = Ipv6cpAttempt::kBeforeIpcp,
      .acks = {.bare_after_ms = 100, .bare_after_packets = 255},
  };
}

// pptp-linux with pppd (captures against accel-ppp and poptop); VJ and the name servers as pppd requests them
// with `usepeerdns`, in the order of its ipcp_addci(); LCP echoes as NetworkManager sets them. The captures
// end with Call-Clear-Request and FIN, without Stop-Control-Connection-Request.
constexpr std::array kPppdLcp = {LcpOption::kAccm, LcpOption::kMagic, LcpOption::kProtocolCompression,
                                 LcpOption::kAddressCompression};
constexpr std::array kPppdIpcp = {IpcpOption::kCompression, IpcpOption::kAddress, IpcpOption::kPrimaryDns,
                                  IpcpOption::kSecondaryDns};
ClientProfile pptp_linux() {
  return {
      .name = "pptp-linux",
      .help = "pptp-linux and pppd: a second before the call, CCP before IPCP, name servers",
      .start = start_request({.channels = 0xFFFF, .firmware = 1}, "local", "cananian"),
      .call = call_request(2'400, 10'000'000, 3),
      .pause_before_call = Duration{1'000},
      .link_infos = {},
      .stops = false,
      .lcp_options = kPppdLcp,
      .lcp_echo_interval = Duration{30'000},
      .identifications = {},
      .diagnosis = ClientDiagnosis::kText,
      .without_mppe = CcpWithoutMppe::kConfigureReject,
      .ipcp_options = kPppdIpcp,
      .ipcp_after_ccp_began = std::nullopt,
      .refuses_early_ipcp = true,
      .ipv6cp = Ipv6cpAttempt::kAfterIpcp,
      .acks = {.bare_after_ms = 500, .bare_after_packets = 2},
  };
}

// RouterOS: framing, bearer and vendor as in its server's SCCRP; MRU 1450, CCP even without encryption, IPCP
// 30 ms after it (accel-ppp #353), keepalive 30 s. Guesses: host name, firmware, channels, the call's
// figures, how it hangs up, acknowledgements.
ClientProfile mikrotik() {
  return {
      .name = "mikrotik",
      .help = "RouterOS: MRU 1450, IPCP 30 ms after CCP, keepalive 30 s",
      .start = start_request({.framing = 2, .bearer = 0, .firmware = 1}, "MikroTik", "MikroTik"),
      .call = call_request(300, 100'000'000, 100),
      .link_infos = {},
      .lcp_options = kMruAndMagic,
      .mru = 1450,
      .lcp_echo_interval = Duration{30'000},
      .identifications = {},
      .without_mppe = CcpWithoutMppe::kOffer,
      .ipcp_options = kAddressOnly,
      .ipcp_after_ccp_began = Duration{30},
      .acks = {},
  };
}

// mtpd, pppd and the kernel's pppopns of Android 4 to 11 (sources): no echoes, no acknowledgements, hangs up
// with FIN only.
// Guesses: MRU 1400, the options of its pppd (those of pptp-linux), the vendor name.
constexpr std::array kAndroidLcp = {LcpOption::kMru, LcpOption::kAccm, LcpOption::kMagic,
                                    LcpOption::kProtocolCompression, LcpOption::kAddressCompression};
ClientProfile android() {
  return {
      .name = "android",
      .help = "mtpd and pppd of Android: no echoes, no acknowledgements, hangs up with FIN only",
      .start = start_request({.channels = 1}, "anonymous", ""),
      .call = call_request(1'000, 100'000'000, 8'192),
      .echo_interval = Duration{0},
      .link_infos = {},
      .clears_call = false,
      .stops = false,
      .lcp_options = kAndroidLcp,
      .mru = 1400,
      .lcp_echo_interval = Duration{0},
      .identifications = {},
      .diagnosis = ClientDiagnosis::kText,
      .without_mppe = CcpWithoutMppe::kConfigureReject,
      .ipcp_options = kPppdIpcp,
      .ipcp_after_ccp_began = std::nullopt,
      .refuses_early_ipcp = true,
      .acks = {.acknowledges = false},
  };
}

}  // namespace

std::span<const ClientProfile> client_profiles() {
  static const std::array kProfiles = {plain(), windows(), pptp_linux(), mikrotik(), android()};
  return kProfiles;
}

const ClientProfile* find_client_profile(std::string_view name) {
  for (const ClientProfile& profile : client_profiles()) {
    if (profile.name == name) {
      return &profile;
    }
  }
  return nullptr;
}

}  // namespace adit::control
