// SPDX-License-Identifier: Apache-2.0
#include "app/adit/fields.hpp"

#include <fmt/core.h>

#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app {

const Json& member(const Json& object, std::string_view name) {
  static const Json none;
  if (!object.is_object()) {
    return none;
  }
  const auto found = object.find(name);
  return found == object.end() ? none : *found;
}

std::string json_text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_string() ? value.get<std::string>() : "";
}

std::string user_name(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_string() ? unescape_octets(value.get<std::string>()) : "";
}

std::string shown_name(const Json& object, std::string_view name) {
  return escape_octets(user_name(object, name));
}

std::uint64_t number(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

double real(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

bool flag(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

const Json& list(const Json& result, std::string_view name) {
  static const Json none = Json::array();
  const Json& value = member(result, name);
  return value.is_array() ? value : none;
}

std::string count(const Json& object, std::string_view name) {
  return human_count(number(object, name));
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.2f} %",
                     whole == 0 ? 0.0 : 100 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string share(double part, double whole) {
  return fmt::format("{:.0f} %", whole == 0 ? 0.0 : 100 * part / whole);
}

}  // namespace adit::app
