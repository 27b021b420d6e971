// SPDX-License-Identifier: Apache-2.0
#include "app/manual.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <ranges>
#include <vector>

#include "app/completion.hpp"

namespace adit::app {
namespace {

/// "-s, --socket PATH", as the usage text has it.
std::string with_value(const CLI::Option& option) {
  std::string text = option.get_name(option.get_positional(), true);
  std::ranges::replace(text, ',', ' ');
  std::string value = option.get_option_text();
  if (value.empty() && option.get_items_expected_max() != 0) {
    value = option.get_type_name();
    value.resize(
        std::min({value.size(), value.find(":INT in"), value.find(":{")}));  // without what it may be
  }
  if (option.get_positional()) {
    return option.get_required() ? text : '[' + text + ']';
  }
  return value.empty() ? text : text + ' ' + value;
}

void append_option(std::string& page, const CLI::Option& option) {
  page += ".TP\n.B \"" + manual_text(with_value(option)) + "\"\n" + manual_text(option.get_description());
  if (!option.get_default_str().empty() && option.get_option_text().empty()) {
    page += "\n.br\nDefault: " + manual_text(option.get_default_str()) + '.';
  }
  if (!option.get_envname().empty()) {
    page += "\n.br\nThe environment variable " + manual_text(option.get_envname()) + " sets it, too.";
  }
  page += '\n';
}

void append_options(std::string& page, const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty() && option->get_name() != "--help") {
      append_option(page, *option);
    }
  }
}

/// Of a command: its words, then its options below it.
void append_command(std::string& page, const CLI::App& command, const std::string& path) {
  const auto inner = command.get_subcommands({});
  if (!inner.empty()) {
    page += ".SS " + manual_text(path + ": " + command.get_description()) + '\n';
    for (const CLI::App* one : inner) {
      append_command(page, *one, path + ' ' + one->get_name());
    }
    return;
  }
  std::string words = path;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) {
      words += ' ' + with_value(*option);
    }
  }
  page += ".TP\n.B \"" + manual_text(words) + "\"\n" + manual_text(command.get_description()) + "\n.RS\n";
  append_options(page, command);
  page += ".RE\n";
}

/// The end of --help: a paragraph that begins with "Examples:" or the like is a section of that name.
void append_footer(std::string& page, std::string_view footer) {
  std::string open;
  for (const auto part : footer | std::views::split('\n')) {
    std::string_view line(part.begin(), part.end());
    const std::size_t colon = line.find(':');
    const bool titled = !line.empty() && std::isupper(static_cast<unsigned char>(line.front())) != 0 &&
                        colon != std::string_view::npos && colon < 14;
    if (titled) {
      std::string title(line.substr(0, colon));
      std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
      page += (open.empty() ? "" : ".fi\n") + (".SH " + title) + "\n.nf\n";
      open = title;
      line.remove_prefix(std::min(line.size(), line.find_first_not_of(' ', colon + 1)));
    } else if (open.empty() && !line.empty()) {
      page += ".SH NOTES\n.nf\n";
      open = "NOTES";
    }
    if (!line.empty()) {
      page += manual_text(line) + '\n';
    }
  }
  page += open.empty() ? "" : ".fi\n";
}

void append_paragraphs(std::string& page, std::string_view text) {
  for (const auto part : text | std::views::split('\n')) {
    const std::string_view line(part.begin(), part.end());
    page += line.empty() ? ".PP\n" : manual_text(line) + '\n';
  }
}

std::string page_of(const CLI::App& app, const ManualPage& texts) {
  const auto commands = app.get_subcommands({});
  std::string what = app.get_description();
  what = what.substr(std::min(what.size(), what.find(": ") + 2));
  while (what.ends_with('.')) {
    what.pop_back();
  }
  std::string page = manual_head(app.get_name(), texts.section, what);
  page += ".SH SYNOPSIS\n.B " + app.get_name() + "\n[\\fIOPTIONS\\fR]" +
          (commands.empty() ? "" : " \\fICOMMAND\\fR [\\fIWORDS\\fR]") + '\n';
  page += ".SH DESCRIPTION\n";
  append_paragraphs(page, texts.description);
  page += ".SH OPTIONS\n";
  append_options(page, app);
  if (!commands.empty()) {
    page += ".SH COMMANDS\n";
    for (const CLI::App* command : commands) {
      append_command(page, *command, command->get_name());
    }
  }
  append_footer(page, app.get_footer());
  return page + ".SH SEE ALSO\n" + manual_text(texts.see_also) + '\n';
}

}  // namespace

std::string manual_head(std::string_view name, int section, std::string_view what) {
  std::string title(name);
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
  return ".TH " + title + ' ' + std::to_string(section) +
         " \"\" \"Adit " ADIT_VERSION "\" \"Adit\"\n.SH NAME\n" + manual_text(name) + " \\- " +
         manual_text(what) + '\n';
}

std::string manual_text(std::string_view text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) {
      out += "\\&";  // else a request
    }
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '"':
        out += "\\(dq";
        break;  // within the quotes of a request's argument, too
      default:
        out += c;
    }
    line_begins = c == '\n';
  }
  return out;
}

void add_manual(CLI::App& app, const ManualPage& page) {
  app.add_flag_callback("--manual", [&app, page] { throw CLI::CallForVersion(page_of(app, page), 0); })
      ->group("");
  app.add_option_function<std::string>(
         "--completion",
         [&app](const std::string& shell) { throw CLI::CallForVersion(completion(app, shell), 0); })
      ->group("")
      ->check(CLI::IsMember({"bash", "zsh"}));
}

}  // namespace adit::app
