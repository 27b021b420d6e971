// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/config.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <expected>
#include <iterator>

#include "app/aditd/config/eap_credentials.hpp"
#include "app/aditd/config/machine.hpp"
#include "app/aditd/config/private_file.hpp"
#include "app/aditd/config/reader.hpp"
#include "app/aditd/config/section.hpp"
#include "app/config_values.hpp"
#include "app/escape.hpp"
#include "app/regular_file.hpp"
#include "app/toml_syntax.hpp"
#include "crypto/secret.hpp"

namespace adit::app {
namespace {

constexpr off_t kMaxConfigOctets = off_t{1} << 20;
constexpr off_t kMaxSecretsOctets = off_t{256} << 20;  // four million users
constexpr off_t kMaxPasswordOctets = off_t{1} << 20;
constexpr off_t kMaxDictionaryOctets = off_t{8} << 20;
constexpr std::size_t kMaxPasswordFiles = 10;  // whose access is checked; each may be a line of the output
constexpr toml::source_position kNowhere{0, 0};
constexpr std::string_view kSecretsKey = "chap-secrets.chap-secrets";

ConfigResult finish(ReadConfig&& read, Problems& problems) {
  ConfigResult result;
  if (!problems.any_error()) {
    result.config = std::move(read.config);
    result.in_force = std::move(read.in_force);
    result.sheet = std::move(read.sheet);
  }
  result.problems = problems.take();
  return result;
}

toml::source_position secrets_place(const Sheet& sheet) {
  return place_of(sheet, "chap-secrets", "chap-secrets");
}

void check_files(const ConfigResult& read, const std::string& path, Problems& problems) {
  const Config& config = *read.config;
  const PrivateFile own{.path = path, .key = "config file", .holds = "has secrets"};
  const PrivateFile secrets{.path = config.chap_secrets,
                            .key = kSecretsKey,
                            .holds = "has secrets",
                            .at = secrets_place(read.sheet)};
  check_readable(own, config, problems);
  check_readable(secrets, config, problems);
  if (!config.radius.servers.empty() || !config.dae.clients.empty()) {
    check_access(own, config, problems);
  }
  check_access(secrets, config, problems);
  if (!config.spool.file.empty()) {
    check_access({.path = config.spool.file,
                  .key = "radius.spool",
                  .holds = "has names and Class of subscribers",
                  .at = place_of(read.sheet, "radius", "spool"),
                  .written = true},
                 config, problems);
  }
}

/// The files that chap-secrets names, and the first of them for check_access().
class PasswordFiles {
 public:
  std::expected<std::string, std::string> read(const std::string& path) {
    std::expected<std::string, FileError> text = read_regular_file(path, kMaxPasswordOctets, "aditd");
    if (!text) {
      return std::unexpected(std::move(text.error().wrong));
    }
    if (found_.size() < kMaxPasswordFiles) {
      found_.push_back(path);
    }
    return std::move(*text);
  }
  [[nodiscard]] const std::vector<std::string>& found() const { return found_; }

