// SPDX-License-Identifier: Apache-2.0
#include "app/regular_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace adit::app {
namespace {

FileError file_error(int error, std::string_view program) {
  return {std::strerror(error),
          error == ENOENT ? "create it, or name another"
                          : "make it readable for the user that " + std::string(program) + " runs as"};
}

}  // namespace

std::expected<std::string, FileError> read_regular_file(const std::string& path, off_t limit,
                                                        std::string_view program) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || ::access(path.c_str(), R_OK) != 0) {
    return std::unexpected(file_error(errno, program));
  }
  if (!S_ISREG(status.st_mode)) {
    return std::unexpected(FileError{"is not a regular file", "name a file"});
  }
  if (status.st_size > limit) {
    return std::unexpected(
        FileError{"is larger than " + std::to_string(limit >> 20) + " MiB", "name a smaller file"});
  }
  // Read at once: a string that grows leaves copies behind, and the file may hold secrets.
  std::ifstream in;
  in.rdbuf()->pubsetbuf(nullptr, 0);  // before it is open, or it has no effect
  in.open(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

}  // namespace adit::app
