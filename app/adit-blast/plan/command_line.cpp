// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/plan/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <sstream>
#include <string_view>

#include "app/adit-blast/plan/options.hpp"
#include "app/adit-blast/plan/plan_schema.hpp"
#include "app/adit-blast/plan/written_values.hpp"
#include "app/escape.hpp"
#include "app/manual.hpp"

namespace adit::app::blast {
namespace {

constexpr std::size_t kMaxShownWord = 60;
constexpr const char* kDescription =
    "A load generator for PPTP servers, any vendor's: it dials, holds, hangs up and redials many clients, "
    "sends numbered "
    "packets both ways through them at a chosen rate, and tells what was lost, late, corrupted or "
    "duplicated, and how long "
    "dials took.";
constexpr int kHelpColumn = 28;

// CLI11's help, with `--` in the usage line.
class Help : public CLI::Formatter {
 public:
  explicit Help(std::string word, std::string end = " [-- EAL ARGS]")
      : word_(std::move(word)), end_(std::move(end)) {}
  std::string make_usage(const CLI::App*, std::string name) const override {
    return "Usage: " + name + ' ' + word_ + "[OPTIONS]" + end_ + '\n';
  }

 private:
  std::string word_;  // between the program's name and the options
  std::string end_;
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
        ->group(std::string(heading))
        ->disable_flag_override();
    return;
  }
  app.add_option_function<std::string>(
         option, [&line, name](const std::string& text) { line.given[std::string(name)] = text; },
         std::string(help))
      ->group(std::string(heading))
      // type_name() and default_str() look different in each release of CLI11.
      ->option_text(std::string(value) + (fallback.empty() ? "" : "=" + unquoted(fallback)))
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
  for (const Verb& verb : verbs()) {
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

void add_compare(CLI::App& app, CommandLine& line) {
  CLI::App* sub = app.add_subcommand("compare", "Two results of one scenario, figure by figure");
  sub->formatter(std::make_shared<Help>("A.json B.json ", ""));
  sub->get_formatter()->column_width(kHelpColumn);
  sub->allow_extras();
  line.compare.emplace();
  CompareOptions& options = *line.compare;
  sub->add_option("A", options.before, "What --json wrote")->type_name("");
  sub->add_option("B", options.after, "What it wrote later, or elsewhere")->type_name("");
  const auto add = [&](const char* name, auto& target, const char* value, const char* help) {
    sub->add_option(name, target, help)
        ->option_text(value)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  };
  add("--threshold", line.threshold, "PERCENT=10",
      "How much worse a figure has to be to count as worse: 10 is\nwhat repeats may differ by unremarked.");
  add("--html", options.html_file, "FILE", "Write an HTML page with the comparison and both results.");
  add("--json", options.json_file, "FILE", "Write the comparison as JSON; - is standard output.");
  sub->footer(kCompareFooter);
}

// Takes out what belongs to another verb, and checks the rest.
std::optional<EarlyExit> settle_compare(const CLI::App& verb, CommandLine& line) {
  if (verb.get_name() != "compare") {
    line.compare.reset();
    return std::nullopt;
  }
  if (line.compare->after.empty()) {
    return usage("compare what? Name two files that --json wrote", "compare");
  }
  const std::string_view text = line.threshold;
  const std::optional<double> percent = to_real(text.ends_with('%') ? text.substr(0, text.size() - 1) : text);
  if (!text.empty() && !percent) {
    return usage("--threshold: value \"" + escape_octets(text, kMaxShownWord) +
                     "\": is not a percentage; write a number from 0 up, like 5",
                 "compare");
  }
  line.compare->threshold_percent = percent.value_or(line.compare->threshold_percent);
  return std::nullopt;
}

// The error for the first word that is not part of any option.
EarlyExit stray(const std::string& word, const CLI::App* verb) {
  const std::string shown = escape_octets(word.substr(0, word.find('=')), kMaxShownWord);
  std::vector<std::string_view> names;
  if (verb == nullptr) {
    for (const Verb& one : verbs()) {
      names.push_back(one.name);
    }
    names.insert(names.end(), {"run", "compare"});
    const std::string_view meant = word.starts_with('-') ? std::string_view() : nearest(word, names);
    return usage(word.starts_with('-') ? shown + ": stands before the verb; write options behind it"
                 : meant.empty()
                     ? '"' + shown + "\": no such verb; there are " + verbs_in_words()
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
  if (what.find("flag override") != std::string::npos) {
    return usage("a switch takes no value; leave out what follows its =");
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return usage(what.substr(0, what.find(':')) + ": needs a value", verb);
  }
  return usage(what, verb);
}

}  // namespace

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
  add_compare(app, line);
  add_manual(app, {.section = 1, .description = kDescription, .see_also = "aditd(8), adit(1)"});
  try {
    app.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return std::unexpected(parse_failure(app, error));
  }
  const auto verbs = app.get_subcommands();
  if (const std::vector<std::string> rest = app.remaining(); !rest.empty()) {
    return std::unexpected(stray(rest.front(), nullptr));
  }
  if (verbs.empty()) {
    return std::unexpected(usage("do what? There are " + verbs_in_words()));
  }
  if (verbs.size() > 1) {
    return std::unexpected(usage("one verb at a time; a scenario has several phases", "run"));
  }
  if (const std::vector<std::string> rest = verbs.front()->remaining(); !rest.empty()) {
    return std::unexpected(stray(rest.front(), verbs.front()));
  }
  if (auto wrong = settle_compare(*verbs.front(), line)) {
    return std::unexpected(std::move(*wrong));
  }
  if (line.verb == nullptr && !line.compare && line.scenario.empty()) {
    return std::unexpected(usage("run what? Name a scenario file", "run"));
  }
  return line;
}

}  // namespace adit::app::blast
