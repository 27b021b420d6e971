// SPDX-License-Identifier: Apache-2.0
// What an operator may set for the control plane, with the defaults that apply without a config file. Section
// and key names in adit.toml follow accel-ppp.conf where the meaning is the same. Immutable once handed over.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/base/timer_wheel.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::control {

using namespace std::chrono_literals;

enum class SetLinkInfoPolicy : std::uint8_t { kMirror, kNever, kAlways };
enum class MppePolicy : std::uint8_t { kDeny, kAllow, kPrefer, kRequire };
/// kAllow: stateless is suggested to a peer that asks for stateful, but stateful is accepted when it insists.
/// kPrefer: the other way round.
enum class StatefulPolicy : std::uint8_t { kDeny, kAllow, kPrefer };
/// kStateless: each packet is compressed by itself. kAllow: by those before it too, if the peer insists; each such call
/// takes a pair of histories.
enum class MppcPolicy : std::uint8_t { kDeny, kStateless, kAllow };

/// In the order of offering.
enum class AuthMethod : std::uint8_t { kMsChapV2, kMsChapV1, kChapMd5, kPap, kEap };
inline constexpr std::array kAuthMethods{AuthMethod::kMsChapV2, AuthMethod::kMsChapV1, AuthMethod::kChapMd5,
                                         AuthMethod::kPap, AuthMethod::kEap};

/// Who knows the users: [auth] backend.
enum class AuthOrder : std::uint8_t { kLocal, kRadius, kRadiusThenLocal };

struct PptpSettings {            // [pptp]
  Duration echo_interval = 60s;  ///< RFC 2637 §3: silence before our Echo-Request
  Duration echo_timeout = 60s;   ///< and for its reply
  Duration start_timeout = 10s;  ///< accept to Start-Control-Connection-Request
  /// Start-Control-Connection-Reply to a request for a call; the end of the last call that was brought in to the next; and
  /// of one call from Incoming-Call-Reply to Incoming-Call-Connected.
  Duration call_timeout = 30s;
  Duration login_timeout = 60s;  ///< accept to an authenticated call, whatever happens in between
  Duration stop_timeout = 3s;    ///< our Stop-Control-Connection-Request to its reply
  SetLinkInfoPolicy set_link_info = SetLinkInfoPolicy::kMirror;
  bool incoming_calls = false;  ///< take those that an access concentrator (RFC 2637's PAC) brings in
  std::uint16_t receive_window = 64;
  std::uint32_t max_calls_per_connection = 1;
  std::uint32_t max_connections = 100'000;
  std::uint32_t max_connections_per_address = 0;  ///< 0: no limit; beside it, admission is fair by source
  std::uint32_t max_starting = 20'000;            ///< connections without an authenticated call, together
  std::uint32_t max_output_octets = 16'384;     ///< unsent control octets per connection before it is closed
  std::uint32_t max_messages_per_second = 200;  ///< control messages per connection; above, it is closed
  std::string host_name = "adit";  ///< Start-Control-Connection-Reply Host Name, 63 octets at most
  std::string vendor_name = "Adit";
};

struct PppSettings {  // [ppp]
  std::uint16_t mru =
      1436;  ///< ours, asked of the peer; accel-ppp's limit, so that a PPPoE uplink (1492) still fits
  std::uint16_t mtu = 1436;  ///< cap on what we send, whatever the peer's MRU
  std::uint16_t min_mtu = 576;
  bool accomp = false;  ///< offer Address-and-Control-Field-Compression
  bool pcomp = false;   ///< offer Protocol-Field-Compression
  MppePolicy mppe = MppePolicy::kPrefer;
  StatefulPolicy mppe_stateful = StatefulPolicy::kDeny;
  std::vector<contract::MppeStrength> mppe_key_lengths = {contract::MppeStrength::k128};
  MppcPolicy mppc = MppcPolicy::kDeny;
  Duration timeout = 3s;  ///< RFC 1661 restart timer; the first requests of a negotiation repeat sooner
  std::uint32_t max_configure = 10;
  std::uint32_t max_failure = 5;
  std::uint32_t max_terminate = 2;
  Duration lcp_echo_interval = 20s;  ///< silence from the peer before an LCP echo; 0 disables
  std::uint32_t lcp_echo_failure = 3;
  Duration lcp_timeout = 30s;    ///< call to LCP Opened
  Duration setup_timeout = 60s;  ///< call to IP up
};

struct AuthSettings {  // [auth]
  std::vector<AuthMethod> methods = {AuthMethod::kMsChapV2};
  Duration timeout = 10s;  ///< our challenge (or LCP open, for PAP) to a verdict
  std::uint32_t max_failure =
      1;  ///< proofs judged per link; above 1 a rejected peer is invited to retry (R=1)
  Duration rechallenge{
      0};  ///< RFC 1994 §2: from one proof by CHAP to the next challenge; 0: none within a session
  std::string challenge_name = "adit";
};

/// Who carries out the methods of EAP: we do, or a RADIUS server.
enum class EapMode : std::uint8_t { kLocal, kRadius };
enum class EapLocalMethod : std::uint8_t { kMsChapV2, kTls };

