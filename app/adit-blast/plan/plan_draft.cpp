// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/plan_draft.hpp"

#include "app/adit-blast/plan/plan_schema.hpp"

namespace adit::app::blast {
namespace {

// The kinds' texts are written for TOML; on the command line no quotes are needed.
std::string for_argv(std::string text) {
  for (const std::string_view phrase : {", without quotes", " in quotes"}) {
    if (const std::size_t at = text.find(phrase); at != std::string::npos) {
      text.erase(at, phrase.size());
    }
  }
  return text;
}

// {core-address} becomes core-address for a file, --core-address for the command line.
std::string with_keys(std::string_view text, std::string_view prefix) {
  std::string out(text);
  for (const std::string_view key : key_names()) {
    const std::string marked = '{' + std::string(key) + '}';
    for (std::size_t at = out.find(marked); at != std::string::npos; at = out.find(marked, at)) {
      out.replace(at, marked.size(), std::string(prefix) + std::string(key));
    }
  }
  return out;
}

}  // namespace

void Findings::error(const std::string& key, std::string_view wrong, std::string_view remedy) {
  if (const auto found = origins_.find(key); found != origins_.end()) {
    error(found->second, wrong, remedy);
  } else if (has_file_) {
    error(Origin{.name = key, .value = "", .in_file = true}, wrong, remedy);
  } else {
    error(Origin{.name = "--" + key, .value = ""}, wrong, remedy);
  }
}

void Findings::error(const Origin& origin, std::string_view wrong, std::string_view remedy) {
  if (origin.in_file) {
    file_.error(origin.at, origin.name, origin.value, with_keys(wrong, ""), with_keys(remedy, ""));
  } else {
    argv_.error({0, 0}, origin.name, origin.value, with_keys(wrong, "--"), for_argv(with_keys(remedy, "--")));
  }
}

std::vector<std::string> Findings::take() {
  std::vector<std::string> lines;
  for (Problems* problems : {&argv_, &file_}) {
    for (ConfigProblem& problem : problems->take()) {
      lines.push_back(std::move(problem.line));
    }
  }
  return lines;
}

Phase default_phase(PhaseKind kind) {
  Phase phase;
  phase.kind = kind;
  if (kind == PhaseKind::kThroughput) {
    phase.up = phase.down = {Rate::Unit::kMaximum, 0};
    phase.sizes = {{"64", {{64, 1}}}, SizeMix{}, {"1400", {{1400, 1}}}};
  }
  if (kind == PhaseKind::kStorm) {
    phase.dial_rate = 5000;
    phase.concurrency = 8000;
  }
  return phase;
}

}  // namespace adit::app::blast
