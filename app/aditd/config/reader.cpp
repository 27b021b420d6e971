// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/reader.hpp"

#include <algorithm>

#include "app/aditd/config/rates.hpp"
#include "app/aditd/config/section.hpp"
#include "app/escape.hpp"
#include "dataplane/call/mppc_stateful.hpp"

namespace adit::app {
namespace {

std::string with_hyphens(std::string_view key) {
  std::string out(key);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

std::string in_brackets(const Section& section) {
  return (section.repeated() ? "[[" : "[") + std::string(section.name) + (section.repeated() ? "]]" : "]");
}

std::vector<std::string_view> names_of(const Section& section) {
  std::vector<std::string_view> names;
  for (const Key<Config>& key : section.keys) {
    names.push_back(key.name);
  }
  return names;
}

// The section in which a key of this name exists; empty when there is none.
std::string section_that_has(std::string_view name) {
  for (const Section& section : config_sections()) {
    if (std::ranges::find(section.keys, name, &Key<Config>::name) != section.keys.end()) {
      return std::string(section.name);
    }
  }
  return "";
}

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  }
  return text;
}

/// IPv6 is for whoever asks, once there is a pool.
void complete_ipv6(Config& config) {
  const bool has_pool = !config.control.ipv6.pools.empty();
  config.ipv6_mode =
      config.ipv6_mode.value_or(has_pool ? control::Ipv6Policy::kAllow : control::Ipv6Policy::kDeny);
  config.control.ipv6.mode = *config.ipv6_mode;
  config.nas.serves_ipv6 = config.ipv6_mode != control::Ipv6Policy::kDeny;
}

/// Derives data plane settings from the control plane's.
void complete_data_plane(Config& config) {
  const control::PppSettings& ppp = config.control.ppp;
  config.data_plane.gateway = config.control.ip.gateway;
  config.data_plane.gateway_id = config.control.ipv6.gateway_id;
  // Whatever mppe says: a reload may allow it, and the room is taken at the start.
  config.data_plane.stateful_mppe = ppp.mppe_stateful != control::StatefulPolicy::kDeny;
  const std::uint64_t histories =
      (std::uint64_t{config.mppc_memory_mib} << 20) / sizeof(dataplane::StatefulMppc);
  config.data_plane.mppc_histories =
      ppp.mppc == control::MppcPolicy::kAllow
          ? static_cast<std::uint32_t>(std::min<std::uint64_t>(histories, config.data_plane.max_calls))
          : 0;
}

/// "" where a secret may be in it, as in radius-server = "192.0.2.10,secret".
std::string show_instead_of(const Section& section, const toml::node& node) {
  const bool has_secret = std::ranges::any_of(section.keys, [](const auto& key) { return bool(key.secret); });
  return has_secret || node.is_table() ? "" : show_node(node);
}

class Reader {
 public:
  Reader(Problems& problems, const control::radius::ReadFile& read_dictionary)
      : problems_(problems), read_dictionary_(read_dictionary) {}

  void read(const toml::table& document) {
    for (const auto& [key, node] : document) {
      const std::string name = with_hyphens(key.str());
      const auto sections = config_sections();
      const auto section =
          std::find_if(sections.begin(), sections.end(), [&](const Section& s) { return s.name == name; });
      if (section == sections.end()) {
        unknown_section(key, name, node);
      } else if (!places_.note(name, node)) {
        problems_.error(key.source().begin, name, "", "is there twice, with - and with _",
                        "keep one of them");
      } else if (section->repeated()) {
        read_repeated(*section, node);
      } else if (const toml::table* table = node.as_table()) {
        read_table(*section, name, *table);
      } else {
        problems_.error(node.source().begin, name, show_instead_of(*section, node), "is not a section",
                        "write " + in_brackets(*section));
        places_.note_bad(name);
      }
    }
    for (const Section& section : config_sections()) {
      if (section.complete != nullptr) {
        section.complete(config_);
      }
    }
    complete_ipv6(config_);
    complete_data_plane(config_);
    resolve_rates(config_, places_, read_dictionary_, problems_);
    check_config(config_, places_, problems_);
  }

