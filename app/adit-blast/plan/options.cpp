// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/options.hpp"

#include <algorithm>
#include <cstdlib>

#include "app/adit-blast/plan/command_line.hpp"
#include "app/adit-blast/plan/plan_schema.hpp"
#include "app/adit-blast/plan/scenario.hpp"
#include "app/adit-blast/plan/written_values.hpp"
#include "app/regular_file.hpp"

namespace adit::app::blast {
namespace {

constexpr const char* kPasswordVariable = "ADIT_BLAST_PASSWORD";
constexpr off_t kMaxFileOctets = off_t{1} << 20;

// read_written(), for a key.
template <typename Target>
std::optional<Complaint> read_word(const Key<Target>& key, const std::string& written, Target& target) {
  const toml::table nodes = nodes_of(written);
  std::optional<Complaint> complaint = key.read(*nodes.get("text"), target);
  if (const toml::node* other = nodes.get("value"); complaint && other != nullptr) {
    complaint = key.read(*other, target);
  }
  return complaint;
}

Origin origin_of(const std::string& key, const std::string& written) {
  return {.name = "--" + key, .value = shown_value(key, toml::value<std::string>{written})};
}

void apply_to_phases(const PhaseKey& key, const std::string& written, Draft& draft, Findings& findings) {
  const std::string name(key.name);
  for (std::size_t i = 0; i < draft.plan.phases.size(); ++i) {
    Phase& phase = draft.plan.phases[i];
    if (!key.belongs_to(phase.kind)) {
      continue;
    }
    findings.note("phase." + std::to_string(i) + '.' + name, origin_of(name, written));
    if (const std::optional<Complaint> complaint = read_word<Phase>(key, written, phase)) {
      findings.error(origin_of(name, written), complaint->wrong, complaint->remedy);
      return;  // the other phases would report the same
    }
  }
}

void apply(const CommandLine& line, Draft& draft, Findings& findings) {
  for (const auto& [name, written] : line.given) {
    if (const PhaseKey* key = find_phase_key(name)) {
      apply_to_phases(*key, written, draft, findings);
    } else if (const PlanKey* plan_key = find_plan_key(name)) {
      findings.note(name, origin_of(name, written));
      if (const std::optional<Complaint> complaint = read_word<Draft>(*plan_key, written, draft)) {
        findings.error(name, complaint->wrong, complaint->remedy);
      }
    }
  }
}

void read_password_file(Draft& draft, Findings& findings) {
  std::expected<std::string, FileError> text =
      read_regular_file(draft.password_file, kMaxFileOctets, "adit-blast");
  if (!text) {
    findings.error("password-file", text.error().wrong, text.error().remedy);
    return;
  }
  const std::string line = text->substr(0, text->find_first_of("\r\n"));
  if (const std::optional<Complaint> complaint =
          find_plan_key("password")->read(toml::value<std::string>{line}, draft)) {
    findings.error("password-file", "its first line " + complaint->wrong, "");
  }
}

// The command line overrides the environment, which overrides the scenario, whether as a password or as a
// file.
void settle_password(const CommandLine& line, Draft& draft, Findings& findings) {
  const bool is_in_argv = line.given.contains("password");
  const bool is_file_in_argv = line.given.contains("password-file");
  const char* variable = std::getenv(kPasswordVariable);
  if (is_in_argv && is_file_in_argv) {
    findings.error("password-file", "is there beside --password", "keep one of them");
  } else if (is_file_in_argv) {
    read_password_file(draft, findings);
  } else if (is_in_argv) {
    return;
  } else if (variable != nullptr) {
    if (const std::optional<Complaint> complaint =
            find_plan_key("password")->read(toml::value<std::string>{std::string(variable)}, draft)) {
      findings.error(Origin{.name = kPasswordVariable, .value = ""}, complaint->wrong, complaint->remedy);
    }
  } else if (!draft.password_file.empty() && findings.has("password")) {
    findings.error("password-file", "is there beside password", "keep one of them");
  } else if (!draft.password_file.empty()) {
    read_password_file(draft, findings);
  }
}

void read_scenario_file(const std::string& path, Draft& draft, Findings& findings) {
  const std::expected<std::string, FileError> text = read_regular_file(path, kMaxFileOctets, "adit-blast");
  if (text) {
    read_scenario(*text, draft, findings);
  } else {
    findings.error(Origin{.name = "scenario", .value = "", .in_file = true}, text.error().wrong,
                   text.error().remedy);
  }
}

/// Where the arguments of EAL begin, with their "--".
std::span<const char* const>::iterator end_of_ours(std::span<const char* const> arguments) {
  return std::find_if(arguments.begin(), arguments.end(),
                      [](const char* word) { return std::string_view(word) == "--"; });
}

std::vector<Phase> phases_of(const Verb& verb) {
  std::vector<Phase> phases = {default_phase(PhaseKind::kSetUp)};
  if (verb.kind != PhaseKind::kSetUp) {
    phases.push_back(default_phase(verb.kind));
  }
  phases.push_back(default_phase(PhaseKind::kTearDown));
  return phases;
}

}  // namespace

std::expected<Command, EarlyExit> parse_options(std::span<const char* const> arguments) {
  const auto ours_end = end_of_ours(arguments);
  const std::expected<CommandLine, EarlyExit> line = parse_words({arguments.begin(), ours_end});
  if (!line) {
    return std::unexpected(line.error());
  }
  if (line->compare) {
    return *line->compare;
  }
  Draft draft;
  draft.plan.eal_args.assign(ours_end == arguments.end() ? ours_end : ours_end + 1, arguments.end());
  Findings findings(line->scenario);
  if (line->verb == nullptr) {
    read_scenario_file(line->scenario, draft, findings);
  } else {
    draft.plan.phases = phases_of(*line->verb);
  }
  apply(*line, draft, findings);
  settle_password(*line, draft, findings);
  std::optional<Plan> plan = finish_plan(std::move(draft), findings);
  if (!plan) {
    std::string text;
    for (const std::string& problem : findings.take()) {
      text += problem + '\n';
    }
    return std::unexpected(EarlyExit{kCannotRun, std::move(text)});
  }
  return std::move(*plan);
}

std::string json_destination(std::span<const char* const> arguments) {
  constexpr std::string_view kOption = "--json";
  std::string destination;
  const auto end = end_of_ours(arguments);
  for (auto at = arguments.begin(); at != end; ++at) {
    const std::string_view word(*at);
    if (word == kOption && at + 1 != end) {
      destination = *(at + 1);
    } else if (word.starts_with(kOption) && word.substr(kOption.size()).starts_with('=')) {
      destination = word.substr(kOption.size() + 1);
    }
  }
  return destination;
}

}  // namespace adit::app::blast
