// SPDX-License-Identifier: Apache-2.0
#include "app/host/eal.hpp"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_pci.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string_view>

namespace adit::app {
namespace {

using Strings = std::vector<std::string>;

/// "-l 1,2", "-l1,2", "--lcores 1,2" or "--lcores=1,2".
bool gives(const Strings& user_args, std::initializer_list<std::string_view> options) {
  return std::ranges::any_of(user_args, [&](std::string_view arg) {
    return std::ranges::any_of(options, [&](std::string_view option) {
      const bool is_long = option.starts_with("--");
      return arg == option || (arg.starts_with(option) && (!is_long || arg[option.size()] == '='));
    });
  });
}

/// Control's lcore first, then the workers', each as "id@cpu". EAL derives an lcore's NUMA node from its id,
/// so id and CPU are the same wherever every lcore has a CPU of its own.
void add_lcores(unsigned workers, const std::vector<unsigned>& cpus, EalArguments& arguments) {
  const auto spare = static_cast<unsigned>(cpus.size()) - 1;
  workers = std::min(workers == 0 ? std::max(spare, 1U) : workers, unsigned{RTE_MAX_LCORE} - 1);
  if (workers > spare) {
    arguments.notes.push_back(std::to_string(workers) + (workers == 1 ? " worker" : " workers") +
                              " and the control thread share " + std::to_string(cpus.size()) +
                              (cpus.size() == 1 ? " CPU" : " CPUs") +
                              ": throughput and latency suffer; give more CPUs or fewer workers");
  }
  const bool own_cpus = workers <= spare && cpus[workers] < RTE_MAX_LCORE;
  const auto lcore = [&](unsigned index) {
    const unsigned cpu = index == 0 || spare == 0 ? cpus[0] : cpus[1 + (index - 1) % spare];
    return std::to_string(own_cpus ? cpu : index) + "@" + std::to_string(cpu);
  };
  std::string map = lcore(0);
  for (unsigned worker = 1; worker <= workers; ++worker) {
    map += "," + lcore(worker);
  }
  const std::string main_lcore = std::to_string(own_cpus ? cpus[0] : 0);
  arguments.argv.insert(arguments.argv.end(), {"--lcores", map, "--main-lcore", main_lcore});
}

void add_memory(const EalOptions& options, const HostFacts& host, EalArguments& arguments) {
  const bool enough = host.free_huge_mb >= options.memory_mb;
  if (options.hugepages == Hugepages::kRequire || (options.hugepages == Hugepages::kIfEnough && enough)) {
    arguments.argv.emplace_back("--in-memory");
  }
  if (options.hugepages != Hugepages::kNever && !enough) {
    const std::string wanted = std::to_string(options.memory_mb) + " MB are wanted and " +
                               std::to_string(host.free_huge_mb) + " MB are free";
    const std::string remedy =
        "reserve them with: sysctl vm.nr_hugepages=" + std::to_string((options.memory_mb + 1) / 2);
    if (options.hugepages == Hugepages::kRequire) {
      arguments.refusal = "hugepages are required, of which " + wanted + "; " + remedy;
    } else {
      arguments.notes.push_back("no hugepages: " + wanted +
                                ", so ordinary pages are used and forwarding is slower; " + remedy);
    }
  }
  if (arguments.argv.back() == "--in-memory") {
    return;
  }
  // EAL refuses --in-memory together with --no-huge; --no-shconf alone leaves no files behind either.
  arguments.argv.insert(arguments.argv.end(), {"--no-huge", "--no-shconf"});
  if (!gives(options.user_args, {"-m"})) {
    arguments.argv.insert(arguments.argv.end(), {"-m", std::to_string(options.memory_mb)});
  }
}

void add_devices(const EalOptions& options, EalArguments& arguments) {
  for (const std::string& device : options.pci_devices) {
    arguments.argv.insert(arguments.argv.end(), {"-a", device});
  }
  if (!options.pci_devices.empty()) {
    return;
  }
  arguments.argv.emplace_back("--no-pci");
  if (!gives(options.user_args, {"--iova-mode"})) {
    // As root EAL would choose physical addresses and split the buffer pool at page boundaries; net_af_xdp
    // needs it contiguous.
    arguments.argv.emplace_back("--iova-mode=va");
  }
}

/// The directory of telemetry's socket. The socket is unlinked at exit, and only then can the directory be
/// removed.
std::filesystem::path& runtime_dir() {
  static std::filesystem::path path;
  return path;
}

void remove_runtime_dir() {
  std::error_code not_empty;
  std::filesystem::remove(runtime_dir(), not_empty);
}

}  // namespace

HostFacts read_host_facts() {
  HostFacts host;
  cpu_set_t set;
  CPU_ZERO(&set);
  sched_getaffinity(0, sizeof set, &set);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) {
      host.cpus.push_back(cpu);
    }
  }
  if (host.cpus.empty()) {
    host.cpus.push_back(0);
  }
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", none)) {
    // "hugepages-2048kB"
    const std::string size = entry.path().filename().string().substr(std::string_view("hugepages-").size());
    const auto mb_of = [&](const char* file) {
      std::uint64_t pages = 0;
      std::ifstream(entry.path() / file) >> pages;
      return pages * std::stoull(size) / 1024;
    };
    host.free_huge_mb += mb_of("free_hugepages");
    host.huge_mb += mb_of("nr_hugepages");
  }
  host.pid = static_cast<unsigned>(::getpid());
  return host;
}

