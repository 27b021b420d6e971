// SPDX-License-Identifier: Apache-2.0
// What `adit-blast compare` is to compare. Values only. Thread: control. Owner: main().
#pragma once

#include <string>

namespace adit::app::blast {

struct CompareOptions {
  std::string before;  ///< a file that --json wrote
  std::string after;   ///< another, of the same scenario
  double threshold_percent =
      10;  ///< how much worse a quantity may be; as much as repeats may differ by without a remark
  std::string html_file;  ///< empty: none
  std::string json_file;  ///< empty: none; "-": standard output
};

}  // namespace adit::app::blast
