// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

void complete_radius_servers(Config& config) {
  for (control::radius::ServerSettings& server : config.radius.servers) {
    if (server.name.empty()) {
      server.name = wire::to_string(server.address);
    }
  }
}

}  // namespace

Section radius_server_section() {
  return {
      .name = "radius-server",
      .help = "RADIUS servers: one table per server.",
      .optional = true,
      .tables = ADIT_TABLES(radius.servers),
      .complete = &complete_radius_servers,
      .keys = {
          ADIT_KEY(kNow, "name", "", radius.servers.back().name, (TextKind{0, 31}),
                   "What logs and `adit show radius` call it. Empty: its address."),
          ADIT_KEY(kNow, "address", "\"192.0.2.10\"", radius.servers.back().address, (Ipv4Kind{true, true}),
                   "Where it is."),
          ADIT_KEY(kNow, "secret", "\"shared with that server\"", radius.servers.back().secret,
                   SecretKind{255},
                   "The secret that is shared with it. Keep this file root:adit, mode 0640 then."),
          ADIT_KEY(kNow, "auth-port", "", radius.servers.back().auth_port,
                   (NumberKind<std::uint16_t>{0, 65'535}),
                   "Its port for authentication. 0: not used for that."),
          ADIT_KEY(kNow, "acct-port", "", radius.servers.back().acct_port,
                   (NumberKind<std::uint16_t>{0, 65'535}), "Its port for accounting. 0: not used for that."),
          ADIT_KEY(kNow, "priority", "", radius.servers.back().priority, (NumberKind<std::uint32_t>{0, 1000}),
                   "The servers of the lowest number are used as long as one of them answers."),
          ADIT_KEY(kNow, "weight", "", radius.servers.back().weight, (NumberKind<std::uint32_t>{1, 1000}),
                   "Its share among servers of the same priority."),
          ADIT_KEY(
              kNow, "require-message-authenticator", "", radius.servers.back().must_sign, BoolKind{},
              "Refuse replies to logins without Message-Authenticator as their first attribute (BlastRADIUS, "
              "CVE-2024-3596)."),
      }};
}

namespace {

using control::radius::ServerSettings;

/// Which service both are asked for at one place; 0: none.
std::uint16_t shared_port(const ServerSettings& a, const ServerSettings& b) {
  if (a.address != b.address || a.address.is_none()) {
    return 0;
  }
  return a.auth_port == b.auth_port && a.auth_port != 0 ? a.auth_port
         : a.acct_port == b.acct_port                   ? a.acct_port
                                                        : std::uint16_t{0};
}

/// One server in two tables fails twice as fast, and is asked in vain twice; of one name, nobody can tell two apart.
void check_twins(const Config& config, std::size_t index, const Places& places, Problems& problems) {
  const ServerSettings& server = config.radius.servers[index];
  const std::string place = "radius-server." + std::to_string(index);
  for (std::size_t i = 0; i < index; ++i) {
    const ServerSettings& other = config.radius.servers[i];
    if (const std::uint16_t port = shared_port(other, server); port != 0) {
      problems.warning(position(places, place + ".address"), "radius-server.address",
                       in_quotes(server.address),
                       "with port " + std::to_string(port) + " is another [[radius-server]] already",
                       "make one of them; weight says how much it is asked");
      return;
    }
    if (server.name == other.name && !server.address.is_none()) {
      const bool is_set = places.find(place + ".name") != nullptr;
      problems.warning(position(places, is_set ? place + ".name" : place), "radius-server.name",
                       in_quotes(server.name), "is another [[radius-server]]'s name already",
                       "give it a name of its own: logs, `adit show radius` and reloads go by it");
      return;
    }
  }
}

}  // namespace

void check_radius(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("radius-server") || !places.usable("auth.backend")) {
    return;
  }
  if (config.auth_order != AuthOrder::kLocal && config.radius.servers.empty()) {
    problems.error(position(places, "auth.backend"), "auth.backend",
                   config.auth_order == AuthOrder::kRadius ? "\"radius\"" : "\"radius-then-local\"",
                   "asks RADIUS, and there is no server",
                   "add a [[radius-server]], or set backend = \"local\"");
  }
  for (std::size_t i = 0; i < config.radius.servers.size(); ++i) {
    const auto& server = config.radius.servers[i];
    const std::string place = "radius-server." + std::to_string(i);
    if (server.address.is_none() && places.usable(place + ".address")) {
      problems.error(position(places, place), "radius-server.address", "", "missing",
                     "say where it is: address = \"192.0.2.10\"");
    }
    if (server.secret.empty() && places.usable(place + ".secret")) {
      problems.error(position(places, place), "radius-server.secret", "", "missing",
                     "give the secret that is shared with it");
    }
    check_twins(config, i, places, problems);
    if (!server.must_sign) {
      problems.warning(position(places, place + ".require-message-authenticator"),
                       "radius-server.require-message-authenticator", "false",
                       "lets whoever is on the way forge an acceptance (BlastRADIUS)",
                       "have the server send Message-Authenticator, and set it to true");
    }
  }
}

}  // namespace adit::app
