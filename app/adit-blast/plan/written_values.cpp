// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/written_values.hpp"

#include <charconv>
#include <utility>

namespace adit::app::blast {

std::unexpected<Complaint> complain(std::string wrong, std::string remedy) {
  return std::unexpected(Complaint{std::move(wrong), std::move(remedy)});
}

const std::string* text_of(const toml::node& node) {
  const auto* text = node.as_string();
  return text == nullptr ? nullptr : &text->get();
}

std::optional<double> to_real(std::string_view text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (text.empty() || text.front() < '0' || text.front() > '9' || result.ec != std::errc() ||
      result.ptr != end) {
    return std::nullopt;
  }
  return value;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

toml::table nodes_of(std::string_view written) {
  toml::table nodes;
  nodes.insert("text", std::string(written));
  // A number or a boolean is short and has no other characters; anything else need not be parsed.
  constexpr std::size_t kLongest = 40;
  if (written.empty() || written.size() > kLongest ||
      written.find_first_not_of("0123456789.+-truefals") != std::string_view::npos) {
    return nodes;
  }
  try {
    const toml::table parsed = toml::parse("v = " + std::string(written));
    if (const toml::node* value = parsed.get("v");
        value != nullptr && parsed.size() == 1 && (value->is_number() || value->is_boolean())) {
      value->visit([&](const auto& concrete) { nodes.insert("value", concrete); });
    }
  } catch (const toml::parse_error&) {  // it is text only
  }
  return nodes;
}

std::vector<std::string_view> split_at_commas(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t comma = text.find(',');
    parts.push_back(trimmed(text.substr(0, comma)));
    if (comma == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(comma + 1);
  }
}

}  // namespace adit::app::blast
