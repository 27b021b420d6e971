// SPDX-License-Identifier: Apache-2.0
// Memory that outlives the process: whoever holds its descriptor, inherited or sent over a socket, maps the same octets.
// It is no file and has no name, is left out of core dumps, and its size is sealed, so that nobody can take pages away from
// under a reader. Thread: control. Owner: the runtime, which keeps it for as long as anything points into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <utility>

#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {

enum class Pages : std::uint8_t {
  kOrdinary,
  kHuge,  ///< of 2 MiB, out of those that the system has reserved
};

class SharedMemory {
 public:
  /// All zero. `name` is what /proc/PID/maps shows. The error says what failed and what to do.
  [[nodiscard]] static std::expected<SharedMemory, std::string> create(const char* name, std::size_t octets,
                                                                       Pages pages);
  /// What create() has made here or in another process. The error says so when its size is not sealed.
  [[nodiscard]] static std::expected<SharedMemory, std::string> map(dataplane::UniqueFd fd);
  SharedMemory(SharedMemory&& other) noexcept;
  SharedMemory& operator=(SharedMemory&&) = delete;
  ~SharedMemory();

  [[nodiscard]] std::span<std::byte> octets() const { return octets_; }
  /// Closed on exec, unless a caller changes that.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Pages of `part` that nobody has touched yet shall lie on this NUMA node; -1: anywhere. A wish, which the kernel may not
  /// fulfil. `part` begins on a page.
  static void prefer_node(std::span<std::byte> part, int node);

 private:
  SharedMemory(dataplane::UniqueFd fd, std::span<std::byte> octets) : fd_(std::move(fd)), octets_(octets) {}

  dataplane::UniqueFd fd_;
  std::span<std::byte> octets_;
};

}  // namespace adit::app
