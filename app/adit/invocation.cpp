// SPDX-License-Identifier: Apache-2.0
#include "app/adit/invocation.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "app/adit/exit_code.hpp"

namespace adit::app {

EarlyExit failed(const CallFailure& failure) {
  using Kind = CallFailure::Kind;
  const int code = failure.kind == Kind::kNoConnection ? kNoConnection
                   : failure.kind == Kind::kTimeout    ? kTimeout
                                                       : kRefusal;
  return {code, "adit: " + failure.text + '\n'};
}

std::string json_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

std::expected<int, EarlyExit> put(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  if (std::fflush(stdout) != 0) {
    return std::unexpected(
        EarlyExit{kUsage, std::string("adit: cannot write: ") + std::strerror(errno) + '\n'});
  }
  return kDone;
}

}  // namespace adit::app
