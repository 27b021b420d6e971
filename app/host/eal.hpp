// SPDX-License-Identifier: Apache-2.0
// Starts DPDK's environment (EAL) with arguments that suit this machine; what the operator gives after `--`
// wins.
// Thread: control (it becomes the main lcore). Owner: aditd's main. Once per process: EAL cannot start a second time.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

namespace adit::app {

enum class Hugepages : std::uint8_t {
  kIfEnough,  ///< else ordinary pages, and a note
  kNever,
  kRequire,  ///< else it does not start
};

struct EalOptions {
  unsigned workers = 0;      ///< 0: one for every available CPU except the first, which is control's
  unsigned memory_mb = 512;  ///< for packet buffers and tables
  Hugepages hugepages = Hugepages::kIfEnough;  ///< arguments after `--` that choose memory win
  std::string file_prefix{};  ///< names the runtime directory and telemetry socket; empty: adit-<pid>
  /// PCI devices that ports name ("0000:01:00.0"); no others are touched.
  std::vector<std::string> pci_devices{};
  std::vector<std::string> user_args{};  ///< arguments after `--`
};

/// What the arguments depend on.
struct HostFacts {
  std::vector<unsigned> cpus;      ///< available to the process, ascending, at least one
  std::uint64_t free_huge_mb = 0;  ///< memory in free hugepages of any size
  std::uint64_t huge_mb = 0;       ///< and in all that are reserved
  unsigned pid = 0;
};
[[nodiscard]] HostFacts read_host_facts();

struct EalArguments {
  std::vector<std::string> argv;   ///< the program's name first
  std::vector<std::string> notes;  ///< for the log: what is slower than it could be, and the remedy
  std::string refusal{};           ///< why EAL is not to be started, and the remedy; usually empty
};
[[nodiscard]] EalArguments eal_arguments(const EalOptions& options, const HostFacts& host);

struct EalInit {
  std::vector<unsigned> worker_lcores;  ///< for rte_eal_remote_launch; at least one
  bool hugepages = false;
  std::vector<std::string> notes;
};

/// The calling thread becomes the main lcore and is bound to the first CPU. The error includes the arguments
/// that EAL was given.
[[nodiscard]] std::expected<EalInit, std::string> start_eal(const EalOptions& options);

/// Call after the ports are closed and the workers have returned.
void stop_eal();

/// "0000:01:00.0" or "01:00.0", with or without ",key=value": a device that EAL must find on the PCI bus.
[[nodiscard]] bool is_pci_device(const std::string& device);

/// Keeps passwords and keys out of core files, and keeps other processes of the same user from attaching. Not
/// in debug sessions or under LeakSanitizer, which need to attach.
void forbid_core_dumps();

}  // namespace adit::app
