// SPDX-License-Identifier: Apache-2.0
// Fields of aditd's answers. One that is missing or of another type (an aditd of another version) reads as
// empty, 0 or false. Pure; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace adit::app {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

[[nodiscard]] const Json& member(const Json& object, std::string_view name);
/// On one line. Names of peers and what the shell hands us need not be UTF-8: invalid octets become U+FFFD.
[[nodiscard]] std::string json_text(const Json& json);

[[nodiscard]] std::string text(const Json& object, std::string_view name);
/// A name that aditd has escaped already: its octets, which tables escape again.
[[nodiscard]] std::string user_name(const Json& object, std::string_view name);
/// The same, to be printed: escaped once, however it was written.
[[nodiscard]] std::string shown_name(const Json& object, std::string_view name);
[[nodiscard]] std::uint64_t number(const Json& object, std::string_view name);
[[nodiscard]] double real(const Json& object, std::string_view name);
[[nodiscard]] bool flag(const Json& object, std::string_view name);
[[nodiscard]] const Json& list(const Json& result, std::string_view name);
/// A number for people: "12 345".
[[nodiscard]] std::string count(const Json& object, std::string_view name);
/// "0.25 %" and "25 %"; 0 when `whole` is 0.
[[nodiscard]] std::string percent(std::uint64_t part, std::uint64_t whole);
[[nodiscard]] std::string share(double part, double whole);

}  // namespace adit::app
