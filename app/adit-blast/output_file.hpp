// SPDX-License-Identifier: Apache-2.0
// A file of results, opened before anything is run, so that an hour's measurement is not lost to a misspelt path. Thread:
// control. Owner: main().
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace adit::app::blast {

class OutputFile {
 public:
  /// "-": standard output. What the file holds stays until write(). The error says what failed.
  [[nodiscard]] static std::expected<OutputFile, std::string> open(const std::string& path);
  OutputFile(OutputFile&& other) noexcept
      : path_(std::move(other.path_)),
        fd_(std::exchange(other.fd_, -1)),
        unwritten_(std::exchange(other.unwritten_, false)) {}
  OutputFile& operator=(OutputFile&&) = delete;
  OutputFile(const OutputFile&) = delete;
  /// Removes the file if open() made it and nothing was written.
  ~OutputFile();

  /// Replaces what the file held; once. The error says what failed.
  [[nodiscard]] std::expected<void, std::string> write(std::string_view text);

 private:
  OutputFile(std::string path, int fd, bool made) : path_(std::move(path)), fd_(fd), unwritten_(made) {}

  std::string path_;
  int fd_;          // 1: standard output, which stays open
  bool unwritten_;  // made by open(), and empty
};

}  // namespace adit::app::blast
