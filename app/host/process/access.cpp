// SPDX-License-Identifier: Apache-2.0
#include "app/host/process/access.hpp"

#include <endian.h>
#include <grp.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace adit::app {
namespace {

struct Entry {
  unsigned tag;
  unsigned permissions;
  std::uint32_t id;
};
using AccessList = std::vector<Entry>;

AccessList list_of(const struct stat& status) {
  return {{ACL_USER_OBJ, status.st_mode >> 6 & 7U, 0},
          {ACL_GROUP_OBJ, status.st_mode >> 3 & 7U, 0},
          {ACL_OTHER, status.st_mode & 7U, 0}};
}

/// What its mode says unless it has a list.
AccessList list_of(const std::string& path, const struct stat& status) {
  constexpr std::size_t kMost = 65'536;  // XATTR_SIZE_MAX
  std::vector<char> octets(kMost);
  const ssize_t got = ::getxattr(path.c_str(), "system.posix_acl_access", octets.data(), octets.size());
  posix_acl_xattr_header header{};
  if (got < static_cast<ssize_t>(sizeof header)) {
    return list_of(status);
  }
  std::memcpy(&header, octets.data(), sizeof header);
  if (le32toh(header.a_version) != POSIX_ACL_XATTR_VERSION) {
    return list_of(status);
  }
  AccessList list;
  posix_acl_xattr_entry entry{};
  for (std::size_t at = sizeof header; at + sizeof entry <= static_cast<std::size_t>(got);
       at += sizeof entry) {
    std::memcpy(&entry, octets.data() + at, sizeof entry);
    list.push_back({le16toh(entry.e_tag), le16toh(entry.e_perm), le32toh(entry.e_id)});
  }
  return list;
}

std::vector<gid_t> groups_of(const Account& account, const std::string& group) {
  std::array<gid_t, 256> found{};
  auto count = static_cast<int>(found.size());
  ::getgrouplist(account.name.c_str(), account.gid, found.data(), &count);
  std::vector<gid_t> groups(found.begin(),
                            found.begin() + std::clamp(count, 0, static_cast<int>(found.size())));
  if (const struct group* more = group.empty() ? nullptr : ::getgrnam(group.c_str()); more != nullptr) {
    groups.push_back(more->gr_gid);
  }
  return groups;
}

/// acl(5), "access check algorithm".
bool allows(const AccessList& list, const struct stat& status, const Account& account,
            const std::vector<gid_t>& groups, unsigned wanted) {
  const auto of = [&](unsigned tag, unsigned without) {
    const auto found = std::ranges::find(list, tag, &Entry::tag);
    return found == list.end() ? without : found->permissions;
  };
  const auto enough = [&](unsigned permissions) { return (wanted & ~permissions) == 0; };
  if (account.uid == status.st_uid) {
    return enough(of(ACL_USER_OBJ, 0));
  }
  const unsigned mask = of(ACL_MASK, 7);
  bool in_group = false;
  bool group_allows = false;
  for (const Entry& entry : list) {
    if (entry.tag == ACL_USER && entry.id == account.uid) {
      return enough(entry.permissions & mask);
    }
    const gid_t id = entry.tag == ACL_GROUP_OBJ ? status.st_gid : entry.id;
    if ((entry.tag == ACL_GROUP_OBJ || entry.tag == ACL_GROUP) &&
        std::ranges::find(groups, id) != groups.end()) {
      in_group = true;
      group_allows = group_allows || enough(entry.permissions & mask);
    }
  }
  return in_group ? group_allows : enough(of(ACL_OTHER, 0));
}

}  // namespace

int access_as(const std::optional<Account>& account, const std::string& group, const std::string& path,
              int mode) {
  if (!account || account->uid == 0 || ::geteuid() != 0) {
    return ::access(path.c_str(), mode) == 0 ? 0 : errno;
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return errno;
  }
  return allows(list_of(path, status), status, *account, groups_of(*account, group),
                static_cast<unsigned>(mode))
             ? 0
             : EACCES;
}

}  // namespace adit::app
