// SPDX-License-Identifier: Apache-2.0
// adit-blast: main() of the load generator. Exit codes: options.hpp.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "app/adit-blast/compare/comparison.hpp"
#include "app/adit-blast/compare/comparison_output.hpp"
#include "app/adit-blast/lines/local_prefix.hpp"
#include "app/adit-blast/outputs.hpp"
#include "app/adit-blast/plan/client_certificate.hpp"
#include "app/adit-blast/plan/options.hpp"
#include "app/adit-blast/results/json.hpp"
#include "app/adit-blast/results/report.hpp"
#include "app/adit-blast/results/tables.hpp"
#include "app/adit-blast/results/verdict.hpp"
#include "app/adit-blast/runner.hpp"
#include "app/adit-blast/traffic/blast_runtime.hpp"
#include "app/escape.hpp"
#include "app/host/process/descriptors.hpp"
#include "app/regular_file.hpp"
#include "crypto/library.hpp"

namespace adit::app::blast {
namespace {

/// The most calls that exist at once.
std::uint32_t lines_of(const Plan& plan) {
  std::uint32_t up = 0;
  std::uint32_t most = 0;
  for (const Phase& phase : plan.phases) {
    up += phase.kind == PhaseKind::kSetUp ? phase.calls : 0;
    most = std::max(most, up + (phase.kind == PhaseKind::kStorm ? phase.callers : 0));
  }
  return most;
}

/// One for each dial that is in progress or up, plus a few of our own.
std::uint64_t descriptors_of(const Plan& plan) {
  std::uint64_t up = 0;
  std::uint64_t most = 0;
  for (const Phase& phase : plan.phases) {
    up = phase.kind == PhaseKind::kTearDown ? 0 : up + (phase.kind == PhaseKind::kSetUp ? phase.calls : 0);
    // Twice: calls that have hung up keep theirs for a while.
    const std::uint64_t dialling = 2 * std::min(phase.callers, phase.concurrency);
    most = std::max(most, up + (phase.kind == PhaseKind::kStorm ? dialling : 0));
  }
  return most + 256;
}

EalOptions eal_options(const Plan& plan, std::uint32_t lines) {
  EalOptions options;
  options.workers = 1;
  options.memory_mb = 256 + lines / 1024;
  options.file_prefix = "adit-blast-" + std::to_string(::getpid());
  for (const dataplane::PortSettings* port : {&plan.access, plan.core ? &*plan.core : nullptr}) {
    if (port != nullptr && is_pci_device(port->device)) {
      options.pci_devices.push_back(port->device);
    }
  }
  options.user_args = plan.eal_args;
  return options;
}

/// `certificate`: null without EAP-TLS.
control::ClientSettings client_settings(const Plan& plan,
                                        std::shared_ptr<const crypto::TlsCredentials> certificate) {
  control::ClientSettings settings;
  settings.profile = control::find_client_profile(plan.profile);
  settings.incoming = plan.incoming;
  settings.calling_number = plan.calling_number;
  settings.called_number = plan.called_number;
  settings.user = plan.user.empty() ? certificate->names().front() : plan.user;
  settings.methods.clear();
  settings.eap_methods.clear();
  for (const LoginMethod& login : plan.auth) {
    if (std::ranges::find(settings.methods, login.method) == settings.methods.end()) {
      settings.methods.push_back(login.method);
    }
    if (login.method == control::AuthMethod::kEap) {
      settings.eap_methods.push_back(login.within_eap);
    }
  }
  settings.tls.credentials = std::move(certificate);
  settings.mppe = plan.mppe;
  settings.mppe_key_lengths = plan.mppe_key_lengths;
  settings.ipv4 = !plan.no_ipv4;
  settings.ipv6 = plan.ipv6;
  settings.delegation = plan.delegate;
  settings.ppp.mppc = plan.mppc;
  set_password(settings, plan.password);
  return settings;
}

/// All repeats, or until one is interrupted.
std::vector<RunResult> run_all(const Plan& plan, Runner& runner) {
  std::vector<RunResult> runs;
  while (runs.size() < plan.repeat && !runner.interrupted()) {
    if (plan.repeat > 1 && !plan.quiet) {
      std::fprintf(stderr, "run %zu of %u\n", runs.size() + 1, plan.repeat);
    }
    runs.push_back(runner.run());
  }
  return runs;
}

/// From the ports to the last run. However it ends, nothing uses DPDK any more.
std::expected<std::vector<RunResult>, std::string> measure_on(const EalInit& eal, const Plan& plan,
                                                              const control::ClientSettings& settings,
                                                              std::uint32_t lines) {
  const ClientAddresses addresses(plan.clients, lines);
  auto runtime = BlastRuntime::start(plan, lines, addresses.space_bits(), settings.profile->acks, eal);
  if (!runtime) {
    return std::unexpected(runtime.error());
  }
  for (const dataplane::OpenPort& port : (*runtime)->ports()) {
    if (!port.note.empty()) {
      std::fprintf(stderr, "adit-blast: port %s: %s\n", port.name.c_str(), port.note.c_str());
    }
  }
  Runner runner(plan, lines, addresses, settings, **runtime);
  if (auto opened = runner.open(); !opened) {
    return std::unexpected(opened.error());
  }
  return run_all(plan, runner);
}

/// The error says why there is no result.
std::expected<std::vector<RunResult>, std::string> measure(Plan& plan) {
  const std::uint32_t lines = lines_of(plan);
  const std::uint64_t descriptors = descriptors_of(plan);
  if (raise_descriptor_limit(descriptors) < descriptors) {
    return std::unexpected("each call needs a descriptor; do: ulimit -n " + std::to_string(descriptors));
  }
  std::optional<LocalPrefix> prefix;
  if (plan.clients_given) {
    auto claimed = LocalPrefix::claim(plan.clients);
    if (!claimed) {
      return std::unexpected(claimed.error());
    }
    prefix.emplace(std::move(*claimed));
  } else {
    const auto address = address_of_interface(plan.access.interface);
    if (!address) {
      return std::unexpected(address.error());
    }
    plan.clients = {.address = *address, .length = 32};
  }
  auto certificate = read_client_certificate(plan);
  if (!certificate) {
    return std::unexpected(certificate.error());
  }
  auto eal = start_eal(eal_options(plan, lines));
  if (!eal) {
    return std::unexpected(eal.error());
  }
  auto runs = measure_on(*eal, plan, client_settings(plan, std::move(*certificate)), lines);
  stop_eal();
  return runs;
}

int blast(Plan plan) {
  auto outputs = Outputs::open(plan.json_file, plan.report_file, "--report");
  if (!outputs) {
    return cannot_run(outputs.error(), plan.json_file);
  }
  if (auto ready = crypto::initialise(); !ready) {
    return cannot_run(ready.error(), plan.json_file);
  }
  forbid_core_dumps();
  const auto runs = measure(plan);
  if (!runs) {
    return cannot_run(runs.error(), plan.json_file);
  }
  return outputs->tell(result_tables(*runs), to_json(*runs),
                       plan.report_file.empty() ? "" : html_report(*runs),
                       verdict_of(*runs).complaints.empty() ? kSuccess : kComplaints);
}

std::expected<Measured, std::string> read_results_file(const std::string& path) {
  constexpr off_t kMost = off_t{1} << 30;
  const std::string name = escape_octets(path);
  auto text = read_regular_file(path, kMost, "adit-blast");
  if (!text) {
    return std::unexpected(name + ": " + text.error().wrong + "; " + text.error().remedy);
  }
  auto results = read_results(path, *text);
  if (!results) {
    return std::unexpected(name + ": " + results.error());
  }
  return results;
}

int compare_files(const CompareOptions& options) {
  auto outputs = Outputs::open(options.json_file, options.html_file, "--html");
  if (!outputs) {
    return cannot_run(outputs.error(), options.json_file);
  }
  const auto before = read_results_file(options.before);
  if (!before) {
    return cannot_run(before.error(), options.json_file);
  }
  const auto after = read_results_file(options.after);
  if (!after) {
    return cannot_run(after.error(), options.json_file);
  }
  const Comparison comparison = compare(*before, *after, options.threshold_percent);
  return outputs->tell(
      comparison_text(*before, *after, comparison), comparison_json(*before, *after, comparison),
      options.html_file.empty() ? "" : html_report(comparison_page(*before, *after, comparison)),
      exit_code(comparison));
}

int run(std::span<const char* const> arguments) {
  auto command = parse_options(arguments);
  if (!command) {
    return leave(command.error(), json_destination(arguments));
  }
  if (const auto* compared = std::get_if<CompareOptions>(&*command)) {
    return compare_files(*compared);
  }
  return blast(std::get<Plan>(std::move(*command)));
}

}  // namespace
}  // namespace adit::app::blast

int main(int argc, char** argv) {
  return adit::app::blast::run(
      std::span(const_cast<const char* const*>(argv) + 1, static_cast<std::size_t>(argc - 1)));
}
