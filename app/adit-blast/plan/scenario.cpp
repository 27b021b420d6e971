// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/scenario.hpp"

#include <algorithm>

#include "app/adit-blast/plan/plan_schema.hpp"
#include "app/escape.hpp"
#include "app/toml_syntax.hpp"

namespace adit::app::blast {
namespace {

constexpr std::size_t kMaxShownKey = 60;

std::string with_hyphens(std::string_view key) {
  std::string out(key);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

class Reader {
 public:
  Reader(Draft& draft, Findings& findings) : draft_(draft), findings_(findings) {}

  void read(const toml::table& document) {
    const toml::node* phases = nullptr;
    for (const auto& [key, node] : document) {
      const std::string name = with_hyphens(key.str());
      if (name == "phase") {
        phases = &node;
      } else if (const PlanKey* plan_key = find_plan_key(name)) {
        read_plan_key(*plan_key, node);
      } else if (const PhaseKey* phase_key = find_phase_key(name)) {
        read_default(*phase_key, node);
      } else {
        unknown(key, "", name == "kind" ? "write it below a [[phase]]" : "");
      }
    }
    if (phases != nullptr) {
      read_phases(*phases);
    }
  }

 private:
  struct Default {
    const PhaseKey* key;
    const toml::node* node;
  };

  static Origin origin(std::string name, std::string_view key, const toml::node& node) {
    return {std::move(name), shown_value(key, node), node.source().begin, true};
  }

  void complain(std::string name, std::string_view key, const toml::node& node, const Complaint& complaint) {
    const toml::node& at = complaint.at == nullptr ? node : *complaint.at;
    findings_.error(origin(std::move(name), key, at), complaint.wrong, complaint.remedy);
  }

  void read_plan_key(const PlanKey& key, const toml::node& node) {
    const std::string name(key.name);
    if (findings_.has(name)) {
      findings_.error(origin(name, key.name, node), "is there twice, with - and with _", "keep one of them");
      return;
    }
    findings_.note(name, origin(name, key.name, node));
    if (const std::optional<Complaint> complaint = key.read(node, draft_)) {
      complain(name, key.name, node, *complaint);
    }
  }

  // Read once here, so that a mistake is reported once, however many phases use the default.
  void read_default(const PhaseKey& key, const toml::node& node) {
    Phase scratch;
    if (const std::optional<Complaint> complaint = key.read(node, scratch)) {
      complain(std::string(key.name), key.name, node, *complaint);
    } else {
      defaults_.push_back({&key, &node});
    }
  }

  void read_phases(const toml::node& node) {
    const toml::array* tables = node.as_array();
    if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table)) {
      findings_.error(Origin{"phase", node.is_table() ? "" : show_node(node), node.source().begin, true},
                      "is not a list of tables", "write [[phase]] above each of them");
      return;
    }
    for (const toml::node& element : *tables) {
      read_phase(*element.as_table());
    }
  }

  void read_phase(const toml::table& table) {
    const toml::node* kind = table.get("kind");
    if (kind == nullptr) {
      findings_.error(Origin{"phase.kind", "", table.source().begin, true}, "missing",
                      "write what is to happen: kind = \"set-up\"");
      return;
    }
    const Read<PhaseKind> which = read_phase_kind(*kind);
    if (!which) {
      complain("phase.kind", "kind", *kind, which.error());
      return;
    }
    const std::string place = "phase." + std::to_string(draft_.plan.phases.size()) + '.';
    Phase& phase = draft_.plan.phases.emplace_back(default_phase(*which));
    findings_.note(place + "kind", origin("phase.kind", "kind", *kind));
    for (const Default& one : defaults_) {
      if (one.key->belongs_to(*which)) {
        static_cast<void>(one.key->read(*one.node, phase));  // already checked by read_default()
        findings_.note(place + std::string(one.key->name),
                       origin(std::string(one.key->name), one.key->name, *one.node));
      }
    }
    read_phase_keys(table, place, phase);
  }

  void read_phase_keys(const toml::table& table, const std::string& place, Phase& phase) {
    std::vector<std::string> seen;
    for (const auto& [key, node] : table) {
      const std::string name = with_hyphens(key.str());
      const PhaseKey* phase_key = find_phase_key(name);
      if (name == "kind") {
        continue;
      }
      if (phase_key == nullptr) {
        unknown(key, "phase.", find_plan_key(name) == nullptr ? "" : "write it above the first [[phase]]");
      } else if (!phase_key->belongs_to(phase.kind)) {
        findings_.error(Origin{"phase." + name, "", key.source().begin, true},
                        "means nothing in a phase of kind \"" + std::string(to_text(phase.kind)) + '"',
                        "it belongs to: " + kinds_in_words(*phase_key));
      } else if (std::ranges::find(seen, name) != seen.end()) {
        findings_.error(Origin{"phase." + name, "", key.source().begin, true},
                        "is there twice, with - and with _", "keep one of them");
      } else {
        seen.push_back(name);
        findings_.note(place + name, origin("phase." + name, name, node));
        if (const std::optional<Complaint> complaint = phase_key->read(node, phase)) {
          complain("phase." + name, name, node, *complaint);
        }
      }
    }
  }

  void unknown(const toml::key& key, const std::string& prefix, std::string remedy) {
    if (remedy.empty()) {
      std::vector<std::string_view> names = key_names();
      names.insert(names.end(), {"kind", "phase"});
      const std::string_view meant = nearest(key.str(), names);
      remedy = meant.empty() ? "adit-blast run --help and adit-blast traffic --help list them"
                             : "did you mean " + std::string(meant) + "?";
    }
    findings_.error(Origin{prefix + escape_octets(key.str(), kMaxShownKey), "", key.source().begin, true},
                    "no such key", remedy);
  }

  Draft& draft_;
  Findings& findings_;
  std::vector<Default> defaults_;
};

}  // namespace

void read_scenario(std::string_view toml, Draft& draft, Findings& findings) {
  toml::table document;
  try {
    document = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    const SyntaxMistake mistake = explain(toml, error);
    findings.error(Origin{mistake.name(), "", mistake.at, true}, mistake.wrong, mistake.remedy);
    return;
  }
  Reader(draft, findings).read(document);
}

std::expected<Plan, std::vector<std::string>> parse_scenario(std::string_view toml, std::string_view file) {
  Draft draft;
  Findings findings(file);
  read_scenario(toml, draft, findings);
  std::optional<Plan> plan = finish_plan(std::move(draft), findings);
  if (!plan) {
    return std::unexpected(findings.take());
  }
  return std::move(*plan);
}

}  // namespace adit::app::blast
