// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using control::radius::Code;

void complete_dae_clients(Config& config) {
  for (control::radius::DaeClientSettings& client : config.dae.clients) {
    if (client.name.empty()) {
      client.name = wire::to_string(client.address);
    }
  }
}

}  // namespace

Section dae_client_section() {
  return {.name = "dae-client",
          .help = "Who may end and change sessions by RADIUS (RFC 5176): one table per client.",
          .optional = true,
          .tables = ADIT_TABLES(dae.clients),
          .complete = &complete_dae_clients,
          .keys = {
              ADIT_KEY(kNow, "name", "", dae.clients.back().name, (TextKind{0, 31}),
                       "What logs and `adit show radius` call it. Empty: its address."),
              ADIT_KEY(kNow, "address", "\"192.0.2.10\"", dae.clients.back().address, (Ipv4Kind{true, true}),
                       "Where its requests come from; those of others are dropped."),
              ADIT_KEY(kNow, "secret", "\"shared with that client\"", dae.clients.back().secret,
                       SecretKind{255}, "The secret that is shared with it."),
              ADIT_KEY(kNow, "allow", "", dae.clients.back().allow,
                       (ListKind<ChoiceKind<Code>>{
                           {{{"disconnect", Code::kDisconnectRequest}, {"coa", Code::kCoaRequest}}},
                           "write [\"disconnect\"]"}),
                       "What it may ask for: \"disconnect\" sessions, \"coa\" to change their rate, "
                       "timeouts, class and "
                       "routes."),
              ADIT_KEY(kNow, "require-message-authenticator", "", dae.clients.back().must_sign, BoolKind{},
                       "Drop its requests without Message-Authenticator."),
              ADIT_KEY(kNow, "require-event-timestamp", "", dae.clients.back().must_date, BoolKind{},
                       "Drop its requests without Event-Timestamp: a captured one could be replayed later."),
          }};
}

void check_dae(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("dae-client")) {
    return;
  }
  const auto& clients = config.dae.clients;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const std::string place = "dae-client." + std::to_string(i);
    if (clients[i].address.is_none() && places.usable(place + ".address")) {
      problems.error(position(places, place), "dae-client.address", "", "missing",
                     "say where its requests come from: address = \"192.0.2.10\"");
    }
    if (clients[i].secret.empty() && places.usable(place + ".secret")) {
      problems.error(position(places, place), "dae-client.secret", "", "missing",
                     "give the secret that is shared with it");
    }
    const auto end = clients.begin() + static_cast<std::ptrdiff_t>(i);
    const auto same = [&](const auto& other) { return other.address == clients[i].address; };
    if (!clients[i].address.is_none() && std::any_of(clients.begin(), end, same)) {
      problems.error(position(places, place + ".address"), "dae-client.address",
                     in_quotes(clients[i].address), "is another [[dae-client]]'s already",
                     "make one of them");
    }
  }
}

}  // namespace adit::app
