// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/leave_root.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "app/adit-exporter/source.hpp"
#include "app/escape.hpp"

namespace adit::app::exporter {
namespace {

std::string folder_of(std::string_view path) {
  return std::filesystem::path(path).parent_path().string();
}

/// Who may write to a socket may ask there; that is its group (cli.group). While aditd has not made it yet, its folder's.
/// Never root's: 0 is none.
gid_t group_of(const std::string& socket, gid_t otherwise) {
  struct stat file{};
  for (const std::string& path : {socket, folder_of(socket), std::string(kReadSocket),
                                  std::string(kControlSocket), folder_of(kReadSocket)}) {
    if (!path.empty() && ::stat(path.c_str(), &file) == 0 && file.st_gid != 0) {
      return file.st_gid;
    }
  }
  const group* found = ::getgrnam("adit");
  return found != nullptr ? found->gr_gid : otherwise;
}

}  // namespace

std::expected<void, std::string> leave_root(const std::string& user, const std::string& socket) {
  if (::geteuid() == 0) {
    const passwd* account = ::getpwnam(user.c_str());
    if (account == nullptr || account->pw_uid == 0) {
      return std::unexpected("there is no user " + escape_octets(user) +
                             " to become, or it is root again; name another with --user");
    }
    const uid_t uid = account->pw_uid;
    const gid_t gid = group_of(socket, account->pw_gid);
    if (gid == 0) {
      return std::unexpected("the group of " + escape_octets(user) +
                             " is root's, and no other has the socket; name another user with --user");
    }
    // Of another user than root: the kernel takes all capabilities.
    if (::setgroups(1, &gid) != 0 || ::setresgid(gid, gid, gid) != 0 || ::setresuid(uid, uid, uid) != 0) {
      return std::unexpected("cannot become " + escape_octets(user) + ": " + std::strerror(errno));
    }
    const group* found = ::getgrgid(gid);
    std::fprintf(stderr, "adit-exporter: runs as %s, group %s\n", escape_octets(user).c_str(),
                 found != nullptr ? found->gr_name : std::to_string(gid).c_str());
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected(std::string("cannot give up new privileges: ") + std::strerror(errno));
  }
  return {};
}

}  // namespace adit::app::exporter
