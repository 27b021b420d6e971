// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "app/adit-blast/plan/plan_schema.hpp"
#include "app/adit-blast/plan/scenario.hpp"
#include "app/escape.hpp"
#include "app/regular_file.hpp"

namespace adit::app::blast {
namespace {

constexpr const char* kPasswordVariable = "ADIT_BLAST_PASSWORD";
constexpr off_t kMaxFileOctets = off_t{1} << 20;
constexpr std::size_t kMaxShownWord = 60;
constexpr int kHelpColumn = 28;

constexpr const char* kFooter =
    "Every verb sets calls up first and tears them down last. `adit-blast VERB --help` lists its options.\n"
    "\n"
    "Examples:\n"
    "  adit-blast set-up --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 10000\n"
    "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 5000 --for 10m --server-pid $(pidof aditd)\n"
    "  adit-blast traffic --server 192.0.2.1 --access eth1 --calls 100 --up 20kpps --size 512 --for 30s\n"
    "  adit-blast throughput --server 192.0.2.1 --access eth1 --core eth2 --core-address 198.51.100.9\n"
    "  adit-blast run soak.toml --json soak.json --report soak.html\n"
    "\n"
    "Everything after -- goes to DPDK's EAL as it is; without it sensible arguments are chosen.\n"
    "Environment: ADIT_BLAST_PASSWORD is the calls' password.\n"
    "             ADIT_XDP_PROGRAM=FILE is the XDP program to load in place of the one that came with "
    "adit-blast.\n"
    "Exit codes: 0 success; 1 the run is not a success (it says why); 2 usage, or it could not start.\n";

struct Verb {
  const char* name;
  PhaseKind kind;  ///< between set-up and tear-down
  const char* help;
  const char* examples;
};

constexpr Verb kVerbs[] = {
    {"set-up", PhaseKind::kSetUp, "Dial calls as fast as they come up, or at a rate",
     "Examples:\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 65000\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1 --calls 5000 --dial-rate 500\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1 --profile windows --auth mschap-v2 --mppe "
     "require\n"
     "  adit-blast set-up --server 192.0.2.1 --access eth1 --calls 1000 --json - --quiet | jq .phases\n"},
    {"hold", PhaseKind::kHold, "Keep calls up, answer echoes, tell which are lost",
     "Examples:\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 1000 --for 5m\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 50000 --for 1h --server-pid $(pidof aditd)\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 100 --for 1m --impair loss=5%\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 100 --up 100pps --for 1m\n"
     "  adit-blast hold --server 192.0.2.1 --access eth1 --calls 10 --for 1m --profile mikrotik\n"},
    {"traffic", PhaseKind::kTraffic, "Pass packets at a rate, and verify every one",
     "Examples:\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --calls 100\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --calls 100 --up 20kpps --size 512 --for 30s\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --core eth2 --core-address 198.51.100.9 \\\n"
     "                     --up 50Mbps --down 200Mbps\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --impair loss=1%,reorder=2% --seed 7\n"
     "  adit-blast traffic --server 192.0.2.1 --access eth1 --mppe require --report traffic.html\n"},
    {"churn", PhaseKind::kChurn, "Hang up and dial anew while the others go on",
     "Examples:\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000 --churn 10% --for 5m\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000 --abrupt\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000 --up 5kpps --for 1m\n"
     "  adit-blast churn --server 192.0.2.1 --access eth1 --calls 1000 --server-pid $(pidof aditd)\n"},
    {"storm", PhaseKind::kStorm, "Dial again and again while the calls that are up go on",
     "Examples:\n"
     "  adit-blast storm --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 5000 --for 1m\n"
     "  adit-blast storm --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 1000 --callers 5000 "
     "\\\n"
     "                   --dial-rate 2000 --up 5kpps\n"
     "  adit-blast storm --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --calls 100 --abrupt\n"
     "  adit-blast storm --server 192.0.2.1 --access eth1 --clients 10.99.0.0/16 --server-pid $(pidof "
     "aditd)\n"
     "  adit-blast storm --server 192.0.2.1-192.0.2.4 --access eth1 --clients 10.99.0.0/16 --json "
     "storm.json\n"},
    {"throughput", PhaseKind::kThroughput, "Search the highest rate without loss, per frame size",
     "Examples:\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --calls 64\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --core eth2 --core-address 198.51.100.9\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --size 64,512,imix,1400 --trial 30s\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --loss-limit 0.1% --json throughput.json\n"
     "  adit-blast throughput --server 192.0.2.1 --access eth1 --up max --mppe deny\n"},
};

constexpr const char* kRunFooter =
    "A scenario is TOML with the same keys as the options: the plan's above, then a [[phase]] table for each "
    "phase,\n"
    "in order. An option here counts more than the file.\n"
    "\n"
    "  server = \"192.0.2.1\"\n"
    "  access = \"eth1\"\n"
    "  [[phase]]\n"
    "  kind = \"set-up\"      # set-up, hold, traffic, churn, throughput, tear-down\n"
    "  calls = 10000\n"
    "  [[phase]]\n"
    "  kind = \"traffic\"\n"
    "  up = \"100kpps\"\n"
    "  for = \"1m\"\n"
    "\n"
    "Examples:\n"
    "  adit-blast run soak.toml\n"
    "  adit-blast run soak.toml --server 192.0.2.7 --seed 2\n"
    "  adit-blast run soak.toml --json soak.json --report soak.html\n"
    "  adit-blast run soak.toml --quiet --json - | jq .complaints\n"
    "  adit-blast run soak.toml -- -l 0-3 --file-prefix blast\n";

struct CommandLine {
  std::map<std::string, std::string, std::less<>> given;  ///< by key, as written
  std::string scenario;
  const Verb* verb = nullptr;  ///< none: run
};

// CLI11's help, but for a usage line that knows of `--`.
class Help : public CLI::Formatter {
 public:
  explicit Help(std::string word) : word_(std::move(word)) {}
  std::string make_usage(const CLI::App*, std::string name) const override {
    return "Usage: " + name + ' ' + word_ + "[OPTIONS] [-- EAL ARGS]\n";
  }

