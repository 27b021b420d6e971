// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/leave_root.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "app/host/host_ports.hpp"
#include "app/host/process/privileges.hpp"

namespace adit::app {
namespace {

using control::Severity;

std::string directory_of(const std::string& file) {
  return std::filesystem::path(file).parent_path();
}

// As adit.service has them.
constexpr mode_t kSocketDirectory = 0755;  // members of cli.group come through it
constexpr mode_t kSpoolDirectory = 0700;
constexpr mode_t kLogDirectory = 0750;

bool keeps_spool(const Config& config) {
  return has_accounting(config.radius) && !config.spool.file.empty();
}

void prepare_for(const Account& account, const Config& config) {
  release_host_ports(config.ports);
  hand_over_directory(directory_of(config.cli.socket), kSocketDirectory, account);
  hand_over_directory(directory_of(config.cli.read_only_socket), kSocketDirectory, account);
  if (keeps_spool(config)) {
    hand_over_directory(directory_of(config.spool.file), kSpoolDirectory, account);
    hand_over_file(config.spool.file, account);
  }
  hand_over_directory(directory_of(config.log.file), kLogDirectory, account);
  hand_over_file(config.log.file, account);
  hand_over_directory(directory_of(config.log.fail_file), kLogDirectory, account);
  hand_over_file(config.log.fail_file, account);
}

}  // namespace

void prepare(const Config& config) {
  if (const auto account = account_of(config)) {
    prepare_for(*account, config);
  }
}

std::expected<void, std::string> leave_root(const Config& config, control::EventLog& log) {
  if (::geteuid() != 0) {
    return {};
  }
  const auto account = account_of(config);
  if (!account) {
    if (config.core.user.empty()) {
      log.event(Severity::kWarning, "runs_as_root",
                {{"remedy", "make a user for it: useradd --system --shell /usr/sbin/nologin adit"}});
    }
    return {};
  }
  prepare_for(*account, config);
  if (auto became = become(*account, {config.cli.group, config.cli.read_only_group}); !became) {
    return std::unexpected("core.user: " + became.error() + "; name another, or \"root\"");
  }
  // Where EAL makes the directory of its telemetry socket, as systemd would say it.
  ::setenv("RUNTIME_DIRECTORY", directory_of(config.cli.socket).c_str(), 0);
  log.event(Severity::kInfo, "left_root", {{"user", account->name}, {"keeps", kept_capabilities()}});
  return {};
}

}  // namespace adit::app
