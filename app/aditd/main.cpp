// SPDX-License-Identifier: Apache-2.0
// aditd: starts everything in order, runs, and stops in reverse order.
// Exit codes: 0 drained, or the configuration is valid (--check); 1 it is not; 2 start-up failed; 3 the configuration is
// valid, but aditd would not start with it on this machine (--check).
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <expected>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "app/aditd/control_loop.hpp"
#include "app/aditd/leave_root.hpp"
#include "app/aditd/log/log.hpp"
#include "app/aditd/machine_facts.hpp"
#include "app/aditd/operator/control_socket.hpp"
#include "app/aditd/options.hpp"
#include "app/aditd/reload_thread.hpp"
#include "app/aditd/runtime.hpp"
#include "app/host/eal.hpp"
#include "app/host/process/descriptors.hpp"
#include "app/kernel_cost.hpp"
#include "controlplane/auth/local_users.hpp"
#include "controlplane/ipv6/server_duid.hpp"
#include "crypto/library.hpp"
#include "crypto/mppe_implementations.hpp"
#include "crypto/secret.hpp"

namespace adit::app {
namespace {

using control::Severity;

constexpr int kBadConfig = 1;
constexpr int kCannotStart = 2;
constexpr int kNotHere = 3;

int cannot_start(const std::string& why) {
  std::fprintf(stderr, "aditd: %s\n", why.c_str());
  return kCannotStart;
}

/// Standard error may be nobody's.
int cannot_start(const std::string& why, const Config& config, Log* log) {
  if (log != nullptr && !config.log.file.empty()) {
    log->event(Severity::kError, "start_failed", {{.key = "why", .value = why, .whole = true}});
  }
  return cannot_start(why);
}

Hugepages hugepages_of(HugepagePolicy policy) {
  switch (policy) {
    case HugepagePolicy::kNever:
      return Hugepages::kNever;
    case HugepagePolicy::kRequire:
      return Hugepages::kRequire;
    case HugepagePolicy::kAuto:
      break;
  }
  return Hugepages::kIfEnough;
}

EalOptions eal_options(const Config& config, const Options& options) {
  EalOptions eal;
  eal.workers = config.core.workers;
  const auto cpus = static_cast<unsigned>(read_host_facts().cpus.size());
  eal.memory_mb = memory_mb(config, eal.workers != 0 ? eal.workers : std::max(cpus, 2U) - 1);
  eal.hugepages = hugepages_of(config.dpdk.hugepages);
  for (const dataplane::PortSettings& port : config.ports) {
    if (is_pci_device(port.device)) {
      eal.pci_devices.push_back(port.device);
    }
  }
  eal.user_args = config.dpdk.eal;
  eal.user_args.insert(eal.user_args.end(), options.eal_args.begin(), options.eal_args.end());
  return eal;
}

/// Without an accounting server there is nothing to spool.
std::expected<SpoolFile, std::string> open_spool(const Config& config) {
  const bool accounting = has_accounting(config.radius);
  return SpoolFile::open(accounting ? config.spool.file : "",
                         control::radius::Spool::size_for(accounting ? config.spool.records : 0));
}

void log_ports(const Runtime& runtime, Log& log) {
  for (const dataplane::OpenPort& port : runtime.ports()) {
    log.event(
        port.note.empty() ? Severity::kInfo : Severity::kWarning, "port",
        {{"name", port.name}, {"driver", std::string(dataplane::to_text(port.driver))}, {"note", port.note}});
  }
}

void log_start(const Config& config, const Runtime& runtime, const EalInit& eal, std::size_t local_users,
               Log& log) {
  log.event(Severity::kInfo, "started",
            {{"version", ADIT_VERSION},
             {"workers", std::to_string(runtime.worker_count())},
             {"max_sessions", std::to_string(config.data_plane.max_calls)},
             {"local_users", std::to_string(local_users)},
             {"mppe_engine", std::string(crypto::mppe_implementation())},
             {"hugepages", eal.hugepages ? "yes" : "no"}});
}

/// Each session has a control connection; ports, sockets and files come on top. A limit that is too low is
/// reported at start-up rather than by a failing accept().
void prepare_descriptors(const Config& config, Log& log) {
  const std::uint64_t wanted = std::uint64_t{config.data_plane.max_calls} + 1024;
  const std::uint64_t got = raise_descriptor_limit(wanted);
  if (got < wanted) {
    log.event(Severity::kWarning, "descriptors",
              {{"limit", std::to_string(got)},
               {"wanted", std::to_string(wanted)},
               {"remedy", "raise LimitNOFILE or lower max-sessions"}});
  }
}

/// From here on nothing is opened that is not named in the filter.
void filter_calls(FilterMode mode, Log& log) {
  if (const auto filtered = filter_system_calls(mode); !filtered) {
    log.event(Severity::kWarning, "no_system_call_filter", {{"why", filtered.error()}});
  }
}

/// From the ports to the last worker. However it ends, nothing uses DPDK any more.
std::expected<void, std::string> serve_on(const EalInit& eal, const Config& config,
                                          const RunningConfig& running, SpoolFile&& spool,
                                          control::LocalUsers& users,
                                          std::shared_ptr<const crypto::TlsCredentials> credentials,
                                          Log& log) {
  auto runtime = Runtime::start(config, eal);
  if (!runtime) {
    return std::unexpected(std::move(runtime.error()));
  }
  log_ports(**runtime, log);
  control::TimerWheel wheel;
  const LoadOptions reload{
      .running = &config, .machine = &read_machine, .must_start = true, .runs = &running.runs()};
  ControlLoop loop(
      config, running, **runtime, std::move(spool), users, std::move(credentials), log, wheel,
      [file = running.file(), reload] { return load_config(file, reload); },
      ServiceNotify::from_environment());
  if (auto opened = loop.open(); !opened) {
    return opened;
  }
  log_start(config, **runtime, eal, users.size(), log);
  filter_calls(config.core.system_call_filter, log);
  loop.run();
  return {};
}

/// The file is right, but this machine is not made for it. `log` is none if that is what it lacks.
int refuse(const ConfigResult& read, Log* log) {
  if (log != nullptr && !read.config->log.file.empty()) {
    log_warnings(read.problems, *log);
  }
  for (const ConfigProblem& problem : read.problems) {
    if (problem.warning) {
      std::fprintf(stderr, "%s\n", problem.line.c_str());
    } else {
      cannot_start(problem.line, *read.config, log);
    }
  }
  return kCannotStart;
}

/// How many users chap-secrets lets in, if it is asked at all.
std::string local_users(const ConfigResult& read) {
  return read.config->auth_order == AuthOrder::kRadius
             ? ""
             : "users in chap-secrets: " + std::to_string(read.users.users.size()) + "; ";
}

int check(const ConfigResult& read, const std::string& file) {
  if (!read.starts_here) {
    std::printf("%s: right, but aditd would not start with it on this machine\n", file.c_str());
    return kNotHere;
  }
  const std::string engine(crypto::mppe_implementation());
  std::printf("%s: good; %sMPPE engine: %s\n", file.c_str(), local_users(read).c_str(), engine.c_str());
  for (const crypto::MppeCandidate& one : crypto::mppe_candidates()) {
    const KernelCost cost{.work = std::string(one.work),
                          .kernel = std::string(one.kernel),
                          .lanes = one.lanes,
                          .cycles = one.cycles,
                          .cycles_256_octets = one.cycles_256_octets,
                          .takes = one.takes};
    std::printf("  %s\n", to_text(cost).c_str());
  }
  return 0;
}

/// nullptr if its directory is not there yet: it is made for the user that aditd becomes, once there is nothing to refuse.
std::unique_ptr<Log> log_of_refusal(const Config& config) {
  LogSettings settings = config.log;
  settings.fail_file.clear();
  std::error_code none;
  if (!std::filesystem::is_directory(std::filesystem::path(settings.file).parent_path(), none)) {
    return nullptr;
  }
  auto log = Log::open(settings);
  return log ? std::move(*log) : nullptr;
}

/// Starts everything from the log to the last worker; returning stops it in reverse order, DPDK too when the start
/// fails midway: it has files and interfaces of its own to remove.
int serve(ConfigResult&& read, const Options& options) {
  const Config& config = *read.config;
  if (::geteuid() == 0 && read.starts_here) {
    prepare(config);  // else the log would make its directory as root's
  }
  if (!read.starts_here) {
    return refuse(read, log_of_refusal(config).get());
  }
  auto log = Log::open(config.log);
  if (!log) {
    return cannot_start(log.error());
  }
  prepare_descriptors(config, **log);
  if (auto left = leave_root(config, **log); !left) {
    return cannot_start(left.error(), config, log->get());
  }
  forbid_core_dumps();
  log_warnings(read.problems, **log);
  control::LocalUsers users(std::move(read.users.users));
  auto spool = open_spool(config);
  if (!spool) {
    return cannot_start(spool.error(), config, log->get());
  }
  auto eal = start_eal(eal_options(config, options));
  if (!eal) {
    return cannot_start(eal.error(), config, log->get());
  }
  crypto::mppe_calibrate_again();
  (*log)->write_behind();  // on control's CPU, to which EAL has bound this thread
  for (const std::string& note : eal->notes) {
    (*log)->event(Severity::kWarning, "eal", {{"note", note}});
  }
  const RunningConfig running(options.config, std::move(read.sheet));
  const auto served = serve_on(*eal, config, running, std::move(*spool), users, std::move(read.tls), **log);
  stop_eal();
  if (!served) {
    return cannot_start(served.error(), config, log->get());
  }
  log_refused_calls(**log);
  (*log)->tell_counts();
  (*log)->event(Severity::kInfo, "stopped", {});
  return 0;
}

int run(std::span<const char* const> arguments) {
  auto options = parse_options(arguments);
  if (!options) {
    std::fputs(options.error().text.c_str(), options.error().code == 0 ? stdout : stderr);
    return options.error().code;
  }
  const auto ready = crypto::initialise();  // before load_config(), which computes the users' hashes
  if (!ready) {
    return cannot_start(ready.error());
  }
  const bool starts = !options->check && !options->prepare;
  LoadOptions load{.must_start = starts};
  if (!options->prepare) {  // which is run before what is looked at is complete
    load.machine = &read_machine;
  }
  ConfigResult result = load_config(options->config, load);
  for (const ConfigProblem& problem : result.problems) {
    if (!starts || !result.config) {  // else they are logged
      std::fprintf(stderr, "%s\n", problem.line.c_str());
    }
  }
  if (!result.config) {
    return kBadConfig;
  }
  crypto::mppe_calibrate_again();
  if (options->check) {
    return check(result, options->config);
  }
  if (auto alone = check_no_other_answers(result.config->cli);
      !alone) {  // whose ports prepare() would take for left behind
    return cannot_start(alone.error());
  }
  if (options->prepare) {
    prepare(*result.config);
    return 0;
  }
  result.config->control.ipv6.server_duid = control::server_duid(machine_id());
  return serve(std::move(result), *options);
}

}  // namespace
}  // namespace adit::app

int main(int argc, char** argv) {
  return adit::app::run(
      std::span(const_cast<const char* const*>(argv) + 1, static_cast<std::size_t>(argc - 1)));
}
