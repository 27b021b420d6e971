// SPDX-License-Identifier: Apache-2.0
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "app/aditd/operator/handlers.hpp"
#include "crypto/mppe_implementations.hpp"

namespace adit::app {
namespace {

struct Memory {
  std::uint64_t virtual_kb = 0;
  std::uint64_t resident_kb = 0;
};

Memory memory_in_use() {
  std::uint64_t pages = 0;
  std::uint64_t resident = 0;
  std::ifstream("/proc/self/statm") >> pages >> resident;
  const auto page_kb = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
  return {pages * page_kb, resident * page_kb};
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

const auto kProcessStart = std::chrono::steady_clock::now();

Json memory_json(const OperatorBackend& backend) {
  Json tables = Json::array();
  for (const MemoryRow& row : backend.memory()) {
    tables.push_back(
        {{"table", row.table}, {"used", row.used}, {"entries", row.entries}, {"bytes", row.octets}});
  }
  return tables;
}

Json mppe_kernels_json() {
  Json kernels = Json::array();
  for (const crypto::MppeCandidate& one : crypto::mppe_candidates()) {
    kernels.push_back({{"work", one.work},
                       {"kernel", one.kernel},
                       {"lanes", one.lanes},
                       {"cycles", one.cycles},
                       {"cycles_256_octets", one.cycles_256_octets},
                       {"takes", one.takes}});
  }
  return kernels;
}

}  // namespace

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

Json show_stat(const OperatorBackend& backend) {
  const double uptime =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - kProcessStart).count();
  const Memory memory = memory_in_use();
  const control::ConcentratorStats stats = backend.stats();
  Json buffers = Json::array();
  for (const BufferRow& row : backend.buffers()) {
    buffers.push_back({{"pool", row.name}, {"total", row.total}, {"free", row.free}});
  }
  Json ended = Json::object();
  for (const auto& [reason, count] : stats.ended) {
    ended[std::string(control::to_text(reason))] = count;
  }
  return {{"version", ADIT_VERSION},
          {"pid", ::getpid()},
          {"uptime_seconds", static_cast<std::uint64_t>(uptime)},
          {"cpu_seconds", cpu_seconds()},
          {"rss_kb", memory.resident_kb},
          {"virt_kb", memory.virtual_kb},
          {"mppe_engine", crypto::mppe_implementation()},
          {"mppe_kernels", mppe_kernels_json()},
          {"packet_buffers", std::move(buffers)},
          {"memory", memory_json(backend)},
          {"draining", !stats.takes_calls},
          {"sessions",
           {{"starting", stats.calls_starting},
            {"active", stats.calls_active},
            {"finishing", stats.calls_finishing}}},
          {"pptp",
           {{"connections", stats.connections},
            {"connections_total", stats.connections_total},
            {"calls_total", stats.calls_total}}},
          {"auth", {{"accepted", stats.auth_accepted}, {"rejected", stats.auth_rejected}}},
          {"ended", std::move(ended)}};
}

Json show_version(const OperatorBackend&) {
  return {{"name", "aditd"}, {"version", ADIT_VERSION}};
}

}  // namespace adit::app
