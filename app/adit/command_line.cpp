// SPDX-License-Identifier: Apache-2.0
#include "app/adit/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>
#include <string_view>

#include "app/adit/exit_code.hpp"
#include "app/escape.hpp"
#include "app/manual.hpp"

namespace adit::app {
namespace {

constexpr const char* kFooter =
    "Examples:\n"
    "  adit show sessions                     who is connected\n"
    "  adit show sessions username,ip,rate order rate limit 20    who carries most\n"
    "  adit top                               the same, live\n"
    "  adit show stat                         uptime, memory, calls, why calls ended\n"
    "  adit show drops                        dropped packets, by reason\n"
    "  adit terminate username alice          end alice's calls, with an LCP Terminate-Request\n"
    "  adit terminate ip 10.64.0.2 hard       end that call at once\n"
    "  adit test radius alice                 try a login at the RADIUS servers\n"
    "  adit trace alice --write alice.pcapng  her packets of the next 30 s, for Wireshark\n"
    "  adit reload                            read adit.toml and chap-secrets again\n"
    "  adit show config                       every key as it runs, and what waits for the next start\n"
    "  adit shaper change username alice 10240/2048   10 Mbit/s down, 2 up, from now on\n"
    "  adit show sessions --json | jq '.sessions[] | select(.drops > 0)'\n"
    "\n"
    "Exit codes: 0 done; 1 no such call, or login not accepted; 2 usage, or the output cannot be written;\n"
    "3 aditd cannot be reached; 4 it refused; 5 it did not answer in time.\n"
    "With --json an error is JSON on standard output as well: {\"error\": ..., \"exit_code\": ...}.\n"
    "The socket is cli.socket of adit.toml; the environment variable ADIT_SOCKET names another.\n";
constexpr const char* kDescription =
    "Asks a running aditd by its socket, which the socket's permissions guard, and prints the answer as a "
    "table, or with "
    "--json as it came.\n"
    "What changes something is logged with the user who asked for it.";
constexpr unsigned kAnyNumber = std::numeric_limits<unsigned>::max();
constexpr const char* kVerbFooter =
    "adit --help has the options of every command, examples and exit codes.\n";

/// "show, terminate or reload"
template <typename Names>
std::string any_of(const Names& names, const std::string& last = "or") {
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? "" : &name == &names.back() ? ' ' + last + ' ' : ", ") + std::string(name);
  }
  return text;
}

/// A group's verbs, or all groups and the verbs without one, in table order.
std::vector<std::string_view> names_in(std::string_view group) {
  std::vector<std::string_view> names;
  for (const Verb& verb : verbs()) {
    const std::string_view name = verb.group == group ? verb.name : verb.group;
    if ((verb.group == group || group.empty()) && std::ranges::find(names, name) == names.end()) {
      names.push_back(name);
    }
  }
  return names;
}

/// "{soft,hard}", as CLI11 shows choices, and completions read them.
std::string in_braces(const std::vector<std::string>& choices) {
  std::string text;
  for (const std::string& choice : choices) {
    text += (text.empty() ? "{" : ",") + choice;
  }
  return text + '}';
}

/// Refuses what is no number, or none of these.
CLI::Validator whole_number(unsigned least, unsigned most, const std::string& shown) {
  return CLI::Validator(
      [least, most](const std::string& text) {
        unsigned value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        const bool fits = error == std::errc() && end == text.data() + text.size();
        if (fits && value >= least && value <= most) {
          return std::string();
        }
        return "value " + text + " is wrong; write a whole number from " + std::to_string(least) +
               (most == kAnyNumber ? "" : " to " + std::to_string(most));
      },
      shown);
}

void add_word(CLI::App& command, const Word& word, Words& words) {
  CLI::Option* option = nullptr;
  const auto keep = [&words, name = word.name](const std::string& value) { words[name] = {value}; };
  switch (word.kind) {
    case Word::Kind::kText:
      option = command.add_option_function<std::string>(word.name, keep, word.help);
      if (word.name.starts_with("--")) {
        option->check([](const std::string& value) { return value.empty() ? "the value is empty" : ""; });
      }
      break;
    case Word::Kind::kNumber:
      option = command.add_option_function<std::string>(word.name, keep, word.help)->type_name("UINT");
      option->check(whole_number(word.least, kAnyNumber, ""));
      break;
    case Word::Kind::kFlag:
      option = command.add_flag_function(word.name, [keep](std::int64_t) { keep("yes"); }, word.help);
      break;
    case Word::Kind::kRest:
      option = command.add_option_function<std::vector<std::string>>(
          word.name,
          [&words, name = word.name](const std::vector<std::string>& values) { words[name] = values; },
          word.help);
      break;
  }
  option->required(word.required);
  if (!word.choices.empty()) {
    option->check(CLI::Validator(
        [choices = word.choices](const std::string& value) {
          return std::ranges::find(choices, value) != choices.end()
                     ? std::string()
                     : "value " + value + " is no choice; write " + any_of(choices);
        },
        in_braces(word.choices)));
  }
  if (!word.preset.empty()) {
    option->default_str(word.preset);
  }
}

