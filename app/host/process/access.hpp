// SPDX-License-Identifier: Apache-2.0
// What a process will be allowed once it has become somebody else. Any thread.
#pragma once

#include <optional>
#include <string>

#include "app/host/process/privileges.hpp"

namespace adit::app {

/// access(2) for whom this process will be: for `account` as become() makes it, a member of `group` as well, if this process
/// is root's and becomes that, else for itself. By owner, groups, mode and access list of that one file. 0, or an errno.
[[nodiscard]] int access_as(const std::optional<Account>& account, const std::string& group,
                            const std::string& path, int mode);

}  // namespace adit::app
