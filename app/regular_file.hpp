// SPDX-License-Identifier: Apache-2.0
// Small files named by a person: read whole, or refused with a reason. Thread: control, at start-up.
#pragma once

#include <sys/types.h>

#include <expected>
#include <string>
#include <string_view>

namespace adit::app {

struct FileError {
  std::string wrong;
  std::string remedy;
};

/// A regular file only (a FIFO would block, /dev/zero never ends), of at most `limit` octets. Errors
/// name `program` as the one that needs it.
[[nodiscard]] std::expected<std::string, FileError> read_regular_file(const std::string& path, off_t limit,
                                                                      std::string_view program);

}  // namespace adit::app
