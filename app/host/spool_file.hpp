// SPDX-License-Identifier: Apache-2.0
// The memory of accounting's spool: a file's, shared with it, so that it is there when the process is not. All of its disk
// space is taken at once: a full disk is told at the start, and never met by a store. Or plain memory, without a file.
// Thread: control. Owner: aditd's RadiusService.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

namespace adit::app {

class SpoolFile {
 public:
  /// `path` empty: plain memory. A larger file stays as large as it is. One process at a time may have it. The error says
  /// what failed and what to do.
  [[nodiscard]] static std::expected<SpoolFile, std::string> open(const std::string& path, std::size_t size);
  SpoolFile(SpoolFile&& other) noexcept;
  SpoolFile& operator=(SpoolFile&&) = delete;
  ~SpoolFile();

  /// At least `size` octets, zeros when the file is new.
  [[nodiscard]] std::span<std::byte> memory() const;

 private:
  SpoolFile(int fd, std::span<std::byte> memory) : fd_(fd), memory_(memory) {}

  int fd_;  // -1: no file
  std::span<std::byte> memory_;
};

}  // namespace adit::app
