// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/private_file.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "app/escape.hpp"
#include "app/host/process/access.hpp"

namespace adit::app {
namespace {

/// Who reads the files: the user that aditd becomes, without one the user that it is.
struct FileReader {
  uid_t uid;
  gid_t gid;
  std::string name;
  std::string group;
};

FileReader reader_of(const Config& config) {
  const passwd* user = ::getpwnam(config.core.user.empty() ? "adit" : config.core.user.c_str());
  FileReader reader{.uid = user != nullptr ? user->pw_uid : ::geteuid(),
                    .gid = user != nullptr ? user->pw_gid : ::getegid(),
                    .name = user != nullptr ? user->pw_name : std::to_string(::geteuid()),
                    .group = {}};
  const group* found = ::getgrgid(reader.gid);
  reader.group = found != nullptr ? found->gr_name : std::to_string(reader.gid);
  return reader;
}

/// What is wrong with its owner, group and mode, "" if nothing.
std::string too_open(const struct stat& status, const FileReader& reader) {
  char mode[8] = {};
  std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode) & 07777U);
  std::string wrong;
  const auto add = [&](const std::string& what) { wrong += (wrong.empty() ? "" : ", ") + what; };
  if ((status.st_mode & S_IRWXO) != 0) {
    add("is open to every user of this machine (mode " + std::string(mode) + ")");
  } else if ((status.st_mode & S_IRWXG) != 0 && status.st_gid != 0 && status.st_gid != reader.gid &&
             status.st_gid != ::getegid()) {
    add("is open to group " + std::to_string(status.st_gid) + " (mode " + std::string(mode) + ")");
  }
  if (status.st_uid != 0 && status.st_uid != reader.uid && status.st_uid != ::geteuid()) {
    add("belongs to user " + std::to_string(status.st_uid));
  }
  return wrong;
}

}  // namespace

void check_access(const PrivateFile& file, const Config& config, Problems& problems) {
  struct stat status{};
  if (::stat(file.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return;
  }
  const FileReader reader = reader_of(config);
  if (const std::string wrong = too_open(status, reader); !wrong.empty()) {
    const std::string name = escape_octets(file.path);
    const std::string owner = file.written ? reader.name : "root";
    problems.warning(file.at, file.key, '"' + name + '"', std::string(file.holds) + " and " + wrong,
                     "do: chown " + owner + ':' + reader.group + ' ' + name + " && chmod " +
                         (file.written ? "600 " : "640 ") + name);
  }
}

void check_readable(const PrivateFile& file, const Config& config, Problems& problems) {
  const FileReader reader = reader_of(config);
  const std::string name = escape_octets(file.path);
  const auto account = account_of(config);
  if (access_as(account, config.cli.group, file.path, F_OK) == 0 &&
      access_as(account, config.cli.group, file.path, R_OK) != 0) {
    problems.warning(
        file.at, file.key, '"' + name + '"', "cannot be read by " + reader.name + ", whom aditd becomes",
        "reloads will fail; do: chown root:" + reader.group + ' ' + name + " && chmod 640 " + name);
  }
}

toml::source_position place_of(const Sheet& sheet, std::string_view section, std::string_view key) {
  const Setting* setting = find_setting(sheet, section, "", key);
  return setting == nullptr ? toml::source_position{0, 0} : setting->at;
}

}  // namespace adit::app
