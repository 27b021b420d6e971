// SPDX-License-Identifier: Apache-2.0
#include "controlplane/auth/certificate_name.hpp"

#include <algorithm>

namespace adit::control {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, &lower, &lower);
}

}  // namespace

std::optional<std::string> name_proven(std::span<const std::string> names, std::string_view identity) {
  const bool anonymous = identity.empty() || identity.front() == '@';
  const std::string_view without_domain = identity.substr(identity.rfind('\\') + 1);  // npos + 1 is 0
  const auto found = anonymous ? names.begin() : std::ranges::find_if(names, [&](const std::string& name) {
    return same(name, identity) || same(name, without_domain);
  });
  return found == names.end() ? std::nullopt : std::optional(*found);
}

}  // namespace adit::control