 private:
  std::string word_;  // what stands behind the name
};

EarlyExit usage(const std::string& text, std::string_view verb = "") {
  return {kCannotRun, "adit-blast: " + text + (text.ends_with('?') ? " See" : "; see") + " adit-blast " +
                          std::string(verb) + (verb.empty() ? "" : " ") + "--help\n"};
}

std::string unquoted(std::string text) {
  std::erase(text, '"');
  return text;
}

void add_key(CLI::App& app, CommandLine& line, std::string_view name, std::string_view value,
             std::string_view heading, std::string_view help, const std::string& fallback) {
  const std::string option = "--" + std::string(name);
  if (value.empty()) {
    app.add_flag_function(
           option,
           [&line, name](std::int64_t count) {
             line.given[std::string(name)] = count > 0 ? "true" : "false";
           },
           std::string(help))
        ->group(std::string(heading));
    return;
  }
  app.add_option_function<std::string>(
         option, [&line, name](const std::string& text) { line.given[std::string(name)] = text; },
         std::string(help))
      ->group(std::string(heading))
      ->type_name(std::string(value))
      ->default_str(unquoted(fallback))
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

// The default of `key` in the phases of `verb`.
std::string default_of(const PhaseKey& key, const Verb& verb) {
  if (verb.kind == PhaseKind::kTraffic && (key.name == "up" || key.name == "down")) {
    return "1pps a call";
  }
  const PhaseKind kind = key.belongs_to(verb.kind)           ? verb.kind
                         : key.belongs_to(PhaseKind::kSetUp) ? PhaseKind::kSetUp
                                                             : PhaseKind::kTearDown;
  return key.show(default_phase(kind));
}

bool concerns(const PhaseKey& key, const Verb& verb) {
  return key.belongs_to(verb.kind) || key.belongs_to(PhaseKind::kSetUp) ||
         key.belongs_to(PhaseKind::kTearDown);
}

void add_keys(CLI::App& app, CommandLine& line, const Verb* verb) {
  app.formatter(std::make_shared<Help>(verb == nullptr ? "SCENARIO " : ""));
  app.get_formatter()->column_width(kHelpColumn);
  app.allow_extras();
  if (verb != nullptr) {
    for (const PhaseKey& key : phase_keys()) {
      if (concerns(key, *verb)) {
        add_key(app, line, key.name, key.example, key.section, key.help, default_of(key, *verb));
      }
    }
  }
  const Draft defaults;
  for (const PlanKey& key : plan_keys()) {
    add_key(app, line, key.name, key.example, key.section, key.help, key.show(defaults));
  }
}

void add_verbs(CLI::App& app, CommandLine& line) {
  for (const Verb& verb : kVerbs) {
    CLI::App* sub = app.add_subcommand(verb.name, verb.help);
    add_keys(*sub, line, &verb);
    sub->footer(verb.examples);
    sub->callback([&line, &verb] { line.verb = &verb; });
  }
  CLI::App* run = app.add_subcommand("run", "The phases of a scenario file, in order");
  run->add_option("SCENARIO", line.scenario, "Scenario file (TOML)")->type_name("");
  add_keys(*run, line, nullptr);
  run->footer(kRunFooter);
}

// About the first word that no option took.
EarlyExit stray(const std::string& word, const CLI::App* verb) {
  const std::string shown = escape_octets(word.substr(0, word.find('=')), kMaxShownWord);
  std::vector<std::string_view> names;
  if (verb == nullptr) {
    for (const Verb& one : kVerbs) {
      names.push_back(one.name);
    }
    names.push_back("run");
    const std::string_view meant = word.starts_with('-') ? std::string_view() : nearest(word, names);
    return usage(word.starts_with('-') ? shown + ": stands before the verb; write options behind it"
                 : meant.empty()
                     ? '"' + shown +
                           "\": no such verb; there are set-up, hold, traffic, churn, "
                           "throughput and run"
                     : '"' + shown + "\": no such verb; did you mean " + std::string(meant) + '?');
  }
  if (!word.starts_with("--")) {
    return usage('"' + shown + "\": belongs to no option", verb->get_name());
  }
  const std::string name = word.substr(2, word.find('=') - 2);
  if (const PhaseKey* key = find_phase_key(name)) {
    return usage(shown + ": means nothing to " + verb->get_name() +
                     (verb->get_name() == "run" ? ", whose scenario has [[phase]] tables for it"
                                                : ", it belongs to: " + kinds_in_words(*key)),
                 verb->get_name());
  }
  for (const CLI::Option* option : verb->get_options()) {
    for (const std::string& long_name : option->get_lnames()) {
      names.push_back(long_name);
    }
  }
  const std::string_view meant = nearest(name, names);
  return usage(
      shown + ": no such option" + (meant.empty() ? "" : "; did you mean --" + std::string(meant) + '?'),
      verb->get_name());
}

EarlyExit parse_failure(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {
    std::ostringstream text;
    app.exit(error, text, text);
    return {kSuccess, std::move(text).str()};
  }
  const auto subs = app.get_subcommands();
  const std::string verb = subs.empty() ? "" : subs.front()->get_name();
  const std::string what = escape_octets(error.what(), 2 * kMaxShownWord);
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return usage(what.substr(0, what.find(':')) + ": needs a value", verb);
  }
  return usage(what, verb);
}

std::expected<CommandLine, EarlyExit> parse_words(std::vector<std::string> words) {
  std::reverse(words.begin(), words.end());  // as CLI11 takes them
  CommandLine line;
  CLI::App app(
      "adit-blast: dials many PPTP clients against a server, passes traffic through them and verifies it.",
      "adit-blast");
  app.footer(kFooter);
  app.formatter(std::make_shared<Help>("VERB "));
  app.get_formatter()->column_width(kHelpColumn);
  app.set_version_flag("--version", "adit-blast " ADIT_VERSION, "Print the version");
  app.allow_extras();
  add_verbs(app, line);
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return std::unexpected(parse_failure(app, error));
  } catch (
      const std::logic_error&) {  // of std::stoll: CLI11 takes --quiet=1, and throws this at --quiet=perhaps
    return std::unexpected(usage("a switch takes no value; leave out what follows its ="));
  }
  const auto verbs = app.get_subcommands();
  if (const std::vector<std::string> rest = app.remaining(); !rest.empty()) {
    return std::unexpected(stray(rest.front(), nullptr));
  }
  if (verbs.empty()) {
    return std::unexpected(usage("do what? There are set-up, hold, traffic, churn, throughput and run"));
  }
  if (verbs.size() > 1) {
    return std::unexpected(usage("one verb at a time; a scenario has several phases", "run"));
  }
  if (const std::vector<std::string> rest = verbs.front()->remaining(); !rest.empty()) {
    return std::unexpected(stray(rest.front(), verbs.front()));
  }
  if (line.verb == nullptr && line.scenario.empty()) {
    return std::unexpected(usage("run what? Name a scenario file", "run"));
  }
  return line;
}

// As read_written(), for a key.
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
      return;  // the others would say the same
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

// argv before the environment before the scenario, however the password is given there.
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

std::vector<Phase> phases_of(const Verb& verb) {
  std::vector<Phase> phases = {default_phase(PhaseKind::kSetUp)};
  if (verb.kind != PhaseKind::kSetUp) {
    phases.push_back(default_phase(verb.kind));
  }
  phases.push_back(default_phase(PhaseKind::kTearDown));
  return phases;
}

}  // namespace

std::expected<Plan, EarlyExit> parse_options(std::span<const char* const> arguments) {
  const auto ours_end = std::find_if(arguments.begin(), arguments.end(),
                                     [](const char* a) { return std::string_view(a) == "--"; });
  const std::expected<CommandLine, EarlyExit> line = parse_words({arguments.begin(), ours_end});
  if (!line) {
    return std::unexpected(line.error());
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

}  // namespace adit::app::blast
