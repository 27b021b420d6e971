// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/config.hpp"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <expected>
#include <iterator>

#include "app/aditd/config/check.hpp"
#include "app/aditd/config/rates.hpp"
#include "app/aditd/config/schema.hpp"
#include "app/escape.hpp"
#include "app/regular_file.hpp"
#include "controlplane/auth/chap_secrets.hpp"
#include "crypto/secret.hpp"

namespace adit::app {
namespace {

constexpr off_t kMaxConfigOctets = off_t{1} << 20;
constexpr off_t kMaxSecretsOctets = off_t{256} << 20;  // four million users
constexpr off_t kMaxDictionaryOctets = off_t{8} << 20;
constexpr toml::source_position kNowhere{0, 0};

std::string with_hyphens(std::string_view key) {
  std::string out(key);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

std::string in_brackets(const Section& section) {
  return (section.repeated ? "[[" : "[") + std::string(section.name) + (section.repeated ? "]]" : "]");
}

// Every key name of the schema with its section, for suggestions across sections.
template <typename Visit>
void for_each_key(const Visit& visit) {
  for_each_key_table([&](const auto& keys) {
    for (const auto& key : keys) {
      visit(key.section, key.name);
    }
  });
}

std::vector<std::string_view> keys_of(std::string_view section) {
  std::vector<std::string_view> names;
  for_each_key([&](std::string_view of, std::string_view name) {
    if (of == section) {
      names.push_back(name);
    }
  });
  return names;
}

// A key that exists, but not here; empty when it exists nowhere.
std::string section_that_has(std::string_view name) {
  std::string found;
  for_each_key([&](std::string_view section, std::string_view candidate) {
    if (candidate == name && found.empty()) {
      found = section;
    }
  });
  return found;
}

std::string join(std::span<const std::string_view> words) {
  std::string text;
  for (const std::string_view word : words) {
    text += (text.empty() ? "" : ", ") + std::string(word);
  }
  return text;
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
      } else if (section->repeated) {
        read_repeated(*section, node);
      } else if (const toml::table* table = node.as_table()) {
        read_table(name, name, config_keys(), *table, config_);
      } else {
        problems_.error(node.source().begin, name, show_node(node), "is not a section",
                        "write " + in_brackets(*section));
        places_.note_bad(name);
      }
    }
    for (dataplane::PortSettings& port : config_.ports) {
      if (port.name.empty()) {
        // "0000:01:00.0" is no name for the interface that the kernel's part in it needs.
        port.name = !port.interface.empty()                         ? port.interface
                    : InterfaceKind::accepts(port.device)            ? port.device
                                                                     : "adit-" + std::string(to_text(port.role));
      }
    }
    if (config_.nas.address.is_none() && !config_.bind.empty()) {
      config_.nas.address = config_.bind.front();
    }
    for (control::radius::ServerSettings& server : config_.radius.servers) {
      if (server.name.empty()) {
        server.name = wire::to_string(server.address);
      }
    }
    for (control::radius::DaeClientSettings& client : config_.dae.clients) {
      if (client.name.empty()) {
        client.name = wire::to_string(client.address);
      }
    }
    resolve_rates(config_, places_, read_dictionary_, problems_);
    check_config(config_, places_, problems_);
  }

  [[nodiscard]] Config& config() { return config_; }

 private:
  // `place` is the section's name, with the table's number in a repeated one.
  template <typename Target>
  void read_table(const std::string& section, const std::string& place, std::span<const Key<Target>> keys,
                  const toml::table& table, Target& target) {
    for (const auto& [key, node] : table) {
      const std::string name = with_hyphens(key.str());
      const auto found = std::find_if(keys.begin(), keys.end(), [&](const Key<Target>& k) {
        return k.section == section && k.name == name;
      });
      if (found == keys.end()) {
        unknown_key(section, key, name);
      } else if (!places_.note(place + '.' + name, node)) {
        problems_.error(key.source().begin, section + '.' + name, "", "is there twice, with - and with _",
                        "keep one of them");
      } else if (const std::optional<Complaint> complaint = found->read(node, target)) {
        const toml::node& at = complaint->at == nullptr ? node : *complaint->at;
        problems_.error(at.source().begin, section + '.' + name, complaint->secret ? "" : show_node(at),
                        complaint->wrong, complaint->remedy);
        places_.note_bad(place + '.' + name);
      }
    }
  }

  void read_repeated(const Section& section, const toml::node& node) {
    const toml::array* tables = node.as_array();
    if (tables == nullptr || !tables->is_homogeneous(toml::node_type::table)) {
      problems_.error(node.source().begin, section.name, node.is_table() ? "" : show_node(node),
                      "is not a list of tables", "write " + in_brackets(section) + " above each of them");
      places_.note_bad(std::string(section.name));
      return;
    }
    std::size_t index = 0;
    for (const toml::node& element : *tables) {
      const std::string place = std::string(section.name) + '.' + std::to_string(index++);
      places_.note(place, element);
      if (section.name == "port") {
        read_table(std::string(section.name), place, port_keys(), *element.as_table(),
                   config_.ports.emplace_back());
      } else if (section.name == "radius-server") {
        read_table(std::string(section.name), place, radius_server_keys(), *element.as_table(),
                   config_.radius.servers.emplace_back());
      } else if (section.name == "dae-client") {
        read_table(std::string(section.name), place, dae_client_keys(), *element.as_table(),
                   config_.dae.clients.emplace_back());
      } else if (section.name == "radius-rate") {
        read_table(std::string(section.name), place, radius_rate_keys(), *element.as_table(),
                   config_.radius_rates.emplace_back());
      } else {
        read_table(std::string(section.name), place, pool_keys(), *element.as_table(),
                   config_.control.ip.pools.emplace_back());
      }
    }
  }

