// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include "app/aditd/operator/handlers.hpp"
#include "app/escape.hpp"
#include "controlplane/auth/authenticator.hpp"

namespace adit::app {
namespace {

/// The pool that a lease of this use would come from; "": the user has its own.
std::string pool_of(const control::Ipv6Terms& granted, control::Ipv6Use use) {
  switch (use) {
    case control::Ipv6Use::kLink:
      return granted.link ? "" : granted.link_pool;
    case control::Ipv6Use::kAddress:
      return granted.address ? "" : granted.address_pool;
    case control::Ipv6Use::kDelegate:
      return granted.delegated ? "" : granted.delegated_pool;
  }
  return "";
}

constexpr control::Ipv6Use kUses[] = {control::Ipv6Use::kLink, control::Ipv6Use::kAddress,
                                      control::Ipv6Use::kDelegate};

/// Names as `show sessions` has them.
Json ipv6_json(const control::Ipv6Terms& granted) {
  const auto prefix = [](const std::optional<wire::Ipv6Prefix>& one) { return one ? to_string(*one) : ""; };
  Json routes = Json::array(), dns = Json::array();
  for (const wire::Ipv6Prefix& route : granted.routes) {
    routes.push_back(to_string(route));
  }
  for (const wire::Ipv6Address& server : granted.dns) {
    dns.push_back(to_string(server));
  }
  return {{"denied", granted.denied},
          {"interface_id", granted.interface_id ? wire::interface_id_text(*granted.interface_id) : ""},
          {"ip6", granted.address ? to_string(*granted.address) : ""},
          {"prefix", prefix(granted.link)},
          {"delegated", prefix(granted.delegated)},
          {"ip6_pool", escape_octets(pool_of(granted, control::Ipv6Use::kAddress))},
          {"prefix_pool", escape_octets(pool_of(granted, control::Ipv6Use::kLink))},
          {"delegated_pool", escape_octets(pool_of(granted, control::Ipv6Use::kDelegate))},
          {"routes", std::move(routes)},
          {"dns", std::move(dns)}};
}

/// What the call would do without, as no [[ipv6-pool]] has the name that the server grants; "": nothing. Where nobody has
/// IPv6 nobody misses it, and who is given no name has no pool by intention.
std::string missing_ipv6(const control::Ipv6Terms& granted, const std::vector<control::PoolStatus>& pools) {
  const bool some = std::ranges::any_of(pools, [](const auto& pool) { return pool.use.has_value(); });
  for (const control::Ipv6Use use : kUses) {
    const std::string name = pool_of(granted, use);
    const bool there = std::ranges::any_of(
        pools, [&](const control::PoolStatus& pool) { return pool.use == use && pool.name == name; });
    if (some && !granted.denied && !name.empty() && name != "default" && !there) {
      return "no [[ipv6-pool]] of use " + std::string(control::to_text(use)) + " has the name " +
             escape_octets(name) + ": the call would do without";
    }
  }
  return "";
}

/// Names as `show sessions` has them. `no_pool`: we have no pool of the name that is granted. `missing`: missing_ipv6().
Json trial_json(const control::TrialOutcome& outcome, bool no_pool, const std::string& missing) {
  using Verdict = control::TrialOutcome::Verdict;
  const bool accepted = outcome.verdict == Verdict::kAccepted;
  Json json = {{"verdict", accepted && no_pool                     ? "unusable"
                           : accepted                              ? "accepted"
                           : outcome.verdict == Verdict::kRejected ? "rejected"
                                                                   : "none"},
               {"why", no_pool            ? "no [[ip-pool]] has the name: the call would end as pool_unknown"
                       : !missing.empty() ? missing
                                          : escape_text(outcome.why)},
               {"took_ms", outcome.took.count()}};
  if (!outcome.accepted) {
    return json;
  }
  const control::AuthAccepted& granted = *outcome.accepted;
  const auto seconds = [](const std::optional<control::Duration>& time) {
    return time ? Json(std::chrono::duration_cast<std::chrono::seconds>(*time).count()) : Json(nullptr);
  };
  const auto address = [](wire::Ipv4Address one) { return one.is_none() ? "" : wire::to_string(one); };
  Json routes = Json::array();
  for (const wire::Ipv4Prefix& route : granted.routes) {
    routes.push_back(to_string(route));
  }
  json["address"] = granted.address ? wire::to_string(*granted.address) : "";
  json["pool"] = granted.address ? "" : escape_octets(granted.pool);
  json["rate"] = granted.rate ? to_string(*granted.rate) : "";
  json["routes"] = std::move(routes);
  json["session_timeout"] = seconds(granted.session_timeout);
  json["idle_timeout"] = seconds(granted.idle_timeout);
  json["interim_interval"] = seconds(granted.interim_interval);
  json["dns"] = {address(granted.servers.dns1), address(granted.servers.dns2)};
  json["wins"] = {address(granted.servers.wins1), address(granted.servers.wins2)};
  json["ipv6"] = ipv6_json(granted.ipv6);
  json["classes"] = granted.classes.size();
  json["mppe_keys"] = !granted.mppe ? "none" : outcome.keys_are_right ? "right" : "wrong";
  return json;
}

std::expected<control::TrialLogin, RpcError> read_trial(const Json& params) {
  using control::AuthMethod;
  const auto text = [&](const char* name) -> const std::string* {
    const auto found = params.is_object() ? params.find(name) : params.end();
    return found != params.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
  };
  const std::string* user = text("user");
  const std::string* password = text("password");
  const std::string* method = text("method");
  if (params.size() != 3 || user == nullptr || password == nullptr || method == nullptr || user->empty() ||
      unescape_octets(*user).size() > control::radius::kMaxValue || password->size() > 128) {
    return invalid_params(R"(try.radius takes {"user": "alice", "password": "...", "method": "mschap-v2"})");
  }
  control::TrialLogin login{.user = *user, .password = crypto::SecretText(*password)};
  for (const AuthMethod known :
       {AuthMethod::kMsChapV2, AuthMethod::kMsChapV1, AuthMethod::kChapMd5, AuthMethod::kPap}) {
    if (control::to_text(known) == *method) {
      login.method = known;
      return login;
    }
  }
  return invalid_params("method must be \"mschap-v2\", \"mschap-v1\", \"chap-md5\" or \"pap\"");
}

/// As other verbs take a name: as it is shown or, if nobody is let in by that, as it stands.
void try_as_shown(control::TrialLogin login, OperatorBackend& backend,
                  const control::TrialLogins::Done& done) {
  const std::vector<std::string> meant = meanings_of(login.user);
  login.user = meant.front();
  if (meant.size() == 1) {
    return backend.try_login(std::move(login), done);
  }
  auto typed = std::make_shared<control::TrialLogin>(
      control::TrialLogin{.user = meant.back(), .password = login.password, .method = login.method});
  backend.try_login(std::move(login), [typed, &backend, done](const control::TrialOutcome& outcome) {
    if (outcome.verdict == control::TrialOutcome::Verdict::kRejected &&
        typed->user.size() <= control::radius::kMaxValue) {
      backend.try_login(std::move(*typed), done);
    } else {
      done(outcome);
    }
  });
}

}  // namespace

Json show_radius(const OperatorBackend& backend) {
  const RadiusStatus status = backend.radius();
  Json servers = Json::array();
  for (const control::radius::ServerStatus& row : status.servers) {
    servers.push_back({{"server", row.name},
                       {"address", wire::to_string(row.address)},
                       {"alive", row.health == control::radius::Health::kAlive},
                       {"state", to_text(row.health)},
                       {"in_flight", row.in_flight},
                       {"sent", row.sent},
                       {"repeated", row.repeated},
                       {"answered", row.answered},
                       {"timeouts", row.timeouts},
                       {"late", row.late},
                       {"refused", row.refused},
                       {"unmatched", row.unmatched},
                       {"p50_ms", row.p50.count()},
                       {"p99_ms", row.p99.count()}});
  }
  Json clients = Json::array();
  for (const control::radius::DaeClientStatus& row : status.dae) {
    clients.push_back({{"client", row.name},
                       {"address", wire::to_string(row.address)},
                       {"disconnects", row.disconnects},
                       {"changes", row.changes},
                       {"refused", row.refused},
                       {"repeated", row.repeated},
                       {"stale", row.stale},
                       {"forged", row.forged}});
  }
  const control::radius::AccountingStatus& accounting = status.accounting;
  return {{"servers", std::move(servers)},
          {"accounting",
           {{"spool_records", accounting.slots},
            {"spool_used", accounting.used},
            {"stops_waiting", accounting.waiting},
            {"in_flight", accounting.in_flight},
            {"unkept", accounting.unkept},
            {"stops_lost", accounting.lost}}},
          {"dae_clients", std::move(clients)},
          {"dae_strangers", status.dae_strangers}};
}

void try_radius(const Json& params, OperatorBackend& backend, const Answer& answer) {
  auto login = read_trial(params);
  if (!login) {
    answer(std::unexpected(login.error()));
    return;
  }
  const auto done = [answer, pools = backend.pools()](const control::TrialOutcome& outcome) {
    const auto& granted = outcome.accepted;
    const bool no_pool =
        granted && !granted->address && std::ranges::none_of(pools, [&](const control::PoolStatus& pool) {
          return !pool.use && pool.name == granted->pool;
        });
    answer(trial_json(outcome, no_pool, granted ? missing_ipv6(granted->ipv6, pools) : ""));
  };
  try_as_shown(std::move(*login), backend, done);
}

}  // namespace adit::app