void add_verb(CLI::App& app, const Verb& verb, CommandLine& line) {
  CLI::App* command = app.add_subcommand(std::string(verb.name), std::string(verb.help));
  for (const Word& word : verb.words) {
    add_word(*command, word, line.words);
  }
  if (verb.more_help != nullptr) {
    command->footer(verb.more_help() + '\n' + kVerbFooter);
  }
  command->callback([&line, &verb] {
    line.verb = &verb;
    for (const Word& word : verb.words) {
      if (!word.preset.empty()) {
        line.words.try_emplace(word.name, std::vector{word.preset});
      }
    }
  });
}

void add_verbs(CLI::App& app, CommandLine& line) {
  for (const std::string_view name : names_in("")) {
    const std::vector<std::string_view> inner = names_in(name);
    CLI::App* group =
        inner.empty()
            ? &app
            : app.add_subcommand(std::string(name), std::string(group_help(name)))->require_subcommand(0, 1);
    for (const Verb& verb : verbs()) {
      if (inner.empty() ? verb.group.empty() && verb.name == name : verb.group == name) {
        add_verb(*group, verb, line);
      }
    }
  }
}

/// The group given without a verb; empty: none.
std::string group_alone(const CLI::App& app) {
  const auto given = app.get_subcommands();
  return given.empty() ? "" : given.front()->get_name();
}

/// The commands given, outermost first: "terminate username".
std::string given(const CLI::App& app) {
  std::string text;
  for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    text += (text.empty() ? "" : " ") + at->get_name();
  }
  return text;
}

/// The words that belong to nothing, of which CLI11 tells the last one first.
std::string stray(const CLI::App& app) {
  const std::vector<std::string> words = app.remaining(true);
  const std::string& first = words.front();
  const std::string before = given(app);
  if (first.size() > 1 && first.front() == '-') {
    return "no such option: " + first + "; write -- before a word that begins with -";
  }
  if (before.empty()) {
    const auto verb = std::ranges::find(verbs(), first, &Verb::name);
    return "no such command: " + first + "; " +
           (verb == verbs().end() ? "there are " + any_of(names_in(""), "and")
                                  : "did you mean " + std::string(verb->group) + ' ' + first + '?');
  }
  if (const auto inner = names_in(before); !inner.empty()) {
    return "no such command: " + before + ' ' + first + "; there are " + any_of(inner, "and");
  }
  std::string text = "this belongs to no command:";
  for (const std::string& word : words) {
    text += ' ' + word;
  }
  return text;
}

/// What the word is, from its row.
std::string help_for(std::string_view command, std::string_view name) {
  for (const Verb& verb : verbs()) {
    const auto word = std::ranges::find(verb.words, name, &Word::name);
    const std::string written =
        std::string(verb.group) + (verb.group.empty() ? "" : " ") + std::string(verb.name);
    if (written == command && word != verb.words.end()) {
      return word->help;
    }
  }
  return "see its --help";
}

/// CLI11's sentences speak of its own workings.
std::string in_words(const CLI::App& app, const CLI::ParseError& error) {
  const std::string text = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    return stray(app);
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    const std::string name = text.substr(0, text.find(' '));
    return given(app) + " needs a " + name + ": " + help_for(given(app), name);
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr && text.ends_with(" missing")) {
    const std::string name = text.substr(0, text.find(':'));
    return name.empty() ? "--completion needs a shell: bash or zsh"  // the only nameless one: it is hidden
                        : name + " needs a value";
  }
  return text;
}

}  // namespace

EarlyExit usage_error(std::string_view what) {
  return {kUsage, "adit: " + escape_text(what, 600) + "; see adit --help\n"};
}

bool wants_json(int argc, char** argv) {
  for (int at = 1; at < argc && std::string_view(argv[at]) != "--"; ++at) {
    const std::string_view word(argv[at]);
    if (word == "--json" || word == "-j") {
      return true;
    }
  }
  return false;
}

std::expected<CommandLine, EarlyExit> read_command_line(int argc, char** argv) {
  CommandLine line;
  unsigned timeout_seconds = static_cast<unsigned>(line.timeout.count());
  CLI::App app("adit: query and control a running aditd.", "adit");
  app.footer(kVerbFooter);  // what the commands below inherit
  app.set_version_flag("--version", "adit " ADIT_VERSION, "Print adit's own version");
  app.add_option("-s,--socket", line.socket, "aditd's socket")
      ->envname("ADIT_SOCKET")
      ->type_name("PATH")
      ->capture_default_str();
  app.add_option("-t,--timeout", timeout_seconds, "How long to wait for aditd")
      ->type_name("SECONDS")
      ->check(whole_number(1, 3600, "INT in [1 - 3600]"))
      ->capture_default_str();
  app.add_flag("-j,--json", line.json, "Print JSON, as aditd sent it");
  app.require_subcommand(0, 1);
  app.fallthrough();  // options may follow the command
  add_verbs(app, line);
  app.footer(kFooter);
  add_manual(app, {.section = 1,
                   .description = kDescription,
                   .see_also = "aditd(8), adit.toml(5), adit-blast(1), adit-exporter(8)"});
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      return std::unexpected(usage_error(in_words(app, error)));
    }
    std::ostringstream text;
    app.exit(error, text, text);
    return std::unexpected(EarlyExit{0, text.str()});
  }
  line.timeout = std::chrono::seconds(timeout_seconds);
  if (line.verb == nullptr) {
    const std::string group = group_alone(app);
    return std::unexpected(usage_error(group.empty()
                                           ? "a command is missing: " + any_of(names_in(""))
                                           : group + " must be followed by " + any_of(names_in(group))));
  }
  return line;
}

}  // namespace adit::app
