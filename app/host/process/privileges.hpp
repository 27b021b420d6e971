// SPDX-License-Identifier: Apache-2.0
// Least privilege: a process that root started becomes a user of its own, and keeps only the capabilities that its ports
// need. That is what packaging/adit.service.in gives it from the start, so both ways lead to the same process.
// Thread: control, before there is any other: capabilities belong to a thread, and are inherited.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace adit::app {

struct Account {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
};

[[nodiscard]] std::optional<Account> find_account(const std::string& name);

/// What this process has of what `become` leaves, as the service file writes it: CAP_NET_ADMIN (ports, routes, TAP interfaces), CAP_NET_RAW (AF_XDP,
/// AF_PACKET), CAP_BPF and CAP_PERFMON (the XDP program: it computes packet offsets), perhaps CAP_IPC_LOCK.
[[nodiscard]] std::string kept_capabilities();

/// This process, root's, becomes `account`, a member of its groups and of `groups` as well (an empty name is none); there is no
/// way back. Of the kept capabilities it has those that it had before; it may lock any amount of memory, by its
/// limit or, where root may not raise that (containers), by CAP_IPC_LOCK. The error says what failed.
[[nodiscard]] std::expected<void, std::string> become(const Account& account,
                                                      const std::vector<std::string>& groups);

/// Makes a directory that is missing, of exactly this `mode`, and gives it to `account`; one that exists stays as it is.
void hand_over_directory(const std::string& path, mode_t mode, const Account& account);
/// Gives a regular file of root's to `account`: what an earlier run as root left. Not a link, nor a file with a second
/// name: whoever may write to its directory could have put it there.
void hand_over_file(const std::string& path, const Account& account);

}  // namespace adit::app
