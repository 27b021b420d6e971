// SPDX-License-Identifier: Apache-2.0
// A run as planned by the command line or a scenario file: which server to dial, as which clients, through
// which ports, and the phases in order. Values only. Thread: control. Owner: main().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "crypto/tls/tls_credentials.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/wire/ids.hpp"
#include "dataplane/wire/ipv6_address.hpp"

namespace adit::app::blast {

/// The offered load of one direction, summed over all calls.
struct Rate {
  enum class Unit : std::uint8_t { kPackets, kBits, kMaximum };
  Unit unit = Unit::kPackets;
  double per_second = 0;  ///< in `unit`; bits are those of the inner IP packets
};

[[nodiscard]] constexpr bool has_rate(const Rate& rate) {
  return rate.unit == Rate::Unit::kMaximum || rate.per_second > 0;
}

/// Inner IP packet sizes in octets, drawn in proportion to their weights. "64", "imix" (7 x 64, 4 x 576, 1 x 1400).
struct SizeMix {
  std::string name = "imix";
  std::vector<std::pair<std::uint16_t, std::uint32_t>> sizes = {{64, 7}, {576, 4}, {1400, 1}};
};

/// What packets carry besides their probe.
enum class Payload : std::uint8_t { kRandom, kText };

/// Who answers the verified traffic.
enum class TrafficMode : std::uint8_t {
  kCore,  ///< we do, at the core port's address: each direction is measured separately
  kEcho,  ///< the server, by ICMP echo from its tunnel address: needs no core port, measures the round trip
};

/// The impairment of GRE packets in both directions, as fractions of 1.
struct Impairment {
  double loss = 0;
  double duplication = 0;
  double reordering = 0;  ///< sent after the next `reorder_by` packets
  std::uint32_t reorder_by = 3;
  [[nodiscard]] bool any() const { return loss > 0 || duplication > 0 || reordering > 0; }
};

/// Which inner packets are sent.
enum class Families : std::uint8_t { kIpv4, kIpv6, kMixed };
[[nodiscard]] constexpr bool sends_ipv4(Families families) {
  return families != Families::kIpv6;
}
[[nodiscard]] constexpr bool sends_ipv6(Families families) {
  return families != Families::kIpv4;
}

/// A way to log in; `within_eap` counts for AuthMethod::kEap.
struct LoginMethod {
  control::AuthMethod method = control::AuthMethod::kMsChapV2;
  control::EapLocalMethod within_eap = control::EapLocalMethod::kMsChapV2;
  friend bool operator==(const LoginMethod&, const LoginMethod&) = default;
};
inline constexpr LoginMethod kEapMsChapV2{control::AuthMethod::kEap, control::EapLocalMethod::kMsChapV2};
inline constexpr LoginMethod kEapTls{control::AuthMethod::kEap, control::EapLocalMethod::kTls};

enum class PhaseKind : std::uint8_t { kSetUp, kHold, kTraffic, kChurn, kStorm, kThroughput, kTearDown };

struct Phase {
  PhaseKind kind = PhaseKind::kSetUp;
  std::uint32_t calls = 1;  ///< set-up: how many to bring up
  double dial_rate = 0;  ///< set-up, churn, storm: dials a second at most; 0: as fast as `concurrency` allows
  std::uint32_t concurrency = 256;     ///< set-up, churn, storm: dials in progress at most
  std::uint32_t callers = 20'000;      ///< storm: lines that dial again and again, besides those that are up
  control::Duration duration{10'000};  ///< hold, traffic, churn, storm; throughput: of one trial
  Rate up{};                           ///< traffic, churn, storm, hold: from the clients
  Rate down{};                         ///< traffic, churn, storm, hold: to the clients
  std::vector<SizeMix> sizes = {SizeMix{}};  ///< throughput: each in turn; otherwise the first
  Families families = Families::kIpv4;       ///< traffic, churn, storm, hold, throughput
  double churn = 0.05;    ///< churn: fraction of the calls up that is hung up and redialled each second
  double loss_limit = 0;  ///< throughput: the highest loss that still passes, as a fraction of 1
  bool abrupt = false;    ///< churn, tear-down: without closing PPP and PPTP
};

struct Plan {
  wire::Ipv4Address server;  ///< and the `servers` - 1 addresses after it, in turn
  std::uint32_t servers = 1;
  std::uint16_t tcp_port = 1723;
  wire::Ipv4Prefix clients;    ///< source addresses; length 32: one for all
  bool clients_given = false;  ///< otherwise the access interface's own address
  std::string profile = "plain";
  bool incoming = false;  ///< clients bring their calls in, as an access concentrator does
  std::string calling_number, called_number;  ///< of these calls
  std::string user = "blast";                 ///< empty: as the certificate calls us
  std::string password = "blast";
  std::vector<LoginMethod> auth = {LoginMethod{}};
  std::string certificate_file, private_key_file, ca_file;  ///< PEM, for kEapTls
  crypto::TlsVersion newest_tls = crypto::TlsVersion::kTls13;
  control::MppePolicy mppe = control::MppePolicy::kPrefer;
  std::vector<contract::MppeStrength> mppe_key_lengths = {contract::MppeStrength::k128};
  control::Ipv6Policy ipv6 = control::Ipv6Policy::kDeny;
  bool no_ipv4 = false;                                   ///< calls have IPv6 alone
  bool delegate = false;                                  ///< clients ask for a prefix to use behind them
  control::MppcPolicy mppc = control::MppcPolicy::kDeny;  ///< or kStateless
  Payload payload = Payload::kRandom;

  dataplane::PortSettings access;
  std::optional<dataplane::PortSettings> core;  ///< none: the access port serves the core as well
  wire::Ipv4Address core_address;               ///< ours, where subscribers send; none: kEcho
  wire::Ipv6Address core_address6;              ///< the same for IPv6; none: there is none
  TrafficMode traffic = TrafficMode::kEcho;
  Impairment impairment;
  std::uint64_t seed = 1;

  std::uint32_t server_pid = 0;  ///< process whose memory and descriptors to watch; 0: none
  std::vector<Phase> phases;
  std::uint32_t repeat = 1;  ///< times that all phases are run, each time from no call to no call

  std::string json_file;    ///< empty: none; "-": standard output
  std::string report_file;  ///< HTML; empty: none
  bool quiet = false;       ///< no live progress
  std::vector<std::string> eal_args;
};

[[nodiscard]] std::string_view to_text(PhaseKind kind);
[[nodiscard]] std::string_view to_text(TrafficMode mode);

}  // namespace adit::app::blast
