// SPDX-License-Identifier: Apache-2.0
// The operator's RADIUS settings, with the defaults that apply without a config file. Immutable once handed
// over.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/base/settings.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/radius/attributes.hpp"
#include "crypto/secret.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control::radius {

struct NasSettings {                // [radius]
  std::string identifier = "adit";  ///< NAS-Identifier
  wire::Ipv4Address
      address{};  ///< NAS-IP-Address; none: the one that the client dialled (aditd: the first of pptp.bind)
  bool strip_realm = false;     ///< ask for "alice" where the peer says "alice@example.net"
  std::string default_realm{};  ///< ask for "alice@it" where no realm is left; empty: for "alice"
  bool serves_ipv6 = false;     ///< [ipv6] mode is another than "deny"
};

/// The name that servers are asked for, and that a session has unless they name it. Of EAP's packets it is the peer's own.
[[nodiscard]] inline std::string name_at_servers(const NasSettings& nas, std::string_view claimed) {
  const std::size_t at = claimed.find('@');
  const bool strip = nas.strip_realm && at != 0;  // a realm alone is a name
  std::string name(strip ? claimed.substr(0, at) : claimed);
  if (!nas.default_realm.empty() && (strip || at == std::string_view::npos)) {
    name += '@' + nas.default_realm;
  }
  return name;
}

struct ServerSettings {  // [[radius-server]]
  std::string name{};
  wire::Ipv4Address address{};
  crypto::SecretText secret{};
  std::uint16_t auth_port = 1812;  ///< 0: not for authentication
  std::uint16_t acct_port = 1813;  ///< 0: not for accounting
  std::uint32_t priority = 1;      ///< the live server with the lowest is used
  std::uint32_t weight = 1;        ///< share among equals
  bool must_sign = true;           ///< require Message-Authenticator in replies to Access-Requests
};

struct ClientSettings {  // [radius]
  std::vector<ServerSettings> servers{};
  Duration timeout = Duration{500};        ///< before an Access-Request is retransmitted
  Duration acct_timeout = Duration{3000};  ///< before an Accounting-Request is
  std::uint32_t tries = 3;                 ///< transmissions to one server
  Duration patience = Duration{3000};      ///< how long an Access-Request waits for an answer that is overdue
  std::uint32_t max_fail = 3;              ///< consecutive requests without any reply that make a server dead
  Duration dead_time = Duration{30000};    ///< how long a dead server gets nothing but Status-Server
  bool last_resort = false;          ///< logins go to dead servers too, if all are: nobody else has the users
  std::uint32_t lanes = 4;           ///< sockets for each server and service
  std::uint32_t max_waiting = 4096;  ///< requests of each service waiting for a free identifier
};

/// How long it takes until the last server has had its tries at an Access-Request, if all are silent and not known for
/// it. All of it has to be well inside [auth] timeout.
[[nodiscard]] inline Duration asking_time(const ClientSettings& settings) {
  return settings.tries * settings.timeout *
         std::ranges::count_if(settings.servers,
                               [](const ServerSettings& server) { return server.auth_port != 0; });
}

/// The same until no answer can come any more: the last one has patience.
[[nodiscard]] inline Duration longest_wait(const ClientSettings& settings) {
  const Duration tries = settings.tries * settings.timeout;
  return asking_time(settings) + std::max(settings.patience - tries, Duration{0});
}

/// How long chap-secrets wait for RADIUS: until the last server has been asked, which a slow one may need as well.
[[nodiscard]] inline Duration fallback_patience(const ClientSettings& settings) {
  return std::max(asking_time(settings), settings.patience);
}

/// Where nobody else can let a user in, a dead server is still asked. `order`: the one that runs.
[[nodiscard]] inline ClientSettings client_settings(ClientSettings settings, AuthOrder order) {
  settings.last_resort = order == AuthOrder::kRadius;
  return settings;
}

/// True when a server is configured for accounting.
[[nodiscard]] inline bool has_accounting(const ClientSettings& settings) {
  return std::ranges::any_of(settings.servers,
                             [](const ServerSettings& server) { return server.acct_port != 0; });
}

struct SpoolSettings {                            // [radius] spool*
  std::string file = "/var/lib/adit/accounting";  ///< empty: in memory, lost when the process ends
  std::uint32_t records = 65'536;  ///< sessions that are up, and Stops that no server has taken
};

struct DaeClientSettings {  // [[dae-client]]: RFC 5176's Dynamic Authorization Client
  std::string name{};
  wire::Ipv4Address address{};
  crypto::SecretText secret{};
  std::vector<Code> allow{Code::kDisconnectRequest, Code::kCoaRequest};
  bool must_sign = true;  ///< require Message-Authenticator
  bool must_date = true;  ///< require Event-Timestamp
};

struct DaeSettings {  // [radius] dae-*
  std::vector<DaeClientSettings> clients{};
  wire::Ipv4Address address{};  ///< where to receive requests; none: on every address
  std::uint16_t port = 3799;
  Duration window = Duration{300'000};  ///< how far an Event-Timestamp may be from our clock
};

}  // namespace adit::control::radius
