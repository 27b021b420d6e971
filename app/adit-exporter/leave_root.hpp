// SPDX-License-Identifier: Apache-2.0
// Whoever starts it, it runs without privileges. Thread: main, before there is any other.
#pragma once

#include <expected>
#include <string>

namespace adit::app::exporter {

/// A process of root's becomes `user`, in the group of the first of `socket`, its folder and the usual sockets that is there and has
/// another than root's (else in that of aditd's user, else its own), which it says, without capabilities. Any other stays who it is. No way back, for it and for what it would start.
/// The error says what failed, and what to do.
[[nodiscard]] std::expected<void, std::string> leave_root(const std::string& user, const std::string& socket);

}  // namespace adit::app::exporter
