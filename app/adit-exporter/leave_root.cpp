// SPDX-License-Identifier: Apache-2.0
#include "app/adit-exporter/leave_root.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/adit-exporter/source.hpp"
#include "app/escape.hpp"

namespace adit::app::exporter {
namespace {

/// Who may write to a socket may ask there; that is its group (cli.group).
gid_t group_of(const std::string& socket, gid_t otherwise) {
  struct stat file{};
  for (const std::string& path : {socket, std::string(kReadSocket), std::string(kControlSocket)}) {
    if (!path.empty() && ::stat(path.c_str(), &file) == 0) {
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
    // Of another user than root: the kernel takes all capabilities.
    if (::setgroups(1, &gid) != 0 || ::setresgid(gid, gid, gid) != 0 || ::setresuid(uid, uid, uid) != 0) {
      return std::unexpected("cannot become " + escape_octets(user) + ": " + std::strerror(errno));
    }
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return std::unexpected(std::string("cannot give up new privileges: ") + std::strerror(errno));
  }
  return {};
}

}  // namespace adit::app::exporter
