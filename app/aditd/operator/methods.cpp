// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/operator/method.hpp"

namespace adit::app {

std::span<const Method> methods() {
  static constexpr Method kMethods[] = {
      // {"columns": ["sid", "ip"], "match": {"column": "username", "regex": "^al"}, "limit": 100, "after": "0.17"}; without
      // params: every column of every call
      {"show.sessions", &show_sessions, Access::kRead},
      // {"by": "username"|"ip"|"sid", "value": "..."}
      {"show.session", &show_session, Access::kRead},
      {"show.stat", &show_stat, Access::kRead},
      {"show.drops", &show_drops, Access::kRead},
      {"show.workers", &show_workers, Access::kRead},
      {"show.counters", &show_counters, Access::kRead},
      {"show.pools", &show_pools, Access::kRead},
      {"show.admission", &show_admission, Access::kRead},
      {"show.steering", &show_steering, Access::kRead},
      {"show.ports", &show_ports, Access::kRead},
      {"show.radius", &show_radius, Access::kRead},
      {"show.config", &show_config, Access::kRead},
      {"show.metrics", &show_metrics, Access::kRead},
      // {"after": 17, "filter": {"event": ["call_up"], "user": "alice", "peer": "192.0.2.7", "level": "info"}, "follow": true}
      {"events", Stream{&read_events}, Access::kRead},
      // {"by": "any"|"username"|"sid"|"ip"|"peer"|"reason", "value": "..."}
      {"explain", &explain, Access::kRead},
      // {"user": "alice", "password": "...", "method": "mschap-v2"}
      {"try.radius", &try_radius},
      // {"by": "username"|"ip"|"sid"|"all", "value": "...", "hard": false}
      {"terminate", SlowCommand{&terminate}},
      // {"by": ..., "value": "...", "rate": "10240/2048"}; without a rate: restore the call's own
      {"shaper", SlowCommand{&shape}},
      // {"worker": 0, "in_use": false}
      {"worker", &use_worker},
      // {"restart": "NAME"}
      {"port", SlowCommand{&restart_port}},
      // {"value": "alice", "by": "username"|"ip"|"sid", "for": 30, "lines": 0}; without by: whichever it is
      {"trace", Stream{&trace}},
      {"reload", SlowCommand{&reload}},
      // {"how": "now"|"soft"|"hard"|"cancel"}
      {"shutdown", &shut_down},
      {"version", &show_version, Access::kRead},
  };
  return kMethods;
}

std::string method_names() {
  std::string names;
  for (const Method& method : methods()) {
    const char* before = names.empty() ? "" : &method == &methods().back() ? " and " : ", ";
    names += before + std::string(method.name);
  }
  return names;
}

std::unexpected<RpcError> invalid_params(std::string what) {
  return std::unexpected(RpcError{kInvalidParams, std::move(what)});
}

}  // namespace adit::app