  /// Until the next start, keys that wait for it have their old values beside new ones of others, which may not go together.
  void read_against(const Config& running) {
    if (problems_.any_error()) {
      return;
    }
    in_force_ = adit::app::in_force(config_, running);
    Problems until_then = problems_.none();
    check_config(*in_force_, places_, until_then);
    problems_.add_errors(std::move(until_then),
                         " (with what waits for the next start as it runs; or restart aditd)");
  }

  [[nodiscard]] ReadConfig result() && {
    Sheet sheet = make_sheet(config_, places_);
    return {std::move(config_), std::move(in_force_), std::move(sheet)};
  }

 private:
  // `place` is the section's name, with the table's index if the section repeats.
  void read_table(const Section& section, const std::string& place, const toml::table& table) {
    for (const auto& [key, node] : table) {
      const std::string name = with_hyphens(key.str());
      const std::string shown = std::string(section.name) + '.' + name;
      const auto found = std::ranges::find(section.keys, name, &Key<Config>::name);
      if (found == section.keys.end()) {
        unknown_key(section, key, name);
      } else if (!places_.note(place + '.' + name, node)) {
        problems_.error(key.source().begin, shown, "", "is there twice, with - and with _",
                        "keep one of them");
      } else if (const std::optional<Complaint> complaint = found->read(node, config_)) {
        const toml::node& at = complaint->at == nullptr ? node : *complaint->at;
        problems_.error(at.source().begin, shown, complaint->secret ? "" : show_node(at), complaint->wrong,
                        complaint->remedy);
        places_.note_bad(place + '.' + name);
      }
    }
  }

  void read_repeated(const Section& section, const toml::node& node) {
    const toml::array* tables = node.as_array();
    if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table)) {
      problems_.error(node.source().begin, section.name, show_instead_of(section, node),
                      "is not a list of tables", "write " + in_brackets(section) + " above each of them");
      places_.note_bad(std::string(section.name));
      return;
    }
    std::size_t index = 0;
    for (const toml::node& element : *tables) {
      const std::string place = std::string(section.name) + '.' + std::to_string(index++);
      places_.note(place, element);
      section.add_table(config_);
      read_table(section, place, *element.as_table());
    }
  }

  void unknown_key(const Section& section, const toml::key& key, const std::string& name) {
    const std::vector<std::string_view> names = names_of(section);
    std::string remedy = "there are: " + join(names);
    if (const std::string_view hint = hint_about(section.name, name); !hint.empty()) {
      remedy = hint;
    } else if (const std::string elsewhere = section_that_has(name); !elsewhere.empty()) {
      remedy = "it belongs to [" + elsewhere + "]";
    } else if (const std::string_view meant = nearest(name, names); !meant.empty()) {
      remedy = "did you mean " + std::string(meant) + "?";
    }
    problems_.error(key.source().begin, std::string(section.name) + '.' + escape_octets(key.str(), 60), "",
                    "no such key", remedy);
  }

  void unknown_section(const toml::key& key, const std::string& name, const toml::node& node) {
    std::vector<std::string_view> names;
    for (const Section& section : config_sections()) {
      names.push_back(section.name);
    }
    const bool is_section = node.is_table() || node.is_array_of_tables();
    std::string remedy = "there are: " + join(names);
    if (const std::string_view hint = hint_about(name, ""); is_section && !hint.empty()) {
      remedy = hint;
    } else if (const std::string_view meant = nearest(name, names); is_section && !meant.empty()) {
      remedy = "did you mean " + std::string(meant) + "?";
    } else if (const std::string has = section_that_has(name); !is_section && !has.empty()) {
      remedy = "write it below [" + has + "]";
    }
    problems_.error(key.source().begin, escape_octets(key.str(), 60), "",
                    is_section ? "no such section" : "no such key outside a section", remedy);
  }

  Problems& problems_;
  const control::radius::ReadFile& read_dictionary_;
  Places places_;
  Config config_;
  std::optional<Config> in_force_;
};

}  // namespace

ReadConfig read_config(const toml::table& document, const control::radius::ReadFile& read_dictionary,
                       const Config* running, Problems& problems) {
  Reader reader(problems, read_dictionary);
  reader.read(document);
  if (running != nullptr) {
    reader.read_against(*running);
  }
  return std::move(reader).result();
}

}  // namespace adit::app
