// SPDX-License-Identifier: Apache-2.0
#include "app/adit/invocation.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/adit/exit_code.hpp"
#include "app/adit/fields.hpp"

namespace adit::app {
namespace {

int exit_code(CallFailure::Kind kind) {
  switch (kind) {
    case CallFailure::Kind::kNoConnection:
      return kNoConnection;
    case CallFailure::Kind::kTimeout:
      return kTimeout;
    case CallFailure::Kind::kRefused:
      return kRefusal;
    case CallFailure::Kind::kNothingMatched:
      return kNothingMatched;
    case CallFailure::Kind::kOutput:
      return kUsage;
  }
  return kRefusal;
}

}  // namespace

EarlyExit failed(const CallFailure& failure) {
  return {exit_code(failure.kind), "adit: " + failure.text + '\n'};
}

std::string json_line(const Json& json) {
  return json_text(json) + '\n';
}

std::expected<int, EarlyExit> put(const std::string& text, bool at_once) {
  // What is larger than the buffer fails in fputs() already, and leaves fflush() nothing to do.
  if (std::fputs(text.c_str(), stdout) < 0 || (at_once && std::fflush(stdout) != 0) ||
      std::ferror(stdout) != 0) {
    return std::unexpected(
        failed({CallFailure::Kind::kOutput, std::string("cannot write: ") + std::strerror(errno)}));
  }
  return kDone;
}

}  // namespace adit::app
