// SPDX-License-Identifier: Apache-2.0
// What root finds out for the user that it becomes, against what that user then meets. Needs root.
#include "app/host/process/access.hpp"

#include <endian.h>
#include <gtest/gtest.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

namespace adit::app {
namespace {

constexpr gid_t kDaemon = 1;  // of Debian

class Access : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "needs root";
    }
    std::string name = "/tmp/adit-access-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    ::chmod(directory_.c_str(), 0755);
    file_ = directory_ + "/file";
    std::ofstream(file_) << "x";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void make(uid_t user, gid_t group, mode_t mode) {
    ASSERT_EQ(::chown(file_.c_str(), user, group), 0);
    ASSERT_EQ(::chmod(file_.c_str(), mode), 0);
  }
  /// As access_as() says it, after whoever becomes nobody and of `group` has found the same.
  int access_by(const std::string& group, int mode) {
    const int said = access_as(nobody_, group, file_, mode);
    EXPECT_EXIT(
        {
          const bool became = become(nobody_, {group}).has_value();
          const int met = ::access(file_.c_str(), mode) == 0 ? 0 : errno;
          _exit(!became ? 2 : met == said ? 0 : 1);
        },
        testing::ExitedWithCode(0), "")
        << said;
    return said;
  }

  const Account nobody_ = find_account("nobody").value_or(Account{});
  std::string directory_, file_;
};

TEST_F(Access, OwnerGroupAndOthersEachHaveTheirOwn) {
  make(nobody_.uid, 0, 0077);
  EXPECT_EQ(access_by("", R_OK), EACCES);
  make(0, nobody_.gid, 0607);
  EXPECT_EQ(access_by("", R_OK), EACCES);
  make(0, 0, 0604);
  EXPECT_EQ(access_by("", R_OK), 0);
  EXPECT_EQ(access_by("", R_OK | W_OK), EACCES);
  EXPECT_EQ(access_as(nobody_, "", directory_ + "/none", R_OK), ENOENT);
}

TEST_F(Access, TheGroupOfTheOperatorsSocketCounts) {
  make(0, kDaemon, 0660);
  EXPECT_EQ(access_by("daemon", R_OK | W_OK), 0);
  EXPECT_EQ(access_by("", R_OK), EACCES);
}

TEST_F(Access, AccessListsCount) {
  make(0, 0, 0600);
  struct {
    posix_acl_xattr_header header{.a_version = htole32(POSIX_ACL_XATTR_VERSION)};
    std::array<posix_acl_xattr_entry, 6> entries{};
  } list;
  const auto entry = [](unsigned tag, unsigned permissions, std::uint32_t id = ~0U) {
    return posix_acl_xattr_entry{.e_tag = htole16(static_cast<std::uint16_t>(tag)),
                                 .e_perm = htole16(static_cast<std::uint16_t>(permissions)),
                                 .e_id = htole32(id)};
  };
  list.entries = {entry(ACL_USER_OBJ, 6),  entry(ACL_USER, 6, nobody_.uid),
                  entry(ACL_GROUP_OBJ, 0), entry(ACL_GROUP, 4, kDaemon),
                  entry(ACL_MASK, 6),      entry(ACL_OTHER, 0)};
  const auto set = [&] {
    return ::setxattr(file_.c_str(), "system.posix_acl_access", &list, sizeof list, 0);
  };
  if (set() != 0 && errno == EOPNOTSUPP) {
    GTEST_SKIP() << "/tmp has no access lists";
  }
  EXPECT_EQ(access_by("", R_OK | W_OK), 0);
  list.entries[4] = entry(ACL_MASK, 4);
  ASSERT_EQ(set(), 0);
  EXPECT_EQ(access_by("", R_OK), 0);
  EXPECT_EQ(access_by("", R_OK | W_OK), EACCES) << "the mask";
  list.entries[1] = entry(ACL_USER, 6, kDaemon);
  ASSERT_EQ(set(), 0);
  EXPECT_EQ(access_by("daemon", R_OK), 0) << "of the named group";
  EXPECT_EQ(access_by("", R_OK), EACCES);
}

}  // namespace
}  // namespace adit::app