EalArguments eal_arguments(const EalOptions& options, const HostFacts& host) {
  const Strings& user = options.user_args;
  EalArguments arguments{.argv = {"aditd"}, .notes = {}};
  if (!gives(user, {"-l", "--lcores", "-c", "-s", "-S", "--main-lcore"})) {
    add_lcores(options.workers, host.cpus, arguments);
  }
  if (!gives(user,
             {"--no-huge", "--in-memory", "--huge-dir", "--huge-unlink", "--legacy-mem", "--socket-mem"})) {
    add_memory(options, host, arguments);
  }
  if (!gives(user, {"-a", "--allow", "-b", "--block", "--no-pci"})) {
    add_devices(options, arguments);
  }
  if (!gives(user, {"--file-prefix"})) {
    const std::string prefix =
        options.file_prefix.empty() ? "adit-" + std::to_string(host.pid) : options.file_prefix;
    arguments.argv.push_back("--file-prefix=" + prefix);
  }
  if (!gives(user, {"--log-level"})) {
    // Telemetry and EAL warn about normal conditions (no callbacks of the old kind, no 1 GB pages). The order
    // matters: for log types that exist already the last match counts, for those registered later
    // (telemetry's) the first.
    arguments.argv.insert(arguments.argv.end(), {"--log-level=lib.telemetry:error", "--log-level=*:warning",
                                                 "--log-level=lib.eal:error"});
  }
  arguments.argv.insert(arguments.argv.end(), user.begin(), user.end());
  return arguments;
}

std::expected<EalInit, std::string> start_eal(const EalOptions& options) {
  EalArguments arguments = eal_arguments(options, read_host_facts());
  if (!arguments.refusal.empty()) {
    return std::unexpected(arguments.refusal);
  }
  // EAL permutes the array and keeps pointers into it.
  static Strings argv_texts;
  static std::vector<char*> argv;
  argv_texts = arguments.argv;
  argv.clear();
  for (std::string& text : argv_texts) {
    argv.push_back(text.data());
  }
  argv.push_back(nullptr);
  // Before EAL registers telemetry's handler, so that ours runs after it; the path must exist before the
  // handler.
  runtime_dir().clear();
  std::atexit(remove_runtime_dir);
  if (rte_eal_init(static_cast<int>(argv_texts.size()), argv.data()) < 0) {
    std::string given;
    for (const std::string& text : arguments.argv) {
      given += (given.empty() ? "" : " ") + text;
    }
    return std::unexpected("DPDK does not start: " + std::string(rte_strerror(rte_errno)) +
                           "; it was given: " + given);
  }
  runtime_dir() = rte_eal_get_runtime_dir();
  EalInit init{.worker_lcores = {}, .hugepages = rte_eal_has_hugepages() != 0, .notes = arguments.notes};
  unsigned lcore = 0;
  RTE_LCORE_FOREACH_WORKER(lcore) {
    init.worker_lcores.push_back(lcore);
  }
  if (init.worker_lcores.empty()) {
    rte_eal_cleanup();
    return std::unexpected("DPDK has one lcore only; Adit needs one for control and one or more for workers");
  }
  return init;
}

void stop_eal() {
  rte_eal_cleanup();
}

bool is_pci_device(const std::string& device) {
  rte_pci_addr address{};
  return rte_pci_addr_parse(device.substr(0, device.find(',')).c_str(), &address) == 0;
}

void forbid_core_dumps() {
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace adit::app
