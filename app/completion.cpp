// SPDX-License-Identifier: Apache-2.0
#include "app/completion.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace adit::app {
namespace {

using Offers = std::vector<std::pair<std::string, std::string>>;  // a word, what it is

bool takes_value(const CLI::Option& option) {
  return !option.get_positional() && option.get_items_expected_max() > 0;
}

/// The choices of "TEXT:{soft,hard}".
void add_choices(Offers& offers, const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  for (std::size_t at = open; at != std::string::npos && type[at] != '}';) {
    const std::size_t end = type.find_first_of(",}", at + 1);
    if (end == std::string::npos) {
      return;
    }
    offers.emplace_back(type.substr(at + 1, end - at - 1), option.get_description());
    at = end;
  }
}

Offers offers_of(const CLI::App& app) {
  Offers offers;
  for (const CLI::App* command : app.get_subcommands({})) {
    offers.emplace_back(command->get_name(), command->get_description());
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) {
      continue;
    }
    if (option->get_positional()) {
      add_choices(offers, *option);
    }
    for (const std::string& name : option->get_lnames()) {
      offers.emplace_back("--" + name, option->get_description());
    }
  }
  return offers;
}

/// 'single quotes', which hold anything but themselves, and one line of it.
std::string in_single_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, text.find('\n'))) {
    out += c == '\'' ? "'\\''" : std::string(1, c);
  }
  return out + '\'';
}

struct Shell {
  bool is_zsh;

  [[nodiscard]] std::string list(const Offers& offers) const {
    std::string out;
    for (const auto& [word, what] : offers) {
      // A colon parts word and text for _describe.
      out += (out.empty() ? "" : " ") + in_single_quotes(is_zsh ? word + ':' + what : word);
    }
    return out;
  }
};

/// The innermost commands first: " show sessions"* is a case of " show"* as well.
void append_cases(std::string& out, const CLI::App& app, const std::string& path, const Shell& shell) {
  for (const CLI::App* command : app.get_subcommands({})) {
    append_cases(out, *command, path + ' ' + command->get_name(), shell);
  }
  out += "    " + in_single_quotes(path + ' ') + "*) offers=(" + shell.list(offers_of(app)) + ") ;;\n";
}

void collect_valued(std::string& out, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (takes_value(*option) && !option->get_group().empty()) {
      for (const std::string& name : option->get_lnames()) {
        out += (out.empty() ? "--" : "|--") + name;
      }
      for (const std::string& name : option->get_snames()) {
        out += (out.empty() ? "-" : "|-") + name;
      }
    }
  }
  for (const CLI::App* command : app.get_subcommands({})) {
    collect_valued(out, *command);
  }
}

}  // namespace

std::string completion(const CLI::App& app, const std::string& shell_name) {
  const Shell shell{shell_name == "zsh"};
  std::string function = "_" + app.get_name();
  std::ranges::replace(function, '-', '_');
  std::string valued;
  collect_valued(valued, app);
  std::string out =
      shell.is_zsh ? "#compdef " + app.get_name() + '\n' : "# bash completion of " + app.get_name() + '\n';
  out += "# Made by `" + app.get_name() + " --completion " + shell_name + "`.\n";
  out += function + "() {\n";
  out += shell.is_zsh ? "  local before='' word is_value=''\n  local -a offers\n"
                        "  for word in \"${words[@]:1:$((CURRENT - 2))}\"; do\n"
                      : "  local before='' word is_value='' offers=()\n"
                        "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n";
  out +=
      "    if [[ -n $is_value ]]; then is_value=''; continue; fi\n"
      "    case $word in\n"
      "      " +
      (valued.empty() ? std::string("''") : valued) +
      ") is_value=1 ;;\n"
      "      -*) ;;\n"
      "      *) before+=\" $word\" ;;\n"
      "    esac\n"
      "  done\n";
  // The value of an option is a file or anything.
  out += shell.is_zsh ? "  if [[ -n $is_value ]]; then _files; return; fi\n"
                      : "  [[ -z $is_value ]] || return\n";
  out += "  case \"$before \" in\n";
  append_cases(out, app, "", shell);
  out += "  esac\n";
  if (shell.is_zsh) {
    return out + "  _describe -o word offers\n}\n" + function + " \"$@\"\n";
  }
  return out +
         "  local current=${COMP_WORDS[COMP_CWORD]}\n"
         "  mapfile -t COMPREPLY < <(compgen -W \"${offers[*]}\" -- \"$current\")\n}\n"
         "complete -o default -F " +
         function + ' ' + app.get_name() + '\n';
}

}  // namespace adit::app
