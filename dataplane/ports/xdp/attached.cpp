// SPDX-License-Identifier: Apache-2.0
#include "dataplane/ports/xdp/attached.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <cstring>

#include "dataplane/ports/xdp/layout.h"

namespace adit::dataplane::xdp {
namespace {

/// libbpf returns negative errno values.
std::string reason(int negative_errno) {
  return std::strerror(-negative_errno);
}

}  // namespace

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
  const int fd = bpf_prog_get_fd_by_id(program.id);
  if (fd < 0) {
    return std::unexpected("cannot open its XDP program: " + reason(fd));
  }
  program.fd = UniqueFd(fd);
  bpf_prog_info info{};
  std::uint32_t size = sizeof info;
  if (const int rc = bpf_obj_get_info_by_fd(fd, &info, &size); rc < 0) {
    return std::unexpected("cannot read its XDP program: " + reason(rc));
  }
  program.name.assign(info.name, strnlen(info.name, sizeof info.name));
  return program;
}

std::expected<void, std::string> detach_stale_program(std::uint32_t ifindex, const std::string& interface) {
  const auto found = attached_program(ifindex);
  if (!found) {
    return std::unexpected(found.error());
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
