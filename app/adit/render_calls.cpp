// SPDX-License-Identifier: Apache-2.0
#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"

namespace adit::app {

std::uint64_t acted_on_count(const Json& result) {
  return number(result, "terminated") + number(result, "shaped");
}

namespace {

std::string render_count(const Json& result, const std::string& what) {
  const std::uint64_t calls = acted_on_count(result);
  return std::to_string(calls) + (calls == 1 ? " call " : " calls ") + what + '\n';
}

}  // namespace

std::string render_ended(const Json& result) {
  return render_count(result, "ended");
}

std::string render_changed(const Json& result) {
  return render_count(result, "changed");
}

}  // namespace adit::app
