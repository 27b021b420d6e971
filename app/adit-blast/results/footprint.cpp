// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/results/footprint.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace adit::app::blast {
namespace {

/// "VmRSS:   12345 kB"
std::uint64_t resident_octets(const std::string& process) {
  std::ifstream file(process + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmRSS:")) {
      return std::stoull(line.substr(6)) * 1024;
    }
  }
  return 0;
}

std::uint64_t descriptors(const std::string& process) {
  std::error_code none;
  std::uint64_t count = 0;
  for (auto at = std::filesystem::directory_iterator(process + "/fd", none);
       at != std::filesystem::directory_iterator(); at.increment(none)) {
    ++count;
  }
  return count;
}

/// The slab caches used by a TCP connection, besides its buffers.
constexpr std::array<std::string_view, 7> kSocketCaches = {
    "TCP", "sock_inode_cache", "filp", "eventpoll_epi", "ep_item", "tcp_bind_bucket", "tcp_bind2_bucket"};

/// "name active_objs num_objs objsize ...". The kernel counts all network namespaces together, and only root
/// may read it.
std::uint64_t slab_octets() {
  std::ifstream file("/proc/slabinfo");
  std::uint64_t octets = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name;
    std::uint64_t active = 0, all = 0, size = 0;
    if (words >> name >> active >> all >> size &&
        std::ranges::find(kSocketCaches, name) != kSocketCaches.end()) {
      octets += active * size;
    }
  }
  return octets;
}

/// "TCP: inuse 1 orphan 0 tw 0 alloc 3 mem 2", in pages: queued octets.
std::uint64_t buffer_octets(const std::string& process) {
  std::ifstream file(process + "/net/sockstat");
  for (std::string line; std::getline(file, line);) {
    const auto at = line.rfind(" mem ");
    if (line.starts_with("TCP:") && at != std::string::npos) {
      return std::stoull(line.substr(at + 5)) * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    }
  }
  return 0;
}

}  // namespace

std::optional<Footprint> footprint_of(std::uint32_t pid, std::uint64_t calls) {
  const std::string process = "/proc/" + std::to_string(pid);
  std::error_code none;
  if (pid == 0 || !std::filesystem::exists(process, none)) {
    return std::nullopt;
  }
  return Footprint{.calls = calls,
                   .rss_octets = resident_octets(process),
                   .descriptors = descriptors(process),
                   .socket_octets = slab_octets() + buffer_octets(process)};
}

}  // namespace adit::app::blast
