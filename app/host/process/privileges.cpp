// SPDX-License-Identifier: Apache-2.0
#include "app/host/process/privileges.hpp"

#include <cap-ng.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "dataplane/ports/unique_fd.hpp"

namespace adit::app {
namespace {

struct Capability {
  unsigned number;
  const char* name;
};
constexpr std::array kKept = {
    Capability{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
    Capability{CAP_NET_RAW, "CAP_NET_RAW"},
    Capability{CAP_BPF, "CAP_BPF"},
    Capability{CAP_PERFMON, "CAP_PERFMON"},
};

std::unexpected<std::string> failed(const std::string& what, int error) {
  return std::unexpected(what + ": " + std::strerror(error));
}

std::expected<void, std::string> join_groups(const Account& account, const std::vector<std::string>& more) {
  if (::initgroups(account.name.c_str(), account.gid) != 0) {
    return failed("cannot take the groups of user \"" + account.name + '"', errno);
  }
  std::vector<gid_t> groups(static_cast<std::size_t>(std::max(::getgroups(0, nullptr), 0)));
  ::getgroups(static_cast<int>(groups.size()), groups.data());
  for (const std::string& name : more) {
    const group* found = name.empty() ? nullptr : ::getgrnam(name.c_str());
    if (found == nullptr) {
      continue;
    }
    groups.push_back(found->gr_gid);
    if (::setgroups(groups.size(), groups.data()) != 0) {
      return failed("cannot join group \"" + name + '"', errno);
    }
  }
  return {};
}

void keep(unsigned capability) {
  capng_update(CAPNG_ADD, static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED), capability);
}

/// Those of a container's root may be fewer than all.
void keep_what_there_is() {
  std::array<bool, kKept.size()> had{};
  capng_get_caps_process();
  for (std::size_t i = 0; i < kKept.size(); ++i) {
    had[i] = capng_have_capability(CAPNG_PERMITTED, kKept[i].number) != 0;
  }
  capng_clear(CAPNG_SELECT_BOTH);
  for (std::size_t i = 0; i < kKept.size(); ++i) {
    if (had[i]) {
      keep(kKept[i].number);
    }
  }
}

}  // namespace

std::optional<Account> find_account(const std::string& name) {
  const passwd* found = ::getpwnam(name.c_str());
  if (found == nullptr) {
    return std::nullopt;
  }
  return Account{.name = name, .uid = found->pw_uid, .gid = found->pw_gid};
}

std::string kept_capabilities() {
  std::string names;
  const auto add = [&](const Capability& each) {
    if (capng_have_capability(CAPNG_PERMITTED, each.number) != 0) {
      names += (names.empty() ? "" : " ") + std::string(each.name);
    }
  };
  capng_get_caps_process();
  std::ranges::for_each(kKept, add);
  add({CAP_IPC_LOCK, "CAP_IPC_LOCK"});
  return names;
}

std::expected<void, std::string> become(const Account& account, const std::vector<std::string>& groups) {
  if (auto joined = join_groups(account, groups); !joined) {
    return joined;
  }
  keep_what_there_is();
  const rlimit all{.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (::setrlimit(RLIMIT_MEMLOCK, &all) != 0) {  // AF_XDP locks its rings and buffers
    keep(CAP_IPC_LOCK);
  }
  if (const int rc =
          capng_change_id(static_cast<int>(account.uid), static_cast<int>(account.gid), CAPNG_CLEAR_BOUNDING);
      rc != 0) {
    return failed("cannot become user \"" + account.name + "\" (step " + std::to_string(-rc) + ")", errno);
  }
  return {};
}

void hand_over_directory(const std::string& path, mode_t mode, const Account& account) {
  if (path.empty() || ::mkdir(path.c_str(), 0700) != 0) {
    return;
  }
  const dataplane::UniqueFd made(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (made && ::fchmod(made.get(), mode) == 0) {  // not by mkdir(): root's umask may be 077
    [[maybe_unused]] const int refused = ::fchown(made.get(), account.uid, account.gid);
  }
}

void hand_over_file(const std::string& path, const Account& account) {
  const dataplane::UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_nlink == 1 &&
      status.st_uid == 0) {
    [[maybe_unused]] const int refused = ::fchown(file.get(), account.uid, account.gid);
  }
}

}  // namespace adit::app
