// SPDX-License-Identifier: Apache-2.0
// Root's process becomes a user with named capabilities and nothing else; each attempt is a process of its own. Needs root.
#include "app/host/process/privileges.hpp"

#include <cap-ng.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace adit::app {
namespace {

class Privileges : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) {
      GTEST_SKIP() << "needs root";
    }
    std::string name = "/tmp/adit-privileges-XXXXXX";
    directory = ::mkdtemp(name.data());
    ::chmod(directory.c_str(), 0755);
  }
  void TearDown() override { std::filesystem::remove_all(directory); }

  std::string directory;
  const Account nobody = find_account("nobody").value_or(Account{});
};

/// Of the calling thread, in the order of their numbers; both sets must be the same.
std::uint64_t capabilities() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> data{};
  ::syscall(SYS_capget, &header, data.data());
  const auto of = [&](auto member) {
    return std::uint64_t{data[0].*member} | std::uint64_t{data[1].*member} << 32;
  };
  EXPECT_EQ(of(&__user_cap_data_struct::effective), of(&__user_cap_data_struct::permitted));
  EXPECT_EQ(of(&__user_cap_data_struct::inheritable), 0U);
  return of(&__user_cap_data_struct::permitted);
}

constexpr std::uint64_t bit(unsigned capability) {
  return std::uint64_t{1} << capability;
}

TEST_F(Privileges, OfRootOnlyTheNamedOnesAreLeftInEveryThread) {
  const std::uint64_t before = capabilities();
  const auto child = [&] {
    if (!become(nobody, {}).has_value()) {
      _exit(1);
    }
    rlimit locked{};
    ::getrlimit(RLIMIT_MEMLOCK, &locked);
    const std::uint64_t named = bit(CAP_NET_ADMIN) | bit(CAP_NET_RAW) | bit(CAP_BPF) | bit(CAP_PERFMON) |
                                (locked.rlim_max == RLIM_INFINITY ? 0 : bit(CAP_IPC_LOCK));
    std::uint64_t in_thread = 0;
    std::thread([&] { in_thread = capabilities(); }).join();
    const bool right = ::getuid() == nobody.uid && ::geteuid() == nobody.uid && ::getgid() == nobody.gid &&
                       capabilities() == (named & before) && in_thread == (named & before);
    _exit(right ? 0 : 2);
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST_F(Privileges, WhatIsToldIsWhatThereIs) {
  const auto child = [&] {
    capng_get_caps_process();
    capng_update(CAPNG_DROP, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_BPF);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0 || !become(nobody, {}).has_value()) {
      _exit(1);
    }
    const std::string kept = kept_capabilities();
    const bool right =
        kept.starts_with("CAP_NET_ADMIN CAP_NET_RAW") && kept.find("CAP_BPF") == std::string::npos;
    _exit(right ? 0 : 2);
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST_F(Privileges, ThereIsNoWayBack) {
  const auto child = [&] {
    if (!become(nobody, {}).has_value()) {
      _exit(1);
    }
    const bool open = ::access("/etc/shadow", R_OK) == 0 || ::setuid(0) == 0 || ::setgid(0) == 0;
    _exit(open ? 2 : 0);
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST_F(Privileges, TheGroupOfTheOperatorsSocketIsJoined) {
  const std::string file = directory + "/socket";
  std::ofstream(file) << "x";
  ASSERT_EQ(::chown(file.c_str(), nobody.uid, nobody.gid), 0);
  const auto child = [&] {
    if (!become(nobody, {"daemon"}).has_value()) {
      _exit(1);
    }
    // Group 1 of Debian. A file's owner gives it to groups of its own alone.
    _exit(::chown(file.c_str(), nobody.uid, 1) == 0 && ::chown(file.c_str(), nobody.uid, 2) != 0 ? 0 : 2);
  };
  EXPECT_EXIT(child(), testing::ExitedWithCode(0), "");
}

TEST_F(Privileges, FilesOfRootAreHandedOverButNoLinks) {
  const auto owner = [](const std::string& path) {
    struct stat status{};
    ::lstat(path.c_str(), &status);
    return status.st_uid;
  };
  const std::string plain = directory + "/plain";
  const std::string other = directory + "/other";
  const std::string twice = directory + "/twice";
  std::ofstream(plain) << "x";
  std::ofstream(other) << "x";
  std::ofstream(twice) << "x";
  std::filesystem::create_symlink(other, directory + "/link");
  std::filesystem::create_hard_link(twice, directory + "/again");
  for (const char* each : {"/plain", "/link", "/again", "/missing"}) {
    hand_over_file(directory + each, nobody);
  }
  EXPECT_EQ(owner(plain), nobody.uid);
  EXPECT_EQ(owner(other), 0U);
  EXPECT_EQ(owner(twice), 0U);
  EXPECT_FALSE(std::filesystem::exists(directory + "/missing"));
}

TEST_F(Privileges, OnlyMissingDirectoriesAreMade) {
  const mode_t before = ::umask(077);
  hand_over_directory(directory + "/run", 0755, nobody);
  ::umask(before);
  hand_over_directory(directory, 0700, nobody);
  struct stat made{};
  struct stat was{};
  ASSERT_EQ(::stat((directory + "/run").c_str(), &made), 0);
  ASSERT_EQ(::stat(directory.c_str(), &was), 0);
  EXPECT_EQ(made.st_uid, nobody.uid);
  EXPECT_EQ(made.st_mode & 07777U, 0755U) << "a member of cli.group comes through it";
  EXPECT_EQ(was.st_uid, 0U);
  EXPECT_EQ(was.st_mode & 07777U, 0755U);
}

TEST(Accounts, AreFoundByName) {
  EXPECT_EQ(find_account("root").value_or(Account{"", 7, 7}).uid, 0U);
  EXPECT_FALSE(find_account("no-such-user-here").has_value());
}

}  // namespace
}  // namespace adit::app
