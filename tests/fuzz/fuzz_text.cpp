// SPDX-License-Identifier: Apache-2.0
// What an operator writes: chap-secrets and adit.toml. Any octets give a result or a reason.
#include <string_view>

#include "app/aditd/config.hpp"
#include "controlplane/chap_secrets.hpp"
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {

void fuzz_chap_secrets(wire::Bytes octets) {
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  const auto secrets = control::parse_chap_secrets(text);
  if (!secrets) {
    require(!secrets.error().empty());
    return;
  }
  std::size_t line = 0;
  for (const control::ChapSecret& secret : secrets->entries) {
    require(secret.line > line);
    line = secret.line;
  }
}

void fuzz_config(wire::Bytes octets) {
  const std::string_view text(reinterpret_cast<const char*>(octets.data()), octets.size());
  const app::ConfigResult result = app::parse_config(text, "fuzz.toml");
  bool any_error = false;
  for (const app::ConfigProblem& problem : result.problems) {
    require(!problem.line.empty() && problem.line.find('\n') == std::string::npos);
    any_error = any_error || !problem.warning;
  }
  require(result.config.has_value() != any_error);
}

}  // namespace adit::fuzz
