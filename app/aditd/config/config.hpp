// SPDX-License-Identifier: Apache-2.0
// adit.toml: what an operator may set, and how it is read and checked. The result is a complete Config or a
// list of one-line problems; nothing is half applied. The keys are rows in sections/.
// Section and key names follow accel-ppp.conf where meanings agree; `-` and `_` are the same in keys.
// Thread: control, at start-up. Owner: main.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/aditd/config/sheet.hpp"
#include "app/config_problems.hpp"
#include "app/host/process/privileges.hpp"
#include "app/host/process/system_call_filter.hpp"
#include "controlplane/auth/user_table.hpp"
#include "controlplane/base/settings.hpp"
#include "controlplane/radius/dictionary.hpp"
#include "controlplane/radius/rates.hpp"
#include "controlplane/radius/settings.hpp"
#include "crypto/tls/tls_credentials.hpp"
#include "dataplane/base/settings.hpp"
#include "dataplane/ports/ports.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::app {

inline constexpr std::string_view kDefaultConfigPath = "/etc/adit/adit.toml";
inline constexpr std::string_view kDefaultSocketPath = "/run/adit/adit.sock";

/// auto: used when there are enough, else --no-huge with a warning.
enum class HugepagePolicy : std::uint8_t { kAuto, kNever, kRequire };
enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

struct CoreSettings {         // [core]
  std::uint16_t workers = 0;  ///< 0: one per CPU available to aditd, less one for control
  std::string user;           ///< whom root's aditd becomes; empty: "adit", if there is such a user
  FilterMode system_call_filter = FilterMode::kEnforce;
};

struct DpdkSettings {            // [dpdk]
  std::vector<std::string> eal;  ///< more EAL arguments, before those after `--` on the command line
  HugepagePolicy hugepages = HugepagePolicy::kAuto;
};

/// Which subscriber routes go into the kernel's routing table.
enum class Announce : std::uint8_t { kOff, kPools, kSubscribers };

using control::AuthOrder;

struct CliSettings {  // [cli]
  std::string socket{kDefaultSocketPath};
  std::string group;  ///< empty: the socket is mode 0600; else it is 0660 and belongs to this group
  std::string read_only_socket{};  ///< empty: beside `socket`, adit-read.sock
  std::string read_only_group{};   ///< empty: as `group`, or aditd's own; it is mode 0660
};

struct LogSettings {  // [log]
  LogLevel level = LogLevel::kInfo;
  std::string file;          ///< empty: standard error
  std::string fail_file{};   ///< failures once more, for fail2ban; empty: none
  bool fail_syslog = false;  ///< failures once more, to syslog
  std::uint32_t max_per_second =
      1000;  ///< lines a second of one event name, and some a minute of one peer's failures; the rest
             ///< are only counted. 0: no limit
};

struct EapFiles {           // [eap]: EAP-TLS carried out here
  std::string certificate;  ///< ours, and the chain; these are PEM
  std::string private_key;
  std::string ca;   ///< of the users' certificates
  std::string crl;  ///< empty: none is revoked
  crypto::TlsVersion newest = crypto::TlsVersion::kTls12;
};

