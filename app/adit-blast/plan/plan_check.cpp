// SPDX-License-Identifier: Apache-2.0
// Checks that involve several keys: what is missing, what contradicts, and what follows from other keys.
#include <fmt/core.h>

#include <algorithm>

#include "app/adit-blast/plan/plan_draft.hpp"

namespace adit::app::blast {
namespace {

using dataplane::PortDriver;
using dataplane::PortRole;

constexpr std::uint64_t kPortsPerAddress = 65'535;  // a TCP port is 16 bits and never 0

std::uint64_t addresses_of(const wire::Ipv4Prefix& prefix) {
  const std::uint64_t all = std::uint64_t{1} << (32 - prefix.length);
  return all > 2 ? all - 2 : all;  // without the network and broadcast addresses
}

void settle_port(dataplane::PortSettings& port, const std::string& side, Findings& findings) {
  if (port.interface.empty()) {
    findings.error(side, "missing",
                   port.device.empty() ? "name the interface that leads to the server, like \"eth1\""
                                       : "name the interface whose routes lead to the device");
  }
  if (!port.device.empty() && port.driver == PortDriver::kAuto) {
    port.driver = PortDriver::kDpdk;
  }
  if (!port.device.empty() && port.driver != PortDriver::kDpdk) {
    findings.error(side + "-device", "goes with the driver dpdk only",
                   "leave {" + side + "-driver} out, or the device");
  }
  if (port.device.empty() && port.driver == PortDriver::kDpdk) {
    findings.error(side + "-driver", "has no device",
                   "name it with {" + side + "-device}: a PCI address, or \"net_...\"");
  }
  port.name = side;
}

void settle_core(Draft& draft, Findings& findings) {
  Plan& plan = draft.plan;
  const bool has_core = !draft.core.interface.empty() || !draft.core.device.empty();
  plan.traffic = plan.core_address.is_none() ? TrafficMode::kEcho : TrafficMode::kCore;
  plan.access.role = has_core || plan.traffic == TrafficMode::kEcho ? PortRole::kAccess : PortRole::kBoth;
  if (plan.traffic == TrafficMode::kCore && plan.core_address == draft.server.address) {
    findings.error("core-address", "is the server itself",
                   "choose one that the server routes to this machine");
  }
  if (!has_core) {
    if (findings.has("core-driver")) {
      findings.error("core-driver", "has no port", "name it with {core}, or leave the driver out");
    }
    return;
  }
  settle_port(draft.core, "core", findings);
  draft.core.role = PortRole::kCore;
  if (plan.traffic == TrafficMode::kEcho) {
    findings.error(findings.has("core") ? "core" : "core-device", "is of no use without {core-address}",
                   "give the address of ours that subscribers send to");
  }
  if (!draft.core.interface.empty() && draft.core.interface == plan.access.interface) {
    findings.error("core", "is the access port already",
                   "leave it out: the access port then plays the core as well");
  }
  plan.core = draft.core;
}

void check_auth(const Plan& plan, Findings& findings) {
  const auto makes_keys = [](const LoginMethod& login) {
    return login.method == control::AuthMethod::kMsChapV1 || login.method == control::AuthMethod::kMsChapV2 ||
           login.method == control::AuthMethod::kEap;
  };
  if (plan.auth.empty()) {
    findings.error("auth", "is an empty list", "name a method, like \"mschap-v2\"");
  }
  if (plan.mppe_key_lengths.empty()) {
    findings.error("mppe-key-lengths", "is an empty list", "name a length, like 128");
  }
  if (plan.mppe == control::MppePolicy::kRequire &&
      std::none_of(plan.auth.begin(), plan.auth.end(), makes_keys)) {
    findings.error("mppe", "cannot be had with these methods",
                   "add mschap-v2 to {auth}: only MS-CHAP and EAP make keys");
  }
}

void settle_certificate(Plan& plan, Findings& findings) {
  const bool needed = std::ranges::find(plan.auth, kEapTls) != plan.auth.end();
  for (const auto& [key, file] :
       {std::pair("certificate", &plan.certificate_file), std::pair("private-key", &plan.private_key_file),
        std::pair("ca", &plan.ca_file)}) {
    if (needed && file->empty()) {
      findings.error(key, "missing",
                     "eap-tls needs {certificate}, {private-key} and {ca}: name files in PEM");
    }
  }
  for (const char* key : {"certificate", "private-key", "ca", "tls-max-version"}) {
    if (!needed && findings.has(key)) {
      findings.error(key, "is of no use without eap-tls", "add that to {auth}, or leave it out");
    }
  }
  if (needed && !findings.has("user")) {
    plan.user.clear();
  }
}

void check_ipv6(const Plan& plan, Findings& findings) {
  if (plan.ipv6 != control::Ipv6Policy::kDeny) {
    return;
  }
  const auto useless = [&](const char* key) {
    findings.error(key, "is of no use without {ipv6}", "write \"prefer\" there, or leave it out");
  };
  if (plan.no_ipv4) {
    useless("no-ipv4");
  }
  if (plan.delegate) {
    useless("delegate");
  }
  if (!plan.core_address6.is_none()) {
    useless("core-address6");
  }
}

void check_numbers(const Plan& plan, Findings& findings) {
  for (const char* key : {"calling-number", "called-number"}) {
    if (!plan.incoming && findings.has(key)) {
      findings.error(key, "is of no use without {incoming}", "bring calls in with it, or leave it out");
    }
  }
}

// Checks the phases in order, because each depends on the earlier ones.
class PhaseChecks {
 public:
  PhaseChecks(Plan& plan, Findings& findings) : plan_(plan), findings_(findings) {}

