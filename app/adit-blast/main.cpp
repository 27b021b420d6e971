// SPDX-License-Identifier: Apache-2.0
// adit-blast: main() of the load generator. Exit codes: options.hpp.
#include <unistd.h>
#include <algorithm>

#include <cstdio>
#include <fstream>
#include <optional>
#include <span>
#include <string>

#include "app/adit-blast/lines/local_prefix.hpp"
#include "app/adit-blast/plan/options.hpp"
#include "app/adit-blast/results/json.hpp"
#include "app/adit-blast/results/report.hpp"
#include "app/adit-blast/results/tables.hpp"
#include "app/adit-blast/runner.hpp"
#include "app/adit-blast/traffic/blast_runtime.hpp"
#include "app/host/process/descriptors.hpp"
#include "crypto/library.hpp"

namespace adit::app::blast {
namespace {

int cannot_run(const std::string& why) {
  std::fprintf(stderr, "adit-blast: %s\n", why.c_str());
  return kCannotRun;
}

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
    up += phase.kind == PhaseKind::kSetUp ? phase.calls : 0;
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

control::ClientSettings client_settings(const Plan& plan) {
  control::ClientSettings settings;
  settings.profile = control::find_client_profile(plan.profile);
  settings.user = plan.user;
  settings.methods = plan.auth;
  settings.mppe = plan.mppe;
  settings.mppe_key_lengths = plan.mppe_key_lengths;
  set_password(settings, plan.password);
  return settings;
}

bool write_file(const std::string& path, const std::string& text) {
  if (path == "-") {
    return std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  }
  std::ofstream file(path, std::ios::binary);
  file << text;
  return file.good();
}

/// Writes the results wherever the plan wants them; returns the exit code.
int tell(const RunResult& result) {
  const Plan& plan = result.plan;
  if (plan.json_file != "-") {
    std::fputs(result_tables(result).c_str(), stdout);
  }
  int code = result.complaints.empty() ? kSuccess : kComplaints;
  if (!plan.json_file.empty() && !write_file(plan.json_file, json_text(result))) {
    code = cannot_run("cannot write " + plan.json_file);
  }
  if (!plan.report_file.empty() && !write_file(plan.report_file, html_report(std::span(&result, 1)))) {
    code = cannot_run("cannot write " + plan.report_file);
  }
  return code;
}

int blast(Plan plan) {
  const std::uint32_t lines = lines_of(plan);
  const std::uint64_t descriptors = descriptors_of(plan);
  if (raise_descriptor_limit(descriptors) < descriptors) {
    return cannot_run("each call needs a descriptor; do: ulimit -n " + std::to_string(descriptors));
  }
  std::optional<LocalPrefix> prefix;
  if (plan.clients_given) {
    auto claimed = LocalPrefix::claim(plan.clients);
    if (!claimed) {
      return cannot_run(claimed.error());
    }
    prefix.emplace(std::move(*claimed));
  } else {
    const auto address = address_of_interface(plan.access.interface);
    if (!address) {
      return cannot_run(address.error());
    }
    plan.clients = {.address = *address, .length = 32};
  }
  auto eal = start_eal(eal_options(plan, lines));
  if (!eal) {
    return cannot_run(eal.error());
  }
  std::optional<RunResult> result;
  {
    const ClientAddresses addresses(plan.clients, lines);
    const control::ClientSettings settings = client_settings(plan);
    auto runtime = BlastRuntime::start(plan, lines, addresses.space_bits(), settings.profile->acks, *eal);
    if (!runtime) {
      return cannot_run(runtime.error());
    }
    for (const dataplane::OpenPort& port : (*runtime)->ports()) {
      if (!port.note.empty()) {
        std::fprintf(stderr, "adit-blast: port %s: %s\n", port.name.c_str(), port.note.c_str());
      }
    }
    Runner runner(plan, lines, addresses, settings, **runtime);
    if (auto opened = runner.open(); !opened) {
      return cannot_run(opened.error());
    }
    result = runner.run();
  }
  stop_eal();
  return tell(*result);
}

int run(std::span<const char* const> arguments) {
  auto plan = parse_options(arguments);
  if (!plan) {
    std::fputs(plan.error().text.c_str(), plan.error().code == 0 ? stdout : stderr);
    return plan.error().code;
  }
  if (auto ready = crypto::initialise(); !ready) {
    return cannot_run(ready.error());
  }
  forbid_core_dumps();
  return blast(std::move(*plan));
}

}  // namespace
}  // namespace adit::app::blast

int main(int argc, char** argv) {
  return adit::app::blast::run(
      std::span(const_cast<const char* const*>(argv) + 1, static_cast<std::size_t>(argc - 1)));
}
