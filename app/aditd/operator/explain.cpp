// SPDX-License-Identifier: Apache-2.0
// `adit explain`: stories of calls, and what the reasons mean.
#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/operator/story_text.hpp"
#include "app/escape.hpp"
#include "dataplane/base/drop_reason.hpp"

namespace adit::app {
namespace {

using control::StoryRow;
using control::StorySelector;

/// "2026-11-29T21:50:12.345Z"
std::string date_text(std::chrono::system_clock::time_point at) {
  const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(at);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(milliseconds);
  return fmt::format("{:%FT%T}.{:03d}Z", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     (milliseconds - seconds).count());
}

double in_seconds(control::Duration duration) {
  return static_cast<double>(duration.count()) / 1000;
}

Json gate_json(const GateText& gate) {
  return {{"gate", gate.name},
          {"title", gate.title},
          {"state", to_text(gate.state)},
          {"after_seconds", gate.after ? Json(in_seconds(*gate.after)) : Json(nullptr)},
          {"text", gate.text}};
}

/// "": it has none.
std::string lease_text(const StoryRow& row, control::Ipv6Use use) {
  const auto& lease = row.leases6[static_cast<std::size_t>(use)];
  return !lease                              ? ""
         : use == control::Ipv6Use::kAddress ? wire::to_string(lease->address)
                                             : wire::to_string(*lease);
}

Json story_json(const StoryRow& row) {
  const Advice advice = advice_of(row);
  Json gates = Json::array();
  for (const GateText& gate : gates_of(row)) {
    gates.push_back(gate_json(gate));
  }
  const auto ended = row.story.after(control::Gate::kEnd);
  return {{"sid", row.session_id},
          {"username", user_of(row)},
          {"peer", address_text(row.peer)},
          {"local", address_text(row.local)},
          {"address", address_text(row.address)},
          {"ip6", lease_text(row, control::Ipv6Use::kAddress)},
          {"prefix", lease_text(row, control::Ipv6Use::kLink)},
          {"delegated", lease_text(row, control::Ipv6Use::kDelegate)},
          {"began", date_text(std::chrono::system_clock::now() - row.age)},
          {"duration_seconds", in_seconds(ended.value_or(row.age))},
          {"ended", row.reason != control::EndReason::kNone},
          {"reason", to_text(row.reason)},
          {"why", why_of(row)},
          {"gates", std::move(gates)},
          {"cause", advice.cause},
          {"remedy", advice.remedy}};
}

/// A reason by its name, of either table; null: there is none.
Json reason_json(std::string_view name) {
  const auto* const end = std::ranges::find(control::kEndReasonTexts, name, &control::EndReasonText::name);
  if (end != control::kEndReasonTexts.end()) {
    return {{"name", name}, {"of", "end"}, {"cause", end->cause}, {"remedy", end->remedy}};
  }
  const auto* const drop =
      std::ranges::find(dataplane::kDropReasonTexts, name, &dataplane::DropReasonText::name);
  if (drop != dataplane::kDropReasonTexts.end()) {
    return {{"name", name}, {"of", "drop"}, {"cause", drop->text}, {"remedy", drop->remedy}};
  }
  return nullptr;
}

constexpr std::pair<std::string_view, StorySelector::By> kSelectors[] = {
    {"any", StorySelector::By::kAny},       {"username", StorySelector::By::kUsername},
    {"sid", StorySelector::By::kSessionId}, {"ip", StorySelector::By::kIp},
    {"peer", StorySelector::By::kPeer},
};
constexpr std::string_view kReason = "reason";

std::string text_param(const Json& params, const char* name) {
  const auto found = params.is_object() ? params.find(name) : params.end();
  return params.is_object() && found != params.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

void explain(const Json& params, OperatorBackend& backend, const Answer& answer) {
  const std::string by = text_param(params, "by"), value = text_param(params, "value");
  const auto* const way =
      std::ranges::find(kSelectors, by, &std::pair<std::string_view, StorySelector::By>::first);
  if (params.size() != 2 || value.empty() || (way == std::end(kSelectors) && by != kReason)) {
    return answer(
        invalid_params("explain takes {\"by\": \"any\", \"value\": \"alice\"}; by is any, username, sid, ip, "
                       "peer or reason"));
  }
  std::vector<StoryRow> rows;
  if (by != kReason) {
    for (const std::string& meant : meanings_of(value)) {
      rows = rows.empty() ? backend.stories({way->second, meant}) : rows;
    }
  }
  Json stories = Json::array();
  for (const StoryRow& row : rows) {
    stories.push_back(story_json(row));
  }
  // Whoever dials with a reason's name takes nothing from what it means.
  const bool may_be_reason = by == kReason || by == "any";
  answer(Json{{"by", by},
              {"value", escape_octets(value)},
              {"stories", std::move(stories)},
              {"reason", may_be_reason ? reason_json(value) : Json(nullptr)}});
}

}  // namespace adit::app
