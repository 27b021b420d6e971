// SPDX-License-Identifier: Apache-2.0
// A call's story in words: what happened at each gate, why it ended or where it stands, and what to do. Text of peers is
// escaped in it. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/concentrator/call_story.hpp"

namespace adit::app {

struct GateText {
  enum class State { kPassed, kFailed, kWaiting, kNotReached };
  std::string_view name;   ///< for scripts: "ocrq"
  std::string_view title;  ///< for people: "OCRQ"
  State state = State::kNotReached;
  std::optional<control::Duration> after{};  ///< since TCP's accept
  std::string text{};
};

[[nodiscard]] std::string_view to_text(GateText::State state);

/// One for each gate, in order; then what the call carried, and its end if it has ended.
[[nodiscard]] std::vector<GateText> gates_of(const control::StoryRow& row);

/// The first gate that the dial has not passed; kEnd: it came up.
[[nodiscard]] control::Gate stopped_at(const control::StoryRow& row);

/// The user's name, or the one that the peer claimed last; "": it named none. Escaped.
[[nodiscard]] std::string user_of(const control::StoryRow& row);

/// The cause as the log has it. Escaped.
[[nodiscard]] std::string why_of(const control::StoryRow& row);

/// "mschap-v2, pap": those that we offered.
[[nodiscard]] std::string offered_methods(const control::LinkStory& link);
/// The one that the client asked for instead, "pap", "eap"; "": it named none.
[[nodiscard]] std::string wanted_method(const control::LinkStory& link);

struct Advice {
  std::string cause, remedy;
};
/// Of the one call; where nothing more is known than the reason, the reason's.
[[nodiscard]] Advice advice_of(const control::StoryRow& row);

}  // namespace adit::app
