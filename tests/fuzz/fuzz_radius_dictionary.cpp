// SPDX-License-Identifier: Apache-2.0
// Dictionaries: an accepted text always means the same, and only attributes that occur in packets have a
// number. The text includes itself as "self", until the bounds stop it.
#include <optional>
#include <string>

#include "controlplane/radius/dictionary.hpp"
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {

using namespace control::radius;

void fuzz_radius_dictionary(wire::Bytes octets) {
  const std::string text(octets.begin(), octets.end());
  int reads = 0;
  const auto read = [&](const std::string& path) {
    return ++reads < 50 && (path == "main" || path.ends_with("self")) ? std::optional(text) : std::nullopt;
  };
  const auto first = extended(standard_dictionary(), "main", read);
  reads = 0;
  const auto second = extended(standard_dictionary(), "main", read);
  require(first.has_value() == second.has_value());
  if (!first) {
    require(!first.error().empty() && first.error() == second.error());
    require(first.error().find('\n') == std::string::npos);
    return;
  }
  require(first->all().size() == second->all().size());
  for (std::size_t i = 0; i < first->all().size(); ++i) {
    const Definition& one = first->all()[i];
    const Definition& same = second->all()[i];
    require(one.name == same.name && one.vendor == same.vendor && one.number == same.number);
    require(one.type == same.type && one.plain == same.plain && one.values == same.values);
    require(first->find(one.name) == &one);
    require(!one.plain || (one.number >= 1 && one.number <= 255));
  }
  for (unsigned number = 0; number < 256; ++number) {
    const Definition* found = first->find(kNoVendor, static_cast<std::uint8_t>(number));
    require(found == nullptr || (found->plain && found->number == number && found->vendor == kNoVendor));
  }
}

}  // namespace adit::fuzz
