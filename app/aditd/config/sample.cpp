// SPDX-License-Identifier: Apache-2.0
// packaging/adit.toml is the output of this (aditd --sample-config), so no key can be missing from it.
#include "app/aditd/config/config.hpp"
#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

void append_comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += "# " + std::string(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void append_keys(std::string& out, const Section& section) {
  Config defaults;
  if (section.repeated()) {
    section.add_table(defaults);
  }
  for (const Key<Config>& key : section.keys) {
    append_comment(out, key.help);
    if (key.example.empty()) {
      out += "#" + std::string(key.name) + " = " + key.show(defaults) + '\n';
    } else {
      out += (section.optional ? "#" : "") + std::string(key.name) + " = " + std::string(key.example) + '\n';
    }
  }
}

}  // namespace

std::string sample_config() {
  std::string out =
      "# /etc/adit/adit.toml: the configuration of aditd, Adit's PPTP concentrator.\n"
      "# A key that is commented out shows its default. Names follow accel-ppp.conf where the meaning is the "
      "same.\n"
      "# Durations are seconds (10) or text with a unit (\"500ms\", \"10s\", \"2m\"). Check: aditd --config "
      "FILE --check\n";
  for (const Section& section : config_sections()) {
    out += '\n';
    append_comment(out, section.help);
    out += section.optional ? "#" : "";
    out +=
        (section.repeated() ? "[[" : "[") + std::string(section.name) + (section.repeated() ? "]]\n" : "]\n");
    append_keys(out, section);
    if (!section.more.empty()) {
      out += '\n' + std::string(section.more);
    }
  }
  return out;
}

}  // namespace adit::app
