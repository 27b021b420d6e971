// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/plan_schema.hpp"

#include <algorithm>

#include "app/adit-blast/plan/load_values.hpp"
#include "app/adit-blast/plan/written_values.hpp"
#include "controlplane/client/client_profile.hpp"

namespace adit::app::blast {
namespace {

using control::AuthMethod;
using control::Ipv6Policy;
using control::MppcPolicy;
using control::MppePolicy;
using crypto::TlsVersion;
using dataplane::PortDriver;
using namespace std::chrono_literals;

constexpr std::uint32_t kMostCalls = 10'000'000;
constexpr std::uint32_t kMostRepeats = 100;
constexpr std::uint32_t kMostPid = 4'194'304;  // PID_MAX_LIMIT

constexpr std::string_view kLoad = "Load";
constexpr std::string_view kServer = "Server";
constexpr std::string_view kClients = "Clients";
constexpr std::string_view kPorts = "Ports";
constexpr std::string_view kRepeats = "Repeats";
constexpr std::string_view kOutput = "Output";

const ChoiceKind<PortDriver> kDriver{{{"auto", PortDriver::kAuto},
                                      {"af_xdp", PortDriver::kAfXdp},
                                      {"af_packet", PortDriver::kAfPacket},
                                      {"dpdk", PortDriver::kDpdk}}};

// The name of one of client_profiles().
struct ProfileKind {
  using Value = std::string;
  [[nodiscard]] Read<std::string> read(const toml::node& node) const {
    std::vector<std::string_view> names;
    for (const control::ClientProfile& profile : control::client_profiles()) {
      names.push_back(profile.name);
    }
    const Read<std::size_t> index = read_choice(node, names);
    if (!index) {
      return std::unexpected(index.error());
    }
    return std::string(names[*index]);
  }
  [[nodiscard]] std::string show(const std::string& value) const { return '"' + value + '"'; }
};

// A row: heading, key, name of the value, field, kind, help.
#define BLAST_KEY(heading, name, value, field, kind, help) \
  key<Draft>(heading, name, value, [](Draft& d) -> auto& { return d.field; }, kind, help)

std::vector<PlanKey> make_server_keys() {
  return {
      BLAST_KEY(kServer, "server", "ADDR[-ADDR][:PORT]", server, EndpointKind{},
                "The server to dial; several addresses in turn. Required."),
      BLAST_KEY(kServer, "server-pid", "PID", plan.server_pid, (NumberKind<std::uint32_t>{0, kMostPid}),
                "Watch the memory and descriptors of this process, if the\nserver runs on this machine. 0: "
                "do not."),
      BLAST_KEY(kClients, "clients", "PREFIX", plan.clients, PrefixKind{},
                "Source addresses, as 10.99.0.0/16, on this machine.\nWithout: the access interface's own."),
      BLAST_KEY(kClients, "profile", "NAME", plan.profile, ProfileKind{},
                "The client to imitate: plain, windows, pptp-linux,\nmikrotik, android."),
      BLAST_KEY(
          kClients, "incoming", "", plan.incoming, BoolKind{},
          "Bring calls in (Incoming-Call-Request), as an access\nconcentrator does, instead of asking for "
          "them."),
      BLAST_KEY(kClients, "calling-number", "NUMBER", plan.calling_number, (TextKind{0, 64}),
                "With --incoming: the caller's number."),
      BLAST_KEY(kClients, "called-number", "NUMBER", plan.called_number, (TextKind{0, 64}),
                "With --incoming: the number that is called."),
      BLAST_KEY(kClients, "user", "NAME", plan.user, (TextKind{1, 255}),
                "User name of every call. \"user{}\": user0, user1, ... by call."),
      BLAST_KEY(kClients, "password", "TEXT", plan.password, (TextKind{0, 255}),
                "Its password. Others can read a command line: prefer\n--password-file, or "
                "ADIT_BLAST_PASSWORD in the\n"
                "environment."),
      BLAST_KEY(kClients, "password-file", "FILE", password_file, FileKind{},
                "The password is the first line of FILE."),
      BLAST_KEY(
          kClients, "auth", "LIST", plan.auth,
          (WordsKind<ChoiceKind<LoginMethod>>{{{{{"mschap-v2", {AuthMethod::kMsChapV2}},
                                                 {"mschap-v1", {AuthMethod::kMsChapV1}},
                                                 {"chap-md5", {AuthMethod::kChapMd5}},
                                                 {"pap", {AuthMethod::kPap}},
                                                 {"eap-mschapv2", kEapMsChapV2},
                                                 {"eap-tls", kEapTls}}},
                                               "write [\"mschap-v2\"]"}}),
          "Methods that clients agree to: mschap-v2, mschap-v1,\nchap-md5, pap, eap-mschapv2, eap-tls."),
      BLAST_KEY(
          kClients, "certificate", "FILE", plan.certificate_file, FileKind{},
          "With eap-tls: what all calls show, a certificate in PEM and\nthe chain that issued it. Without "
          "--user they log in as the\nfirst name in it."),
      BLAST_KEY(kClients, "private-key", "FILE", plan.private_key_file, FileKind{},
                "Its key, in PEM, without a passphrase."),
      BLAST_KEY(kClients, "ca", "FILE", plan.ca_file, FileKind{},
                "The CA, in PEM, that the server's certificate is of."),
      BLAST_KEY(kClients, "tls-max-version", "VERSION", plan.newest_tls,
                (ChoiceKind<TlsVersion>{{{"1.2", TlsVersion::kTls12}, {"1.3", TlsVersion::kTls13}}}),
                "The newest TLS that eap-tls offers: 1.2 or 1.3."),
      BLAST_KEY(kClients, "mppe", "POLICY", plan.mppe,
                (ChoiceKind<MppePolicy>{{{"deny", MppePolicy::kDeny},
                                         {"allow", MppePolicy::kAllow},
                                         {"prefer", MppePolicy::kPrefer},
                                         {"require", MppePolicy::kRequire}}}),
                "Encryption: deny, allow, prefer or require."),
      BLAST_KEY(kClients, "mppe-key-lengths", "LIST", plan.mppe_key_lengths,
                (WordsKind<KeyLengthKind>{{{}, "write [128]"}}), "Bits of its keys: 128, 56, 40."),
      BLAST_KEY(kClients, "ipv6", "POLICY", plan.ipv6,
                (ChoiceKind<Ipv6Policy>{{{"deny", Ipv6Policy::kDeny},
                                         {"allow", Ipv6Policy::kAllow},
                                         {"prefer", Ipv6Policy::kPrefer},
                                         {"require", Ipv6Policy::kRequire}}}),
                "IPv6 beside IPv4: deny, allow, prefer or require."),
      BLAST_KEY(kClients, "no-ipv4", "", plan.no_ipv4, BoolKind{},
                "Calls have no IPv4: IPCP is refused, as by pppd's noip."),
      BLAST_KEY(kClients, "delegate", "", plan.delegate, BoolKind{},
                "Clients ask for a prefix by DHCPv6 as well, and use it."),
      BLAST_KEY(
          kClients, "mppc", "POLICY", plan.mppc,
          (ChoiceKind<MppcPolicy>{{{"deny", MppcPolicy::kDeny}, {"stateless", MppcPolicy::kStateless}}}),
          "Compression, with encryption or without: deny, stateless."),
      BLAST_KEY(kClients, "payload", "KIND", plan.payload,
                (ChoiceKind<Payload>{{{"random", Payload::kRandom}, {"text", Payload::kText}}}),
                "What packets carry: random, or text, which shrinks."),
  };
}

std::vector<PlanKey> make_port_keys() {
  return {
      BLAST_KEY(kPorts, "access", "IFACE", plan.access.interface, InterfaceKind{},
                "The interface that leads to the server. Required."),
      BLAST_KEY(kPorts, "access-driver", "NAME", plan.access.driver, kDriver,
                "auto, af_xdp, af_packet or dpdk (with a device)."),
      BLAST_KEY(kPorts, "access-device", "DEVICE", plan.access.device, (TextKind{0, 255}),
                "A DPDK device: 0000:01:00.0, net_memif0,role=client.\n--access then names the interface "
                "whose routes "
                "it has."),
      BLAST_KEY(kPorts, "core-address", "ADDR", plan.core_address, Ipv4Kind{true},
                "Ours, that subscribers send to: each direction is\nmeasured by itself. Without: the "
                "server's echo."),
      BLAST_KEY(kPorts, "core-address6", "ADDR", plan.core_address6, OptionalIpv6Kind{},
                "The same for IPv6."),
      BLAST_KEY(kPorts, "core", "IFACE", core.interface, InterfaceKind{},
                "The interface of the core side. Without: the access port\nplays the core as well."),
      BLAST_KEY(kPorts, "core-driver", "NAME", core.driver, kDriver, "As --access-driver."),
      BLAST_KEY(kPorts, "core-device", "DEVICE", core.device, (TextKind{0, 255}), "As --access-device."),
      BLAST_KEY(kPorts, "impair", "LIST", plan.impairment, ImpairmentKind{},
                "Simulate a bad link for GRE, both ways:\nloss=1%,duplicate=0.5%,reorder=2%,reorder-by=3."),
      BLAST_KEY(kPorts, "seed", "N", plan.seed, (NumberKind<std::uint64_t>{0, INT64_MAX}),
                "Seed of everything random: the same seed, the same run."),
  };
}

std::vector<PlanKey> make_output_keys() {
  return {
      BLAST_KEY(kRepeats, "repeat", "N", plan.repeat, (NumberKind<std::uint32_t>{1, kMostRepeats}),
                "Run all of it N times, and tell the median and the spread\nof each figure."),
      BLAST_KEY(kOutput, "json", "FILE", plan.json_file, FileKind{},
                "Write all results as JSON; - is standard output."),
      BLAST_KEY(kOutput, "report", "FILE", plan.report_file, FileKind{},
                "Write an HTML page with plots and tables."),
      BLAST_KEY(kOutput, "quiet", "", plan.quiet, BoolKind{}, "No live progress."),
  };
}
#undef BLAST_KEY

// The same, followed by the phases that have the key.
#define BLAST_KEY(name, value, field, kind, help, ...)                                       \
  PhaseKey {                                                                                 \
    key<Phase>(kLoad, name, value, [](Phase& p) -> auto& { return p.field; }, kind, help), { \
      __VA_ARGS__                                                                            \
    }                                                                                        \
  }

std::vector<PhaseKey> make_phase_keys() {
  using enum PhaseKind;
  const DurationKind duration{100ms, 24h * 30};
  return {
      BLAST_KEY("calls", "N", calls, (NumberKind<std::uint32_t>{1, kMostCalls}), "Calls to bring up.",
                kSetUp),
      BLAST_KEY("dial-rate", "N", dial_rate, (RealKind{1e6}),
                "Dials a second at most. 0: as fast as --concurrency allows.", kSetUp, kChurn, kStorm),
      BLAST_KEY("concurrency", "N", concurrency, (NumberKind<std::uint32_t>{1, 1'000'000}),
                "Dials in progress at most.", kSetUp, kChurn, kStorm),
      BLAST_KEY(
          "callers", "N", callers, (NumberKind<std::uint32_t>{1, kMostCalls}),
          "Lines that dial, hang up as soon as they are up, and dial\nanew, beside the calls that stay.",
          kStorm),
      BLAST_KEY("for", "DURATION", duration, duration, "How long: 30s, 3m, 1h.", kHold, kTraffic, kChurn,
                kStorm),
      BLAST_KEY("trial", "DURATION", duration, duration, "How long one trial is.", kThroughput),
      BLAST_KEY("up", "RATE", up, RateKind{},
                "From the clients, all calls together: 20kpps, 1.5Mpps,\n100Mbps, max. 0: none. Throughput: "
                "the most "
                "that is tried.",
                kHold, kTraffic, kChurn, kStorm, kThroughput),
      BLAST_KEY("down", "RATE", down, RateKind{}, "To the clients (needs --core-address).", kHold, kTraffic,
                kChurn, kStorm, kThroughput),
      BLAST_KEY(
          "size", "SIZE", sizes, SizesKind{},
          "Octets of an inner IP packet, 64 to 1456, or imix.\nThroughput takes a list: 64,512,imix,1400.",
          kHold, kTraffic, kChurn, kStorm, kThroughput),
      BLAST_KEY("family", "NAME", families,
                (ChoiceKind<Families>{
                    {{"ipv4", Families::kIpv4}, {"ipv6", Families::kIpv6}, {"mixed", Families::kMixed}}}),
                "Packets of ipv4, ipv6 (of 76 octets at least; needs --ipv6)\nor, in turn, both: mixed.",
                kHold, kTraffic, kChurn, kStorm, kThroughput),
      BLAST_KEY("churn", "PERCENT", churn, PercentKind{100},
                "Share of the calls that is hung up and dialled anew each\nsecond.", kChurn),
      BLAST_KEY("loss-limit", "PERCENT", loss_limit, PercentKind{100},
                "The highest loss with which a trial passes.", kThroughput),
      BLAST_KEY("abrupt", "", abrupt, BoolKind{}, "Hang up without telling the server.", kChurn, kStorm,
                kTearDown),
  };
}
#undef BLAST_KEY

}  // namespace

bool PhaseKey::belongs_to(PhaseKind kind) const {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

std::span<const PlanKey> plan_keys() {
  static const std::vector<PlanKey> keys = [] {
    std::vector<PlanKey> all = make_server_keys();
    for (auto& part : {make_port_keys(), make_output_keys()}) {
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }();
  return keys;
}

std::span<const PhaseKey> phase_keys() {
  static const std::vector<PhaseKey> keys = make_phase_keys();
  return keys;
}

const PlanKey* find_plan_key(std::string_view name) {
  const auto found = std::ranges::find(plan_keys(), name, &PlanKey::name);
  return found == plan_keys().end() ? nullptr : &*found;
}

const PhaseKey* find_phase_key(std::string_view name) {
  const auto found = std::ranges::find(phase_keys(), name, &PhaseKey::name);
  return found == phase_keys().end() ? nullptr : &*found;
}

Read<PhaseKind> read_phase_kind(const toml::node& node) {
  static const ChoiceKind<PhaseKind> kind = [] {
    ChoiceKind<PhaseKind> all;
    for (const PhaseKind one : {PhaseKind::kSetUp, PhaseKind::kHold, PhaseKind::kTraffic, PhaseKind::kChurn,
                                PhaseKind::kStorm, PhaseKind::kThroughput, PhaseKind::kTearDown}) {
      all.choices.emplace_back(to_text(one), one);
    }
    return all;
  }();
  return kind.read(node);
}

std::string kinds_in_words(const PhaseKey& key) {
  std::string text;
  for (const PhaseKind kind : key.kinds) {
    text += (text.empty() ? "" : ", ") + std::string(to_text(kind));
  }
  return text;
}

std::vector<std::string_view> key_names() {
  std::vector<std::string_view> names;
  for (const PlanKey& key : plan_keys()) {
    names.push_back(key.name);
  }
  for (const PhaseKey& key : phase_keys()) {
    names.push_back(key.name);
  }
  return names;
}

std::string shown_value(std::string_view key, const toml::node& node) {
  return key == "password" ? "" : show_node(node);
}

}  // namespace adit::app::blast
