// SPDX-License-Identifier: Apache-2.0
// Why a Disconnect- or CoA-Request is answered with a NAK. Pure; any thread.
#pragma once

#include <string>

#include "controlplane/radius/attributes.hpp"

namespace adit::control::radius {

struct Refusal {
  ErrorCause cause{};
  std::string why;  ///< for the log; only the cause is sent
};

}  // namespace adit::control::radius
