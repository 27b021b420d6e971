// SPDX-License-Identifier: Apache-2.0
// One row of verbs() for each verb: its words and parameters, aditd's method, how the answer is shown, what
// counts as a failure. The command line, its help and its usage errors come from the rows. Pure; thread:
// main.
#pragma once

#include <expected>
#include <map>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/early_exit.hpp"

namespace adit::app {

using Json = nlohmann::ordered_json;

/// One word of a verb, in command-line order.
struct Word {
  enum class Kind { kText, kNumber, kFlag, kRest };  ///< kRest: all remaining words, possibly none
  std::string name;                                  ///< one that begins with -- is an option
  std::string help;
  Kind kind = Kind::kText;
  bool required = true;
  std::vector<std::string> choices{};  ///< empty: any
  std::string preset{};                ///< the default of an option
  unsigned least = 0;                  ///< of a number
};

/// The words given, by name.
using Words = std::map<std::string, std::vector<std::string>, std::less<>>;

/// The first word of that name; "" when it was not given.
[[nodiscard]] std::string word(const Words& words, std::string_view name);

/// "192.0.2.7", and nothing else.
[[nodiscard]] bool is_ipv4(const std::string& text);

struct Invocation;  // invocation.hpp

struct Verb {
  std::string_view group;  ///< "show"; empty: the verb stands alone
  std::string_view name;
  std::string_view help;
  std::string method{};
  std::string (*render)(const Json& result) = nullptr;
  std::vector<Word> words{};
  /// Null: the method takes no params. An error is a usage error.
  std::expected<Json, std::string> (*params)(const Verb& verb, const Words& words) = nullptr;
  /// Null: every reply counts as a success.
  bool (*succeeded)(const Json& result, const Words& words) = nullptr;
  /// Instead of one request and its answer: asks and prints by itself, and returns the exit code.
  std::expected<int, EarlyExit> (*run)(const Invocation& invocation) = nullptr;
  /// Null: its help has nothing more to say.
  std::string (*more_help)() = nullptr;
};

/// In help order, with the verbs of a group together.
[[nodiscard]] std::span<const Verb> verbs();

/// What a group does, for the help.
[[nodiscard]] std::string_view group_help(std::string_view group);

}  // namespace adit::app
