// SPDX-License-Identifier: Apache-2.0
// The sections of adit.toml. Each has a file, sections/: its keys, one per row; how omitted values are
// derived; and the checks across keys. Reading, suggestions for misspelt keys, the packaged sample and its
// test all come from these rows. Thread: control, at start-up.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/aditd/config/config.hpp"
#include "app/config_key.hpp"
#include "app/config_problems.hpp"
#include "app/config_values.hpp"

namespace adit::app {

/// The list that a repeated section fills, an element for each table.
struct Tables {
  std::size_t (*count)(const Config&) = nullptr;
  void (*resize)(Config&, std::size_t) = nullptr;
};
#define ADIT_TABLES(list)                                  \
  {.count = [](const Config& c) { return c.list.size(); }, \
   .resize = [](Config& c, std::size_t count) { c.list.resize(count); }}

struct Section {
  std::string_view name;
  std::string_view help{};
  std::string_view more{};              ///< extra tables of a repeated section, for the sample
  bool optional = false;                ///< the sample comments out the whole section
  Tables tables{};                      ///< of [[name]]
  void (*complete)(Config&) = nullptr;  ///< derives omitted values once all sections are read
  std::vector<Key<Config>> keys;

  [[nodiscard]] bool repeated() const { return tables.resize != nullptr; }
  /// Adds what the next table fills: keys' accessors name the last one.
  void add_table(Config& config) const { tables.resize(config, tables.count(config) + 1); }
};

/// In sample order.
[[nodiscard]] std::span<const Section> config_sections();

// A row of Section::keys: what a reload does with it (ReloadEffect), name, value in the sample ("": commented out, with its default), field of Config,
// kind (see config_values.hpp), help.
#define ADIT_KEY(effect, name, example, field, kind, help) \
  with_effect(ReloadEffect::effect,                        \
              key<Config>("", name, example, [](Config& c) -> auto& { return c.field; }, kind, help))

// Kinds shared by several sections. RFC 2637 §2.2: Host Name and Vendor String hold 63 characters and a NUL.
inline constexpr TextKind kPptpName{1, 63};
inline constexpr NumberKind<std::uint32_t> kCount{1, 10'000'000};
inline constexpr std::size_t kMaxPath = 4095;
inline const ChoiceKind<bool> kAllowDeny{{{"deny", false}, {"allow", true}}};

[[nodiscard]] Section core_section();
[[nodiscard]] Section common_section();
[[nodiscard]] Section dpdk_section();
[[nodiscard]] Section port_section();
[[nodiscard]] Section pptp_section();
[[nodiscard]] Section ppp_section();
[[nodiscard]] Section auth_section();
[[nodiscard]] Section eap_section();
[[nodiscard]] Section chap_secrets_section();
[[nodiscard]] Section radius_section();
[[nodiscard]] Section radius_server_section();
[[nodiscard]] Section dae_client_section();
[[nodiscard]] Section radius_rate_section();
[[nodiscard]] Section ip_section();
[[nodiscard]] Section ip_pool_section();
[[nodiscard]] Section dns_section();
[[nodiscard]] Section wins_section();
[[nodiscard]] Section ipv6_section();
[[nodiscard]] Section ipv6_pool_section();
[[nodiscard]] Section mss_section();
[[nodiscard]] Section routes_section();
[[nodiscard]] Section shaper_section();
[[nodiscard]] Section cli_section();
[[nodiscard]] Section log_section();

/// What an operator who comes from accel-ppp is told about a key of its that is not one of ours, or about a section if
/// `key` is "". Empty: nothing is known of it.
[[nodiscard]] std::string_view hint_about(std::string_view section, std::string_view key);

/// A file that is somebody else's: what it is, by which line, and where it belongs.
struct Foreign {
  std::uint32_t line = 0;
  std::string_view what;
  std::string_view instead;
};
/// Of a text that is no adit.toml; none: it is nothing that we know.
[[nodiscard]] std::optional<Foreign> foreign_file(std::string_view text);
/// The same for chap-secrets, which are ours elsewhere.
[[nodiscard]] std::optional<Foreign> secrets_file(std::string_view text);

/// `config`, with what only the next start reads as it is in `running`: what a reload of `config` makes of a process that
/// runs with `running`.
[[nodiscard]] Config in_force(Config config, const Config& running);

/// "now", "for new calls", "at the next start".
[[nodiscard]] std::string_view to_text(ReloadEffect effect);

/// `config` as read, key by key. `places` of the file's keys.
[[nodiscard]] Sheet make_sheet(const Config& config, const Places& places);

/// The checks that no single key can make: missing, contradictory, overlapping values. Depends only on its
/// arguments.
void check_config(const Config& config, const Places& places, Problems& problems);

using Check = void(const Config& config, const Places& places, Problems& problems);
Check check_bind, check_connections, check_ports, check_auth, check_eap, check_radius, check_radius_times,
    check_nas, check_spool, check_dae, check_mppe, check_mppc, check_mtu, check_pools, check_ipv6,
    check_timers;

[[nodiscard]] std::string in_quotes(std::string_view text);
[[nodiscard]] std::string in_quotes(wire::Ipv4Address address);

}  // namespace adit::app