struct EapSettings {  // [eap]
  EapMode mode = EapMode::kLocal;
  std::vector<EapLocalMethod> methods = {EapLocalMethod::kMsChapV2};  ///< ours, the first is offered first
  Duration timeout = 60s;                                             ///< the first Request to the end
};

struct AddressRange {
  wire::Ipv4Address first;
  wire::Ipv4Address last;
};

struct PoolSettings {  // [[ip-pool]]
  std::string name = "default";
  std::vector<AddressRange> ranges;
};

/// What IPCP gives to clients that ask; none: not given.
struct NameServers {
  wire::Ipv4Address dns1, dns2, wins1, wins2;
};

struct IpSettings {           // [ip], [dns], [wins]
  wire::Ipv4Address gateway;  ///< our end of every link, gw-ip-address
  wire::Ipv4Address dns1, dns2;
  wire::Ipv4Address wins1, wins2;
  std::vector<PoolSettings> pools;
  bool address_required =
      true;  ///< a peer that never takes its address is ended; false: one that names none has it
  Duration quarantine = 60s;  ///< before a call ID or address is reused
};

/// kAllow: for a peer that opens IPv6CP. kPrefer: we open it. kRequire: we open it, and the call ends without it.
enum class Ipv6Policy : std::uint8_t { kDeny, kAllow, kPrefer, kRequire };

/// What a prefix or address of IPv6 is for: the link's /64 (Router Advertisements), the subscriber's own address
/// (DHCPv6 IA_NA), the network behind it (DHCPv6 IA_PD).
enum class Ipv6Use : std::uint8_t { kLink, kAddress, kDelegate };

/// As the configuration names them.
[[nodiscard]] constexpr std::string_view to_text(Ipv6Use use) {
  return use == Ipv6Use::kLink ? "link" : use == Ipv6Use::kAddress ? "address" : "delegate";
}

struct Ipv6PoolSettings {  // [[ipv6-pool]]
  std::string name = "default";
  wire::Ipv6Prefix prefix;
  std::uint8_t length = 64;  ///< of what one subscriber gets; 128 for Ipv6Use::kAddress
  Ipv6Use use = Ipv6Use::kLink;
};

struct Ipv6Settings {  // [ipv6]
  Ipv6Policy mode = Ipv6Policy::kDeny;
  std::uint64_t gateway_id = 1;  ///< gw-link-local: our end of every link is fe80::/64 with this
  Duration ra_interval = 600s;   ///< RFC 4861 §6.2.1 MaxRtrAdvInterval
  Duration ra_lifetime = 1800s;  ///< AdvDefaultLifetime; 0: not a default router
  std::vector<wire::Ipv6Address> dns;
  std::vector<std::string> domain;
  bool dhcpv6 = true;
  std::vector<std::uint8_t> server_duid;  ///< not a key: server_duid() of the machine's ID
  std::vector<Ipv6PoolSettings> pools;
};

/// From the subscriber's side, in kbit/s of inner IP (accel-ppp's unit); 0: no limit.
struct SubscriberRate {
  std::uint32_t down = 0;
  std::uint32_t up = 0;
  [[nodiscard]] bool any() const { return down != 0 || up != 0; }
  friend bool operator==(const SubscriberRate&, const SubscriberRate&) = default;
};

/// "10240" for both directions, or "10240/2048": down, then up. Nothing for any other text.
[[nodiscard]] constexpr std::optional<SubscriberRate> parse_rate(std::string_view text) {
  std::array<std::uint32_t, 2> numbers{};
  std::size_t at = 0;
  for (std::size_t part = 0; part < 2; ++part) {
    const std::size_t begin = at;
    std::uint64_t number = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 10; ++at) {
      number = number * 10 + static_cast<std::uint64_t>(text[at] - '0');
    }
    if (at == begin || number > 4'000'000'000) {
      return std::nullopt;
    }
    numbers[part] = static_cast<std::uint32_t>(number);
    if (part == 0 && at == text.size()) {
      return SubscriberRate{numbers[0], numbers[0]};
    }
    if (part == 0 && text[at++] != '/') {
      return std::nullopt;
    }
  }
  return at == text.size() ? std::optional(SubscriberRate{numbers[0], numbers[1]}) : std::nullopt;
}

/// In the syntax of parse_rate(); "" without a limit.
[[nodiscard]] inline std::string to_string(const SubscriberRate& rate) {
  return rate.any() ? std::to_string(rate.down) + '/' + std::to_string(rate.up) : "";
}

/// What happens to a second call of the same user.
enum class SingleSession : std::uint8_t {
  kOff,      ///< any number of calls
  kReplace,  ///< the older calls end
  kDeny,     ///< the new call is refused
};

struct Settings {
  SubscriberRate rate;                                 ///< [shaper] rate: for users without one of their own
  SingleSession single_session = SingleSession::kOff;  ///< [common]
  bool ignore_case = false;      ///< [common] single-session-ignore-case: "alice" and "ALICE" are one user
  Duration interim_interval{0};  ///< [radius] acct-interim-interval: unless a server sends one; 0: no records
  Duration interim_jitter{0};    ///< [radius] acct-interim-jitter: either way; 0: a tenth of the interval
  PptpSettings pptp;
  PppSettings ppp;
  AuthSettings auth;
  EapSettings eap;
  IpSettings ip;
  Ipv6Settings ipv6;
};

}  // namespace adit::control
