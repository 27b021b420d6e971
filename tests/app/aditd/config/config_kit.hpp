// SPDX-License-Identifier: Apache-2.0
// The smallest adit.toml that is right, and the lines that a wrong one gets.
#pragma once

#include <string>
#include <string_view>

#include "app/aditd/config/config.hpp"

namespace adit::app::test {

inline constexpr std::string_view kGood = R"(
[[port]]
interface = "access0"
role = "access"
[[port]]
interface = "core0"
role = "core"
[pptp]
bind = ["192.0.2.1"]
[ip]
gw-ip-address = "10.64.0.1"
[[ip-pool]]
ranges = ["10.64.0.2-10.64.255.254"]
)";

/// The result's problems, a line each.
inline std::string lines_of(const ConfigResult& result) {
  std::string all;
  for (const ConfigProblem& problem : result.problems) {
    all += (all.empty() ? "" : "\n") + problem.line;
  }
  return all;
}

}  // namespace adit::app::test