  void unknown_key(const std::string& section, const toml::key& key, const std::string& name) {
    const std::vector<std::string_view> names = keys_of(section);
    std::string remedy = "there are: " + join(names);
    if (const std::string_view meant = nearest(name, names); !meant.empty()) {
      remedy = "did you mean " + std::string(meant) + "?";
    } else if (const std::string elsewhere = section_that_has(name); !elsewhere.empty()) {
      remedy = "it belongs to [" + elsewhere + "]";
    }
    problems_.error(key.source().begin, section + '.' + escape_octets(key.str(), 60), "", "no such key",
                    remedy);
  }

  void unknown_section(const toml::key& key, const std::string& name, const toml::node& node) {
    std::vector<std::string_view> names;
    for (const Section& section : config_sections()) {
      names.push_back(section.name);
    }
    const bool is_section = node.is_table() || node.is_array_of_tables();
    std::string remedy = "there are: " + join(names);
    if (const std::string_view meant = nearest(name, names); is_section && !meant.empty()) {
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
};

/// What the data plane must know of the control plane's settings.
void complete_data_plane(Config& config) {
  const control::PppSettings& ppp = config.control.ppp;
  config.data_plane.gateway = config.control.ip.gateway;
  config.data_plane.stateful_mppe =
      ppp.mppe != control::MppePolicy::kDeny && ppp.mppe_stateful != control::StatefulPolicy::kDeny;
}

ConfigResult finish(Config&& config, Problems& problems) {
  ConfigResult result;
  complete_data_plane(config);
  if (!problems.any_error()) {
    result.config = std::move(config);
  }
  result.problems = problems.take();
  return result;
}

void check_secrets_file(const Config& config, Problems& problems) {
  const std::string shown = '"' + escape_octets(config.chap_secrets) + '"';
  constexpr std::string_view kKey = "chap-secrets.chap-secrets";
  std::expected<std::string, FileError> text =
      read_regular_file(config.chap_secrets, kMaxSecretsOctets, "aditd");
  if (!text) {
    problems.error(kNowhere, kKey, shown, text.error().wrong, text.error().remedy);
    return;
  }
  struct stat status{};
  if (::stat(config.chap_secrets.c_str(), &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    problems.warning(kNowhere, kKey, shown, "is open to every user of this machine", "chmod 600 it");
  }
  const auto secrets = control::parse_chap_secrets(*text);
  crypto::wipe(text->data(), text->size());
  if (!secrets) {
    problems.error(kNowhere, kKey, shown, secrets.error(), "");
    return;
  }
  for (const std::string& note : secrets->notes) {
    problems.warning(kNowhere, kKey, shown, note, "");
  }
  if (secrets->entries.empty()) {
    problems.warning(kNowhere, kKey, shown, "has no user", "write a line for each: user * password *");
  }
}

void check_machine(const Config& config, Problems& problems) {
  check_secrets_file(config, problems);
  if (!config.cli.group.empty() && ::getgrnam(config.cli.group.c_str()) == nullptr) {
    problems.error(kNowhere, "cli.group", '"' + config.cli.group + '"', "no such group on this machine",
                   "create it (groupadd --system), or leave the key out");
  }
}

std::expected<std::optional<std::string>, std::string> read_dictionary(const std::string& path) {
  if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) {
    return std::nullopt;
  }
  auto text = read_regular_file(path, kMaxDictionaryOctets, "aditd");
  if (!text) {
    return std::unexpected(text.error().wrong + "; " + text.error().remedy);
  }
  return std::move(*text);
}

}  // namespace

ConfigResult parse_config(std::string_view toml, std::string_view name) {
  return parse_config(toml, name, [](const std::string&) { return std::nullopt; });
}

ConfigResult parse_config(std::string_view toml, std::string_view name,
                          const control::radius::ReadFile& read) {
  Problems problems(name);
  toml::table document;
  try {
    document = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    problems.error(error.source().begin, "TOML", "", escape_octets(error.description()),
                   "see https://toml.io");
    return finish(Config(), problems);
  }
  Reader reader(problems, read);
  reader.read(document);
  return finish(std::move(reader.config()), problems);
}

ConfigResult load_config(const std::string& path) {
  const std::expected<std::string, FileError> text = read_regular_file(path, kMaxConfigOctets, "aditd");
  if (!text) {
    Problems problems(path);
    problems.error(kNowhere, "config file", "", text.error().wrong,
                   text.error().remedy + " with --config FILE (aditd --sample-config prints a complete one)");
    return finish(Config(), problems);
  }
  ConfigResult result = parse_config(*text, path, read_dictionary);
  if (result.config) {
    Problems problems(path);
    check_machine(*result.config, problems);
    if (problems.any_error()) {
      result.config.reset();
    }
    std::vector<ConfigProblem> more = problems.take();
    std::move(more.begin(), more.end(), std::back_inserter(result.problems));
  }
  return result;
}

}  // namespace adit::app
