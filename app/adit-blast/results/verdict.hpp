// SPDX-License-Identifier: Apache-2.0
// Whether a run is a success, from its results alone. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "app/adit-blast/results/results.hpp"

namespace adit::app::blast {

/// By phase: failed dials, dials that no outcome accounts for, lost calls, lost or corrupted packets, searches without a
/// result. Empty: success. Packets lost to our own impairment do not count.
[[nodiscard]] std::vector<std::string> complaints_of(const RunResult& result);

/// Frames that found no room on this machine; a search that measured pings. Both would pass for the server's figures.
[[nodiscard]] std::vector<std::string> remarks_of(const RunResult& result);

struct Verdict {
  std::vector<std::string> complaints;  ///< empty: success
  std::vector<std::string> remarks;
};
/// Those of a run; of several, each text with the runs that it is of, and remarks on their spread.
[[nodiscard]] Verdict verdict_of(std::span<const RunResult> runs);

}  // namespace adit::app::blast
