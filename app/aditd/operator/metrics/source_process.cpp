// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <utility>

#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/operator/metrics/sources.hpp"
#include "crypto/mppe_implementations.hpp"

namespace adit::app {
namespace {

std::uint64_t resident_bytes() {
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

void certificate_metrics(FamilyWriter& out, const CertificateMeasures& measures) {
  using enum MetricType;
  out.begin("adit_certificate_logins", kCounter,
            "Logins by certificate that were carried out here (EAP-TLS); busy: refused for want of room.");
  for (const auto& [outcome, count] :
       {std::pair("begun", measures.begun), std::pair("proven", measures.proven),
        std::pair("refused", measures.refused), std::pair("busy", measures.busy)}) {
    out.sample({{"outcome", outcome}}, count);
  }
  out.one("adit_certificate_connections", kGauge, "TLS connections of logins that are not over.",
          measures.connections);
  out.one("adit_background_waiting", kGauge, "Public-key work that waits or runs in the background.",
          measures.work_waiting);
  out.one("adit_background_room", kGauge, "How much of it may wait.", measures.work_most);
  out.one("adit_background_done", kCounter,
          "Pieces of public-key work that have been done in the background.", measures.work_done);
  out.one("adit_background_busy_seconds", kCounter, "Time that they took.", measures.work_seconds);
}

}  // namespace

bool process_metrics(Scrape& scrape) {
  using enum MetricType;
  FamilyWriter& out = scrape.out;
  out.begin("adit_build", kInfo, "The version of aditd, and its MPPE engine.");
  out.sample({{"version", ADIT_VERSION}, {"mppe_engine", crypto::mppe_implementation()}}, std::uint64_t{1});
  out.one("process_cpu_seconds", kCounter,
          "CPU time of all threads, user and system; a polling worker uses all of its core.", cpu_seconds());
  out.one("process_resident_memory_bytes", kGauge, "Memory that is resident, without hugepages.",
          resident_bytes());
  // Linux 6.2 and later have the number there; to count them would take a millisecond for each 10,000.
  struct stat descriptors{};
  if (::stat("/proc/self/fd", &descriptors) == 0 && descriptors.st_size > 0) {
    out.one("process_open_fds", kGauge, "Open descriptors (Linux 6.2 and later).",
            static_cast<std::uint64_t>(descriptors.st_size));
  }
  rlimit most{};
  ::getrlimit(RLIMIT_NOFILE, &most);
  out.one("process_max_fds", kGauge, "The most descriptors that it may have.", std::uint64_t{most.rlim_cur});
  return false;
}

bool control_metrics(Scrape& scrape) {
  using enum MetricType;
  FamilyWriter& out = scrape.out;
  const ControlMeasures measures = scrape.backend.control_measures();
  out.one("adit_start_time_seconds", kGauge, "When aditd started, in UNIX time.", measures.started_at);
  out.one("adit_config_reload_success", kGauge,
          "Whether the last reload was applied; 1 before the first one.",
          std::uint64_t{measures.reload_succeeded ? 1U : 0U});
  out.one("adit_config_reload_time_seconds", kGauge,
          "When the configuration that runs was read, in UNIX time.", measures.configured_at);
  out.one("adit_control_turn_seconds", kHistogram,
          "What turns of the control thread's loop took, without their sleep.", measures.turns);
  out.one("adit_timer_late_seconds", kHistogram,
          "How long after they were due timers of the control thread fired.", measures.timers_late);
  certificate_metrics(out, measures.certificates);
  return false;
}

bool memory_metrics(Scrape& scrape) {
  using enum MetricType;
  FamilyWriter& out = scrape.out;
  const std::vector<MemoryRow> tables = scrape.backend.memory();
  out.begin("adit_table_used", kGauge, "Entries of a table that are in use.");
  for (const MemoryRow& row : tables) {
    out.sample({{"table", row.table}}, row.used);
  }
  out.begin("adit_table_entries", kGauge, "Entries that a table has room for; 0: it grows.");
  for (const MemoryRow& row : tables) {
    out.sample({{"table", row.table}}, row.entries);
  }
  out.begin("adit_table_bytes", kGauge, "Memory of a table.");
  for (const MemoryRow& row : tables) {
    out.sample({{"table", row.table}}, row.octets);
  }
  const std::vector<BufferRow> pools = scrape.backend.buffers();
  out.begin("adit_packet_buffers", kGauge, "Packet buffers of a pool.");
  for (const BufferRow& row : pools) {
    out.sample({{"pool", row.name}}, row.total);
  }
  out.begin("adit_packet_buffers_free", kGauge,
            "Of those, in the pool; devices and caches hold some when idle.");
  for (const BufferRow& row : pools) {
    out.sample({{"pool", row.name}}, row.free);
  }
  return false;
}

}  // namespace adit::app
