// SPDX-License-Identifier: Apache-2.0
#include "app/host/spool_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

namespace adit::app {
namespace {

// At the start of the file; the spool's memory follows.
constexpr char kMagic[] = "adit accounting spool 1\n";
constexpr std::size_t kMagicSize = 4096;

std::unexpected<std::string> failed(const std::string& path, const std::string& what, int error,
                                    const std::string& remedy) {
  return std::unexpected("radius.spool: " + path + ": " + what + ": " + std::strerror(error) + "; " + remedy);
}

/// Locks the file, checks that it is a spool or new, and allocates its disk space. Returns its size.
std::expected<std::size_t, std::string> prepare(int fd, const std::string& path, std::size_t size) {
  struct stat status{};
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return failed(path, "cannot be locked", errno, "is another aditd running? give each a spool of its own");
  }
  if (fstat(fd, &status) != 0) {
    return failed(path, "cannot be examined", errno, "name a file on a local disk");
  }
  const auto had = static_cast<std::size_t>(status.st_size);
  char magic[sizeof kMagic] = {};
  if (had != 0 && (pread(fd, magic, sizeof kMagic, 0) != sizeof kMagic ||
                   std::memcmp(magic, kMagic, sizeof kMagic) != 0)) {
    return std::unexpected("radius.spool: " + path +
                           ": is not a spool of this version; move it away, or name another file");
  }
  size = std::max(size, had);
  if (const int error = posix_fallocate(fd, 0, static_cast<off_t>(size)); error != 0) {
    if (had == 0) {
      unlink(path.c_str());
    }
    return failed(path, "needs " + std::to_string(size >> 20) + " MiB of disk", error,
                  "make room, or lower radius.spool-records");
  }
  if (had == 0 && pwrite(fd, kMagic, sizeof kMagic, 0) != sizeof kMagic) {
    return failed(path, "cannot be written", errno, "name a file on a local disk");
  }
  return size;
}

}  // namespace

std::expected<SpoolFile, std::string> SpoolFile::open(const std::string& path, std::size_t size) {
  size += kMagicSize;
  int fd = -1;
  if (!path.empty()) {
    std::error_code ignored;  // open() reports what is wrong
    std::filesystem::create_directory(std::filesystem::path(path).parent_path(), ignored);
    fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
      return failed(path, "cannot be opened", errno, "make its directory, or set spool = \"\" to do without");
    }
    const auto prepared = prepare(fd, path, size);
    if (!prepared) {
      ::close(fd);
      return std::unexpected(prepared.error());
    }
    size = *prepared;
  }
  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                      fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) {
    const int error = errno;
    ::close(fd);
    return failed(path, "cannot be mapped", error, "lower radius.spool-records");
  }
  return SpoolFile(fd, {static_cast<std::byte*>(memory), size});
}

SpoolFile::SpoolFile(SpoolFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), memory_(std::exchange(other.memory_, {})) {}

std::span<std::byte> SpoolFile::memory() const {
  return memory_.subspan(kMagicSize);
}

SpoolFile::~SpoolFile() {
  if (!memory_.empty()) {
    munmap(memory_.data(), memory_.size());
  }
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

}  // namespace adit::app
