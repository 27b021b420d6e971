// SPDX-License-Identifier: Apache-2.0
// adit's exit codes: scripts rely on them, and the help lists them.
#pragma once

namespace adit::app {

enum ExitCode : int {
  kDone = 0,
  kNothingMatched = 1,
  kUsage = 2,
  kNoConnection = 3,
  kRefusal = 4,
  kTimeout = 5
};

}  // namespace adit::app
