// SPDX-License-Identifier: Apache-2.0
// adit-exporter's command line. Pure but for --help's text.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>

#include "app/early_exit.hpp"

namespace adit::app::exporter {

struct Options {
  std::string address = "127.0.0.1";  ///< without brackets
  std::uint16_t port = 9617;          ///< 0: any that is free
  bool loopback = true;               ///< only this machine's own users can reach it
  std::string socket;                 ///< aditd's; empty: where it usually is
  bool sessions = false;              ///< the page may look for calls, and shows their users' names
  std::string user = "nobody";        ///< to become, when root starts it
};

/// The error: --help's text with exit code 0, or what is wrong with 2.
[[nodiscard]] std::expected<Options, EarlyExit> parse_options(std::span<const char* const> arguments);

/// 127.0.0.1:9617 or [::1]:9617.
[[nodiscard]] std::string to_string(const std::string& address, int port);

}  // namespace adit::app::exporter
