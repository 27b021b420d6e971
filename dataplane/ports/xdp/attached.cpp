// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/xdp/attached.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "dataplane/ports/xdp/layout.h"

namespace adit::dataplane::xdp {
namespace {

/// libbpf returns negative errno values.
std::string reason(int negative_errno) {
  return std::strerror(-negative_errno);
}

template <typename Info>
bool has_id(int fd, std::uint32_t id) {
  Info info{};
  std::uint32_t size = sizeof info;
  return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.id == id;
}

/// A copy of this process's own descriptor of `kind`, "bpf-prog" or "bpf-map", whose object has that number.
template <typename Info>
UniqueFd find_own(std::string_view kind, std::uint32_t id) {
  const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir("/proc/self/fd"), &::closedir);
  const std::string wanted = "anon_inode:" + std::string(kind);
  while (const dirent* each = all ? ::readdir(all.get()) : nullptr) {
    std::array<char, 32> target{};
    const ssize_t length = ::readlinkat(::dirfd(all.get()), each->d_name, target.data(), target.size());
    if (length < 0 || std::string_view(target.data(), static_cast<std::size_t>(length)) != wanted) {
      continue;
    }
    if (const int fd = std::atoi(each->d_name); has_id<Info>(fd, id)) {
      return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    }
  }
  return {};
}

std::expected<UniqueFd, int> or_by_id(UniqueFd own, int (*by_id)(std::uint32_t), std::uint32_t id) {
  if (own) {
    return own;
  }
  const int fd = by_id(id);
  if (fd < 0) {
    return std::unexpected(fd);
  }
  return UniqueFd(fd);
}

}  // namespace

std::expected<UniqueFd, int> open_program(std::uint32_t id) {
  return or_by_id(find_own<bpf_prog_info>("bpf-prog", id), &bpf_prog_get_fd_by_id, id);
}

std::expected<UniqueFd, int> open_map(std::uint32_t id) {
  return or_by_id(find_own<bpf_map_info>("bpf-map", id), &bpf_map_get_fd_by_id, id);
}

bool AttachedProgram::is_ours() const {
  return name == ADIT_XDP_PROGRAM;
}

std::expected<std::optional<AttachedProgram>, std::string> attached_program(std::uint32_t ifindex) {
  AttachedProgram program;
  if (const int rc = bpf_xdp_query_id(static_cast<int>(ifindex), 0, &program.id); rc < 0) {
    return std::unexpected("cannot ask for its XDP program: " + reason(rc));
  }
  if (program.id == 0) {
    return std::nullopt;
  }
  auto fd = open_program(program.id);
  if (!fd) {
    return std::unexpected("cannot open its XDP program, which another process attached: " +
                           reason(fd.error()));
  }
  program.fd = std::move(*fd);
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (const int rc = bpf_obj_get_info_by_fd(program.fd.get(), &info, &size); rc < 0) {
    return std::unexpected("cannot read its XDP program: " + reason(rc));
  }
  program.name.assign(info.name, strnlen(info.name, sizeof info.name));
  return program;
}

std::expected<void, std::string> detach_stale_program(std::uint32_t ifindex, const std::string& interface) {
  const auto found = attached_program(ifindex);
  if (!found) {
    return std::unexpected(found.error() + "; to remove it: ip link set dev " + interface + " xdp off");
  }
  if (!*found) {
    return {};
  }
  if (!(*found)->is_ours()) {
    return std::unexpected("it already runs the XDP program '" + (*found)->name + "' (id " +
                           std::to_string((*found)->id) + "); to remove it: ip link set dev " + interface +
                           " xdp off");
  }
  if (const int rc = bpf_xdp_detach(static_cast<int>(ifindex), 0, nullptr); rc < 0) {
    return std::unexpected("cannot detach the XDP program that an earlier run left: " + reason(rc));
  }
  return {};
}

}  // namespace adit::dataplane::xdp
