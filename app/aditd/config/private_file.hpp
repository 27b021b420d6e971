// SPDX-License-Identifier: Apache-2.0
// Files with secrets: whether others may read them, and whether aditd may once it is no longer root. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "app/aditd/config/config.hpp"
#include "app/config_problems.hpp"

namespace adit::app {

/// A file that holds what not every user of the machine may know.
struct PrivateFile {
  const std::string& path;
  std::string_view key;
  std::string_view holds;
  toml::source_position at{};  ///< of the key
  bool written = false;        ///< by aditd, which else only reads it
};

/// Warns when somebody else than root, aditd and its group may read or change the file. The remedy leaves it to aditd.
void check_access(const PrivateFile& file, const Config& config, Problems& problems);

/// Warns when only root can read it: root reads it now; later, or when systemd starts it, aditd is somebody else.
void check_readable(const PrivateFile& file, const Config& config, Problems& problems);

/// Of a key of a section that is there once; 0, 0: the file does not set it.
[[nodiscard]] toml::source_position place_of(const Sheet& sheet, std::string_view section,
                                             std::string_view key);

}  // namespace adit::app