struct Config {
  control::Settings control;
  /// [common] max-sessions, [core] poll-mode, [mss], [ip] copy-dscp and subscriber-to-subscriber, [pptp]
  /// reorder*. The gateway and the room for stateful MPPE are derived from `control`.
  dataplane::Settings data_plane{.reorder = {.mode = contract::ReorderMode::kAdaptive}};
  std::vector<wire::Ipv4Address> bind;  ///< [pptp] bind: never empty, no duplicates, no 0.0.0.0
  std::uint16_t tcp_port = 1723;        ///< [pptp] port
  Announce announce = Announce::kOff;   ///< [routes] announce
  std::uint32_t accept_rate = 10'000;   ///< [pptp] accept-rate: new connections a second; 0: no limit
  std::uint32_t mppc_memory_mib = 256;  ///< [ppp] mppc-memory: for the histories of stateful MPPC
  std::optional<control::Ipv6Policy> ipv6_mode{};  ///< [ipv6] mode; none: it goes by whether there is a pool
  CoreSettings core;
  DpdkSettings dpdk;
  std::vector<dataplane::PortSettings> ports;  ///< at least one serves each side
  std::string chap_secrets = "/etc/adit/chap-secrets";
  control::SecretsDialect chap_secrets_dialect = control::SecretsDialect::kPppd;  ///< [auth]
  bool chap_secrets_encrypted = false;
  EapFiles eap_files;                                      ///< [eap] certificate, private-key, ca, crl
  AuthOrder auth_order = AuthOrder::kLocal;                ///< [auth] backend
  control::radius::ClientSettings radius;                  ///< [radius], [[radius-server]]
  control::radius::SpoolSettings spool;                    ///< [radius] spool, spool-records
  control::radius::DaeSettings dae;                        ///< [radius] dae-*, [[dae-client]]
  control::radius::NasSettings nas;                        ///< [radius] nas-identifier, nas-ip-address
  std::vector<std::string> radius_dictionaries;            ///< [radius] dictionary: files
  std::vector<control::radius::RateMapping> radius_rates;  ///< [[radius-rate]], or the default list
  CliSettings cli;
  LogSettings log;
};

struct ConfigResult {
  std::optional<Config> config;      ///< none when the file has an error
  std::optional<Config> in_force{};  ///< of a reload: the same, with what waits for the next start as it runs
  Sheet sheet{};                     ///< the same key by key
  bool starts_here = true;  ///< false: it is right, but aditd would not start with it on this machine
  std::vector<ConfigProblem> problems;
  control::ParsedUsers
      users;  ///< from chap-secrets, if load_config() read it; its notes are among `problems`
  std::shared_ptr<const crypto::TlsCredentials> tls{};  ///< of EapFiles, if EAP-TLS is carried out here
};

/// Parses TOML and checks everything that does not depend on this machine; the files of [radius] dictionary
/// come through `read`. `running`: see LoadOptions. `name` stands for the file in problems. Reports every problem, in file order; a TOML
/// syntax error ends the reading.
[[nodiscard]] ConfigResult parse_config(std::string_view toml, std::string_view name,
                                        const control::radius::ReadFile& read,
                                        const Config* running = nullptr);
/// For a configuration without dictionary files.
[[nodiscard]] ConfigResult parse_config(std::string_view toml, std::string_view name);

struct MachineFacts;  // config/machine.hpp

struct LoadOptions {
  /// A reload passes the running process's: what only the next start reads stays as it is there.
  const Config* running = nullptr;
  std::function<MachineFacts(const Config&)> machine{};  ///< asks the machine; none: it is not looked at
  bool must_start = false;  ///< what this machine lacks is an error, not a warning
  /// A reload passes what runs key by key: what the machine says against a key that the next start reads, and that the file
  /// leaves as it runs, is a warning: the rest can be applied all the same.
  const Sheet* runs = nullptr;
};

/// parse_config() on a file, then on the files that it names (chap-secrets must exist, be readable, and not
/// be readable by everyone), then on the machine. Needs crypto::initialise() first. Any thread.
[[nodiscard]] ConfigResult load_config(const std::string& path, const LoadOptions& options = {});

/// A warning for each note about chap-secrets.
void warn_of_secrets(const Config& config, const Sheet& sheet, const std::vector<control::SecretNote>& notes,
                     Problems& problems);

/// Whom root's aditd becomes; none: it stays root.
[[nodiscard]] std::optional<Account> account_of(const Config& config);

/// The errors among `problems`, a line each.
[[nodiscard]] std::string errors_of(const std::vector<ConfigProblem>& problems);

/// The complete commented sample, packaging/adit.toml: every key with its default and meaning.
[[nodiscard]] std::string sample_config();

/// adit.toml(5), in man(7).
[[nodiscard]] std::string config_manual();

}  // namespace adit::app
