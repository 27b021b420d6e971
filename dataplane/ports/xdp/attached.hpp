// SPDX-License-Identifier: Apache-2.0
// The XDP program attached to an interface, and whether it is ours.
// Thread: control. Owner: the caller.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include "dataplane/ports/unique_fd.hpp"

namespace adit::dataplane::xdp {

struct AttachedProgram {
  UniqueFd fd;
  std::uint32_t id = 0;
  std::string name;
  [[nodiscard]] bool is_ours() const;
};

/// Open the program or map of this number. What this process has loaded needs no privilege: net_af_xdp keeps the
/// descriptors of its programs, and they are found among this process's own. The kernel opens those of others only
/// for CAP_SYS_ADMIN. The error is a negative errno.
[[nodiscard]] std::expected<UniqueFd, int> open_program(std::uint32_t id);
[[nodiscard]] std::expected<UniqueFd, int> open_map(std::uint32_t id);

/// Empty when no program is attached. Errors: no permission (CAP_SYS_ADMIN, when another process attached it).
[[nodiscard]] std::expected<std::optional<AttachedProgram>, std::string> attached_program(
    std::uint32_t ifindex);

/// Frees the interface for net_af_xdp, which refuses to replace a program. A program of ours is left over
/// from a crash and is detached; a foreign one stays, and the error says how to remove it. Telling them apart needs
/// CAP_SYS_ADMIN.
[[nodiscard]] std::expected<void, std::string> detach_stale_program(std::uint32_t ifindex,
                                                                    const std::string& interface);

}  // namespace adit::dataplane::xdp
