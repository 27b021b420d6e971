// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/operator/method.hpp"

namespace adit::app {

std::span<const Method> methods() {
  static constexpr Method kMethods[] = {
      {"show.sessions", &show_sessions},
      {"show.stat", &show_stat},
      {"show.drops", &show_drops},
      {"show.workers", &show_workers},
      {"show.counters", &show_counters},
      {"show.pools", &show_pools},
      {"show.admission", &show_admission},
      {"show.steering", &show_steering},
      {"show.ports", &show_ports},
      {"show.radius", &show_radius},
      {"show.config", &show_config},
      {"show.metrics", &show_metrics},
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
      {"reload", SlowCommand{&reload}},
      // {"how": "now"|"soft"|"hard"|"cancel"}
      {"shutdown", &shut_down},
      {"version", &show_version},
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
