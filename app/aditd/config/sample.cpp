// SPDX-License-Identifier: Apache-2.0
// packaging/adit.toml is what this prints (aditd --sample-config), so it cannot forget a key.
#include "app/aditd/config/config.hpp"
#include "app/aditd/config/schema.hpp"

namespace adit::app {
namespace {

void append_comment(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += "# " + std::string(text.substr(0, end)) + '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

template <typename Target>
void append_keys(std::string& out, const Section& section, std::span<const Key<Target>> keys) {
  const Target defaults{};
  for (const Key<Target>& key : keys) {
    if (key.section != section.name) {
      continue;
    }
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
    out += (section.repeated ? "[[" : "[") + std::string(section.name) + (section.repeated ? "]]\n" : "]\n");
    for_each_key_table([&](const auto& keys) { append_keys(out, section, keys); });
    if (!section.more.empty()) {
      out += '\n' + std::string(section.more);
    }
  }
  return out;
}

}  // namespace adit::app
