// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/config.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <expected>
#include <iterator>

#include "app/aditd/config/own_networks.hpp"
#include "app/aditd/config/reader.hpp"
#include "app/escape.hpp"
#include "app/regular_file.hpp"
#include "crypto/secret.hpp"

namespace adit::app {
namespace {

constexpr off_t kMaxConfigOctets = off_t{1} << 20;
constexpr off_t kMaxSecretsOctets = off_t{256} << 20;  // four million users
constexpr off_t kMaxDictionaryOctets = off_t{8} << 20;
constexpr toml::source_position kNowhere{0, 0};

ConfigResult finish(Config&& config, Problems& problems) {
  ConfigResult result;
  if (!problems.any_error()) {
    result.config = std::move(config);
  }
  result.problems = problems.take();
  return result;
}

bool is_trusted(uid_t owner, const Config& config) {
  const passwd* user = ::getpwnam(config.core.user.empty() ? "adit" : config.core.user.c_str());
  return owner == 0 || owner == ::geteuid() || (user != nullptr && owner == user->pw_uid);
}

/// Warns when somebody else than root, aditd and the file's group may read or change a file that has secrets.
void check_access(const std::string& path, std::string_view key, const Config& config, Problems& problems) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return;
  }
  const std::string name = escape_octets(path);
  if (const auto others = status.st_mode & S_IRWXO; others != 0) {
    char mode[8] = {};
    std::snprintf(mode, sizeof mode, "%04o", static_cast<unsigned>(status.st_mode) & 07777U);
    problems.warning(kNowhere, key, '"' + name + '"',
                     "has secrets and is open to every user of this machine (mode " + std::string(mode) + ")",
                     "do: chmod o= " + name);
  }
  if (!is_trusted(status.st_uid, config)) {
    problems.warning(kNowhere, key, '"' + name + '"',
                     "has secrets and belongs to user " + std::to_string(status.st_uid),
                     "do: chown root " + name);
  }
}

void check_files(const Config& config, const std::string& path, Problems& problems) {
  if (!config.radius.servers.empty() || !config.dae.clients.empty()) {
    check_access(path, "config file", config, problems);
  }
  check_access(config.chap_secrets, "chap-secrets.chap-secrets", config, problems);
  if (!config.spool.file.empty()) {
    check_access(config.spool.file, "radius.spool", config, problems);
  }
}

/// Empty when the file cannot be used.
control::ParsedUsers read_users(const Config& config, std::string_view server, Problems& problems) {
  const std::string shown = '"' + escape_octets(config.chap_secrets) + '"';
  constexpr std::string_view kKey = "chap-secrets.chap-secrets";
  std::expected<std::string, FileError> text =
      read_regular_file(config.chap_secrets, kMaxSecretsOctets, "aditd");
  if (!text) {
    problems.error(kNowhere, kKey, shown, text.error().wrong, text.error().remedy);
    return {};
  }
  auto users = control::parse_users(*text, server);
  crypto::wipe(text->data(), text->size());
  if (!users) {
    problems.error(kNowhere, kKey, shown, users.error(), "");
    return {};
  }
  for (const std::string& note : users->notes) {
    problems.warning(kNowhere, kKey, shown, escape_octets(note), "");
  }
  if (users->users.size() == 0) {
    problems.warning(kNowhere, kKey, shown, "has no user", "write a line for each: user * password *");
  }
  return std::move(*users);
}

void check_group(const Config& config, Problems& problems) {
  if (!config.cli.group.empty() && ::getgrnam(config.cli.group.c_str()) == nullptr) {
    problems.error(kNowhere, "cli.group", '"' + config.cli.group + '"', "no such group on this machine",
                   "create it (groupadd --system), or leave the key out");
  }
}

void check_user(const Config& config, Problems& problems) {
  if (!config.core.user.empty() && ::getpwnam(config.core.user.c_str()) == nullptr) {
    problems.error(kNowhere, "core.user", '"' + config.core.user + '"', "no such user on this machine",
                   "create it (useradd --system), or leave the key out");
  }
}

/// Overwrites every text of the document: [[radius-server]] secret is one.
void wipe_texts(toml::node& node) {
  if (auto* text = node.as_string()) {
    crypto::wipe(text->get().data(), text->get().size());
  } else if (auto* table = node.as_table()) {
    for (auto&& [key, value] : *table) {
      wipe_texts(value);
    }
  } else if (auto* array = node.as_array()) {
    for (toml::node& value : *array) {
      wipe_texts(value);
    }
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
  Config config = read_config(document, read, problems);
  wipe_texts(document);
  return finish(std::move(config), problems);
}

ConfigResult load_config(const std::string& path, const std::optional<std::string>& server) {
  std::expected<std::string, FileError> text = read_regular_file(path, kMaxConfigOctets, "aditd");
  if (!text) {
    Problems problems(path);
    problems.error(kNowhere, "config file", "", text.error().wrong,
                   text.error().remedy + " with --config FILE (aditd --sample-config prints a complete one)");
    return finish(Config(), problems);
  }
  ConfigResult result = parse_config(*text, path, read_dictionary);
  crypto::wipe(text->data(), text->size());
  if (result.config) {
    Problems problems(path);
    const Config& config = *result.config;
    result.users = read_users(config, server.value_or(config.control.auth.challenge_name), problems);
    check_files(config, path, problems);
    check_group(config, problems);
    check_user(config, problems);
    check_own_networks(config, interface_addresses(), problems);
    if (problems.any_error()) {
      result.config.reset();
    }
    std::vector<ConfigProblem> more = problems.take();
    std::move(more.begin(), more.end(), std::back_inserter(result.problems));
  }
  return result;
}

std::string errors_of(const std::vector<ConfigProblem>& problems) {
  std::string errors;
  for (const ConfigProblem& problem : problems) {
    if (!problem.warning) {
      errors += (errors.empty() ? "" : "; ") + problem.line;
    }
  }
  return errors;
}

}  // namespace adit::app
