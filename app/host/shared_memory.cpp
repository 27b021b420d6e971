// SPDX-License-Identifier: Apache-2.0
#include "app/host/shared_memory.hpp"

#include <fcntl.h>
#include <linux/memfd.h>
#include <linux/mempolicy.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace adit::app {
namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;
constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::unexpected<std::string> failed(const char* what, const char* remedy) {
  return std::unexpected(std::string("memory for calls: ") + what + ": " + std::strerror(errno) + "; " +
                         remedy);
}

}  // namespace

std::expected<SharedMemory, std::string> SharedMemory::create(const char* name, std::size_t octets,
                                                              Pages pages) {
  const bool huge = pages == Pages::kHuge;
  dataplane::UniqueFd fd(
      memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | (huge ? MFD_HUGETLB | MFD_HUGE_2MB : 0U)));
  if (!fd) {
    return failed("cannot be made", "aditd needs memfd_create, and with hugepages some of 2 MiB");
  }
  const std::size_t page = huge ? kHugePage : static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t size = (octets + page - 1) / page * page;
  if (ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
      fcntl(fd.get(), F_ADD_SEALS, kSizeSeals | F_SEAL_SEAL) != 0) {
    return failed("cannot have its size", "lower max-sessions");
  }
  return map(std::move(fd));
}

std::expected<SharedMemory, std::string> SharedMemory::map(dataplane::UniqueFd fd) {
  const int seals = fcntl(fd.get(), F_GET_SEALS);
  if (seals < 0 || (seals & kSizeSeals) != kSizeSeals) {
    return std::unexpected("memory for calls: descriptor " + std::to_string(fd.get()) +
                           " is no memory whose size is sealed; it is not used");
  }
  struct stat status{};
  if (fstat(fd.get(), &status) != 0) {
    return failed("cannot be examined", "start aditd anew");
  }
  const auto size = static_cast<std::size_t>(status.st_size);
  // Huge pages are reserved here, so that want of them is an error now and no SIGBUS of a worker later.
  void* const at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) {
    return failed("cannot be mapped", "reserve more hugepages, or lower max-sessions");
  }
  SharedMemory memory(std::move(fd), {static_cast<std::byte*>(at), size});
  if (madvise(at, size, MADV_DONTDUMP) != 0) {
    return failed("cannot be left out of core dumps", "keys are in it, so it is not used");
  }
  return memory;
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : fd_(std::move(other.fd_)), octets_(std::exchange(other.octets_, {})) {}

SharedMemory::~SharedMemory() {
  if (!octets_.empty()) {
    munmap(octets_.data(), octets_.size());
  }
}

void SharedMemory::prefer_node(std::span<std::byte> part, int node) {
  constexpr int kMostNodes = 64;
  if (node < 0 || node >= kMostNodes) {
    return;
  }
  const unsigned long nodes = 1UL << node;
  syscall(SYS_mbind, part.data(), part.size(), MPOL_PREFERRED, &nodes, kMostNodes + 1UL, 0UL);
}

}  // namespace adit::app
