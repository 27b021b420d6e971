// SPDX-License-Identifier: Apache-2.0
// The memory of the accounting spool: a mapped file, so that it outlives the process, or plain memory if
// there is no file. All disk space is allocated when it is opened, so that a full disk is an error then and
// not a fault (SIGBUS) at a store.
// Thread: control. Owner: aditd's RadiusService.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace adit::app {

class SpoolFile {
 public:
  /// `path` empty: plain memory. A file that is already larger keeps its size. Only one process at a time may
  /// open it. The error says what failed and what to do.
  [[nodiscard]] static std::expected<SpoolFile, std::string> open(const std::string& path, std::size_t size);
  SpoolFile(SpoolFile&& other) noexcept;
  SpoolFile& operator=(SpoolFile&&) = delete;
  ~SpoolFile();

  /// At least `size` octets; zeros if the file is new.
  [[nodiscard]] std::span<std::byte> memory() const;

 private:
  SpoolFile(int fd, std::span<std::byte> memory) : fd_(fd), memory_(memory) {}

  int fd_;  // -1: no file
  std::span<std::byte> memory_;
};

}  // namespace adit::app
