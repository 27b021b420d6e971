// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace adit::app::blast {
namespace {

constexpr int kMode = 0666;  // less the umask

}  // namespace

std::expected<OutputFile, std::string> OutputFile::open(const std::string& path) {
  if (path == "-") {
    return OutputFile(path, STDOUT_FILENO, false);
  }
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kMode);
  const bool made = fd >= 0;
  if (!made && errno == EEXIST) {
    fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, kMode);
  }
  if (fd < 0) {
    return std::unexpected(std::strerror(errno));
  }
  return OutputFile(path, fd, made);
}

OutputFile::~OutputFile() {
  if (unwritten_) {
    ::unlink(path_.c_str());
  }
  if (fd_ > STDERR_FILENO) {
    ::close(fd_);
  }
}

std::expected<void, std::string> OutputFile::write(std::string_view text) {
  struct stat status{};
  if (::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode) && fd_ != STDOUT_FILENO &&
      ::ftruncate(fd_, 0) != 0) {
    return std::unexpected(std::strerror(errno));
  }
  unwritten_ = false;
  while (!text.empty()) {
    const ssize_t written = ::write(fd_, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return std::unexpected(std::strerror(errno));
    }
    text.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return {};
}

}  // namespace adit::app::blast
