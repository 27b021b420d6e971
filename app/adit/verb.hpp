// SPDX-License-Identifier: Apache-2.0
// A verb of adit is one row of verbs(): its words and parameters, aditd's method, how the answer is shown, when it counts
// as a failure. The command line, its help and its usage errors come from the rows. Pure; thread: main.
#pragma once

#include <expected>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace adit::app {

using Json = nlohmann::ordered_json;

/// A word of a verb, in the order of the command line.
struct Word {
  enum class Kind { kText, kNumber, kRest };  ///< kRest: all words that follow, perhaps none
  std::string name;                           ///< one that begins with -- is an option
  std::string help;
  Kind kind = Kind::kText;
  bool required = true;
  std::vector<std::string> choices{};  ///< empty: anything
  std::string preset{};                ///< of an option that is not given
};

/// What was given, by the word's name.
using Words = std::map<std::string, std::vector<std::string>, std::less<>>;

/// The first word of that name; "" when it was not given.
[[nodiscard]] std::string word(const Words& words, std::string_view name);

struct Verb {
  std::string_view group;  ///< "show"; empty: the verb stands alone
  std::string_view name;
  std::string_view help;
  std::string method;
  std::string (*render)(const Json& result);
  std::vector<Word> words{};
  /// Null: the method takes none. An error is one of usage.
  std::expected<Json, std::string> (*params)(const Verb& verb, const Words& words) = nullptr;
  /// Null: whatever aditd answers is a success.
  bool (*succeeded)(const Json& result, const Words& words) = nullptr;
};

/// In the order of the help, those of a group together.
[[nodiscard]] std::span<const Verb> verbs();

/// What a group does, for the help.
[[nodiscard]] std::string_view group_help(std::string_view group);

}  // namespace adit::app
