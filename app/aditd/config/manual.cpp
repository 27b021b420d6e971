// SPDX-License-Identifier: Apache-2.0
// adit.toml(5), from the same rows as the sample.
#include "app/manual.hpp"
#include "app/aditd/config/config.hpp"
#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

void append_key(std::string& page, const Key<Config>& key, const Config& defaults) {
  const std::string value = key.show(defaults);
  page += ".TP\n.B " + manual_text(key.name) + '\n' + manual_text(key.help) + '\n';
  if (key.example.empty()) {
    page += ".br\nDefault: " + manual_text(value) + ".\n";
  } else {
    page += ".br\nExample: " + manual_text(key.example) + ".\n";
  }
  page += ".br\nA reload applies it " + manual_text(to_text(key.effect)) + ".\n";
}

}  // namespace

std::string config_manual() {
  std::string page = manual_head("adit.toml", 5, "the configuration of aditd, Adit's PPTP concentrator");
  page +=
      ".SH DESCRIPTION\n"
      "A TOML file, /etc/adit/adit.toml unless aditd is told another. Names follow accel-ppp.conf where the "
      "meaning\n"
      "is the same. Durations are seconds (10) or text with a unit (\\(dq500ms\\(dq, \\(dq10s\\(dq, "
      "\\(dq2m\\(dq).\n"
      ".B aditd \\-\\-check\nreports every mistake with its line;\n.B aditd \\-\\-sample\\-config\n"
      "prints a complete file to start from;\n.B adit reload\n"
      "applies what may change while aditd runs, and says of each key that has changed whether it counts "
      "now, for\n"
      "connections and calls that begin from then on, or at the next start;\n"
      ".B adit reload \\-\\-dry\\-run\nsays the same and changes nothing.\n"
      ".SH SECTIONS\n";
  for (const Section& section : config_sections()) {
    Config defaults;
    if (section.repeated()) {
      section.add_table(defaults);
    }
    const std::string name =
        (section.repeated() ? "[[" : "[") + std::string(section.name) + (section.repeated() ? "]]" : "]");
    page += ".SS " + manual_text(name) + '\n';
    page += section.help.empty() ? "" : manual_text(section.help) + '\n';
    for (const Key<Config>& key : section.keys) {
      append_key(page, key, defaults);
    }
  }
  return page + ".SH SEE ALSO\n" + manual_text("aditd(8), adit(1)") + '\n';
}

}  // namespace adit::app