 private:
  std::vector<std::string> found_;
};

control::SecretsReading secrets_reading(const Config& config, PasswordFiles& files) {
  control::SecretsReading reading{.dialect = config.chap_secrets_dialect,
                                  .encrypted = config.chap_secrets_encrypted,
                                  .server = config.control.auth.challenge_name,
                                  .read_file = [&](const std::string& path) { return files.read(path); }};
  for (const control::PoolSettings& pool : config.control.ip.pools) {
    reading.pools.insert(pool.name);
  }
  return reading;
}

std::string secrets_shown(const Config& config) {
  return '"' + escape_octets(config.chap_secrets) + '"';
}

/// Empty when the file cannot be used. `running`: none at a start. No reload locks everybody out: one whose chap-secrets
/// have lines of which none lets anybody in (they have yet to become what `encrypted` or the dialect says) is refused.
control::ParsedUsers read_users(const Config& config, const Sheet& sheet, const Config* running,
                                Problems& problems) {
  const toml::source_position at = secrets_place(sheet);
  const std::string shown = secrets_shown(config);
  std::expected<std::string, FileError> text =
      read_regular_file(config.chap_secrets, kMaxSecretsOctets, "aditd");
  if (!text) {
    problems.error(at, kSecretsKey, shown, text.error().wrong, text.error().remedy);
    return {};
  }
  PasswordFiles files;
  control::ParsedUsers users = control::parse_users(*text, secrets_reading(config, files));
  // Some line of it may look like a user's all the same.
  const auto foreign = users.users.size() <= users.notes.size() ? foreign_file(*text) : std::nullopt;
  crypto::wipe(text->data(), text->size());
  const bool asked = running != nullptr && running->auth_order != AuthOrder::kRadius;
  if (foreign) {
    const std::string wrong = "is " + std::string(foreign->what) + ", not a chap-secrets";
    constexpr std::string_view kRemedy = "write a line for each user: user * password *";
    asked ? problems.error(at, kSecretsKey, shown, wrong, kRemedy)
          : problems.warning(at, kSecretsKey, shown, wrong, kRemedy);
    return {};
  }
  warn_of_secrets(config, sheet, users.notes, problems);
  if (users.users.size() == 0 && asked && !users.notes.empty()) {
    problems.error(at, kSecretsKey, shown, "has lines, and no user who can log in",
                   "write it as auth.chap-secrets-dialect and chap-secrets.encrypted say, then reload");
  } else if (users.users.size() == 0) {
    problems.warning(at, kSecretsKey, shown, "has no user who can log in",
                     "write a line for each: user * password *");
  }
  for (const std::string& file : files.found()) {
    check_access({.path = file, .key = kSecretsKey, .holds = "has a password"}, config, problems);
  }
  return users;
}

void check_group(const ConfigResult& read, Problems& problems) {
  const CliSettings& cli = read.config->cli;
  for (const auto& [key, group] :
       {std::pair("group", cli.group), std::pair("read-only-group", cli.read_only_group)}) {
    if (!group.empty() && ::getgrnam(group.c_str()) == nullptr) {
      problems.error(place_of(read.sheet, "cli", key), "cli." + std::string(key), quoted_text(group),
                     "no such group on this machine", "create it (groupadd --system), or leave the key out");
    }
  }
}

void check_user(const ConfigResult& read, Problems& problems) {
  const std::string& user = read.config->core.user;
  if (!user.empty() && ::getpwnam(user.c_str()) == nullptr) {
    problems.error(place_of(read.sheet, "core", "user"), "core.user", quoted_text(user),
                   "no such user on this machine", "create it (useradd --system), or leave the key out");
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

/// Whose file it is, if not ours; else the line that is no TOML.
void tell_syntax(std::string_view text, const toml::parse_error& error, Problems& problems) {
  auto foreign = foreign_file(text);
  if (!foreign) {
    foreign = secrets_file(text);
  }
  if (foreign) {
    problems.error({foreign->line, 1}, "config file", "", "is " + std::string(foreign->what),
                   foreign->instead);
    return;
  }
  const SyntaxMistake mistake = explain(text, error);
  const std::string_view hint = hint_about(mistake.section, mistake.key);
  problems.error(mistake.at, mistake.name(), "", mistake.wrong, hint.empty() ? mistake.remedy : hint);
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

ConfigResult parse_config(std::string_view toml, std::string_view name, const control::radius::ReadFile& read,
                          const Config* running) {
  Problems problems(name);
  toml::table document;
  try {
    document = toml::parse(toml);
  } catch (const toml::parse_error& error) {
    tell_syntax(toml, error, problems);
    return finish({}, problems);
  }
  ReadConfig config = read_config(document, read, running, problems);
  wipe_texts(document);
  return finish(std::move(config), problems);
}

ConfigResult load_config(const std::string& path, const LoadOptions& options) {
  std::expected<std::string, FileError> text = read_regular_file(path, kMaxConfigOctets, "aditd");
  if (!text) {
    Problems problems(path);
    problems.error(kNowhere, "config file", "", text.error().wrong,
                   text.error().remedy + " with --config FILE (aditd --sample-config prints a complete one)");
    return finish({}, problems);
  }
  ConfigResult result = parse_config(*text, path, read_dictionary, options.running);
  crypto::wipe(text->data(), text->size());
  if (!result.config) {
    return result;
  }
  Problems problems(path);
  const Config& config = *result.config;
  result.users = read_users(result.in_force.value_or(config), result.sheet, options.running, problems);
  result.tls =
      read_eap_credentials(config, result.sheet, result.in_force ? &*result.in_force : nullptr, problems);
  check_files(result, path, problems);
  check_group(result, problems);
  check_user(result, problems);
  const bool right = !problems.any_error();
  if (options.machine) {
    result.starts_here =
        check_machine(config, result.sheet, result.users.users, options.machine(config), options, problems);
  }
  if (!right) {
    result.config.reset();
  }
  std::vector<ConfigProblem> more = problems.take();
  std::move(more.begin(), more.end(), std::back_inserter(result.problems));
  return result;
}

void warn_of_secrets(const Config& config, const Sheet& sheet, const std::vector<control::SecretNote>& notes,
                     Problems& problems) {
  for (const control::SecretNote& note : notes) {
    problems.warning(secrets_place(sheet), kSecretsKey, secrets_shown(config),
                     escape_octets(note.wrong, note.wrong.size()), note.remedy);
  }
}

std::optional<Account> account_of(const Config& config) {
  auto account = find_account(config.core.user.empty() ? "adit" : config.core.user);
  return account && account->uid != 0 ? account : std::nullopt;
}

std::string errors_of(const std::vector<ConfigProblem>& problems) {
  std::string errors;
  for (const ConfigProblem& problem : problems) {
    if (!problem.warning) {
      errors += (errors.empty() ? "" : "\n") + problem.line;
    }
  }
  return errors;
}

}  // namespace adit::app