  void run() {
    if (plan_.phases.empty()) {
      findings_.error("phase", "missing", "write a [[phase]] with kind = \"set-up\"");
    }
    for (std::size_t i = 0; i < plan_.phases.size(); ++i) {
      check(plan_.phases[i], "phase." + std::to_string(i));
    }
    if (!plan_.phases.empty() && plan_.phases.back().kind != PhaseKind::kTearDown) {
      plan_.phases.push_back(default_phase(PhaseKind::kTearDown));
    }
  }

 private:
  void check(Phase& phase, const std::string& place) {
    if (phase.kind == PhaseKind::kSetUp) {
      set_up(phase, place);
      return;
    }
    if (calls_up_ == 0) {
      findings_.error(place + ".kind", "has no calls", "put a set-up phase before it");
    }
    if (phase.kind == PhaseKind::kTearDown) {
      calls_up_ = 0;
      return;
    }
    if (phase.kind == PhaseKind::kStorm) {
      dials(calls_up_ + phase.callers, place + ".callers");
    }
    offered_load(phase, place);
    if (phase.kind != PhaseKind::kThroughput && phase.sizes.size() > 1) {
      findings_.error(place + ".size", "is a list",
                      "only throughput takes several sizes; write one, or \"imix\"");
    }
  }

  void set_up(const Phase& phase, const std::string& place) {
    calls_up_ += phase.calls;
    dials(calls_up_, place + ".calls");
  }

  void dials(std::uint64_t lines, const std::string& key) {
    const std::uint64_t addresses = addresses_of(plan_.clients);
    if (lines > addresses * kPortsPerAddress) {
      findings_.error(
          key,
          fmt::format("is more than {} client address{} can dial", addresses, addresses == 1 ? "" : "es"),
          "each has 65,535 TCP ports; give more with {clients}, like \"10.99.0.0/16\"");
    }
  }

  void offered_load(Phase& phase, const std::string& place) {
    const bool is_echo = plan_.traffic == TrafficMode::kEcho;
    if (is_echo && has_rate(phase.down) && findings_.has(place + ".down")) {
      findings_.error(place + ".down", "is of no use without {core-address}",
                      "the server's echo answers what goes up; give ours, or leave it out");
    }
    if (phase.kind == PhaseKind::kTraffic) {
      const Rate one_per_call{Rate::Unit::kPackets, static_cast<double>(calls_up_)};
      phase.up = findings_.has(place + ".up") ? phase.up : one_per_call;
      phase.down = findings_.has(place + ".down") ? phase.down : one_per_call;
    }
    if (is_echo) {
      phase.down = Rate{};
    }
    if (plan_.no_ipv4 && !findings_.has(place + ".family")) {
      phase.families = Families::kIpv6;
    }
    if (plan_.no_ipv4 && sends_ipv4(phase.families)) {
      findings_.error(place + ".family", "needs calls with IPv4", "write \"ipv6\", or leave out {no-ipv4}");
    }
    if (sends_ipv6(phase.families)) {
      check_family(place + ".family", is_echo);
    }
    const bool must = phase.kind == PhaseKind::kTraffic || phase.kind == PhaseKind::kThroughput;
    if (must && !has_rate(phase.up) && !has_rate(phase.down)) {
      findings_.error(place + ".up", "leaves nothing to send",
                      "write a rate above 0, like \"20kpps\"; or hold instead");
    }
  }

  void check_family(const std::string& key, bool is_echo) {
    if (plan_.ipv6 == control::Ipv6Policy::kDeny) {
      findings_.error(key, "needs calls with IPv6", "write \"prefer\" or \"require\" for {ipv6}");
    } else if (!is_echo && plan_.core_address6.is_none()) {
      findings_.error(key, "has nobody to send to", "give {core-address6} beside {core-address}");
    }
  }

  Plan& plan_;
  Findings& findings_;
  std::uint64_t calls_up_ = 0;
};

void check_output(const Plan& plan, Findings& findings) {
  if (!plan.json_file.empty() && plan.json_file == plan.report_file) {
    findings.error("report", "is the JSON file already", "write them to two files");
  }
  if (plan.report_file == "-") {
    findings.error("report", "cannot go to standard output", "name a file, like \"report.html\"");
  }
}

}  // namespace

std::optional<Plan> finish_plan(Draft draft, Findings& findings) {
  Plan& plan = draft.plan;
  plan.server = draft.server.address;
  plan.tcp_port = draft.server.port;
  plan.servers = draft.server.count;
  plan.clients_given = !plan.clients.address.is_none();
  if (findings.any()) {
    return std::nullopt;  // an apparent contradiction may only be due to a value that could not be read
  }
  if (plan.server.is_none()) {
    findings.error("server", "missing", "name the address to dial, like \"192.0.2.1\"");
  }
  settle_port(plan.access, "access", findings);
  settle_core(draft, findings);
  check_auth(plan, findings);
  settle_certificate(plan, findings);
  check_ipv6(plan, findings);
  check_numbers(plan, findings);
  PhaseChecks(plan, findings).run();
  check_output(plan, findings);
  return findings.any() ? std::nullopt : std::optional(std::move(plan));
}

}  // namespace adit::app::blast
