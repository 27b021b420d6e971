// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "app/aditd/operator/handlers.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

using control::SessionSelector;

// What is wrong when `params` is not an object or has members other than by, value and `last`.
std::optional<std::string> unknown_param(const Json& params, std::string_view last,
                                         const std::string& usage) {
  if (!params.is_object()) {
    return usage;
  }
  for (const auto& [name, value] : params.items()) {
    if (name != "by" && name != "value" && name != last) {
      return "unknown param \"" + escape_octets(name, 60) + "\"; there are by, value and " +
             std::string(last);
    }
  }
  return std::nullopt;
}

/// To the calls of the first that `selector` may mean and that has any.
void act_on(const SessionSelector& selector,
            const std::function<void(const SessionSelector&, OperatorBackend::Counted)>& act,
            const OperatorBackend::Counted& done) {
  const std::vector<SessionSelector> meant = meanings_of(selector);
  act(meant.front(), [last = meant.back(), is_last = meant.size() == 1, act, done](std::size_t calls) {
    if (calls != 0 || is_last) {
      done(calls);
    } else {
      act(last, done);
    }
  });
}

struct TerminateParams {
  SessionSelector selector;
  bool hard = false;
};

std::expected<TerminateParams, RpcError> read_terminate(const Json& params) {
  if (auto wrong = unknown_param(
          params, "hard", "terminate takes {\"by\": \"username\", \"value\": \"alice\", \"hard\": false}")) {
    return invalid_params(std::move(*wrong));
  }
  const auto hard = params.find("hard");
  if (hard != params.end() && !hard->is_boolean()) {
    return invalid_params("hard must be true or false");
  }
  auto selector = read_selector(params);
  if (!selector) {
    return std::unexpected(std::move(selector.error()));
  }
  return TerminateParams{std::move(*selector), hard != params.end() && hard->get<bool>()};
}

struct ShapeParams {
  SessionSelector selector;
  std::optional<control::SubscriberRate> rate;
};

std::expected<ShapeParams, RpcError> read_shape(const Json& params) {
  if (auto wrong = unknown_param(
          params, "rate",
          "shaper takes {\"by\": \"username\", \"value\": \"alice\", \"rate\": \"10240/2048\"}")) {
    return invalid_params(std::move(*wrong));
  }
  std::optional<control::SubscriberRate> rate;
  if (const auto given = params.find("rate"); given != params.end()) {
    rate = given->is_string() ? control::parse_rate(given->get<std::string>()) : std::nullopt;
    if (!rate) {
      return invalid_params(
          "rate is not in kbit/s: " +
          escape_octets(given->is_string() ? given->get<std::string>() : given->dump(), 60) +
          "; write 10240, or 10240/2048 for down and up");
    }
  }
  auto selector = read_selector(params);
  if (!selector) {
    return std::unexpected(std::move(selector.error()));
  }
  return ShapeParams{std::move(*selector), rate};
}

}  // namespace

bool is_ip(const std::string& text) {
  return wire::parse_ipv4(text) || wire::parse_ipv6_address(text) || wire::parse_ipv6_prefix(text);
}

std::expected<SessionSelector, RpcError> read_selector(const Json& params) {
  using By = SessionSelector::By;
  const auto by = params.find("by");
  const auto value = params.find("value");
  SessionSelector read;
  const std::string by_text = by != params.end() && by->is_string() ? by->get<std::string>() : "";
  if (by_text == "all") {
    return read;
  }
  for (const auto& [word, meant] :
       {std::pair("username", By::kUsername), std::pair("ip", By::kIp), std::pair("sid", By::kSessionId)}) {
    if (by_text == word) {
      read.by = meant;
    }
  }
  if (read.by == By::kAll) {
    return invalid_params("by must be \"username\", \"ip\", \"sid\" or \"all\"");
  }
  if (value == params.end() || !value->is_string() || value->get_ref<const std::string&>().empty()) {
    return invalid_params("value must be the " + by_text + ", as text");
  }
  read.value = value->get<std::string>();
  if (read.by == By::kIp && !is_ip(read.value)) {
    return invalid_params("value is not an IP address: " + escape_octets(read.value, 60));
  }
  return read;
}

std::vector<SessionSelector> meanings_of(const SessionSelector& selector) {
  std::vector<SessionSelector> meant;
  if (selector.by != SessionSelector::By::kUsername) {
    return {selector};
  }
  for (std::string& name : meanings_of(selector.value)) {
    meant.push_back({selector.by, std::move(name)});
  }
  return meant;
}

void terminate(const Json& params, const std::string& by, OperatorBackend& backend, const Answer& answer) {
  const auto read = read_terminate(params);
  if (!read) {
    answer(std::unexpected(read.error()));
    return;
  }
  act_on(
      read->selector,
      [&backend, hard = read->hard, by](const SessionSelector& selector, OperatorBackend::Counted done) {
        backend.terminate(selector, hard, by, std::move(done));
      },
      [answer](std::size_t calls) { answer(Json{{"terminated", calls}}); });
}

void shape(const Json& params, const std::string& /*by*/, OperatorBackend& backend, const Answer& answer) {
  const auto read = read_shape(params);
  if (!read) {
    answer(std::unexpected(read.error()));
    return;
  }
  act_on(
      read->selector,
      [&backend, rate = read->rate](const SessionSelector& selector, OperatorBackend::Counted done) {
        backend.set_rate(selector, rate, std::move(done));
      },
      [answer](std::size_t calls) { answer(Json{{"shaped", calls}}); });
}

void restart_port(const Json& params, const std::string& /*by*/, OperatorBackend& backend,
                  const Answer& answer) {
  const auto name = params.is_object() ? params.find("restart") : params.end();
  if (params.size() != 1 || name == params.end() || !name->is_string()) {
    answer(invalid_params("port takes {\"restart\": \"NAME\"}, one of show.ports"));
    return;
  }
  const std::string port = name->get<std::string>();
  backend.restart_port(port, [&backend, answer, port](const std::expected<void, std::string>& restarted) {
    if (restarted) {
      answer(show_ports(backend));
    } else {
      answer(std::unexpected(RpcError{
          kCannotBeDone, "port '" + escape_octets(port, 60) + "' was not restarted: " + restarted.error()}));
    }
  });
}

void reload(const Json& params, const std::string& /*by*/, OperatorBackend& backend, const Answer& answer) {
  const auto dry_run = params.is_object() ? params.find("dry_run") : params.end();
  const bool given = dry_run != params.end();
  if (params.size() != (given ? 1U : 0U) || (given && !dry_run->is_boolean())) {
    answer(invalid_params("reload takes {\"dry_run\": true}, or nothing"));
    return;
  }
  using Reload = OperatorBackend::Reload;
  const Reload how = given && dry_run->get<bool>() ? Reload::kDryRun : Reload::kApply;
  backend.reload(how, [answer](const OperatorBackend::ReloadResult& reloaded) {
    if (reloaded) {
      answer(reload_json(*reloaded));
    } else {
      answer(std::unexpected(RpcError{kCannotBeDone, reloaded.error()}));
    }
  });
}

Result shut_down(const Json& params, OperatorBackend& backend) {
  using How = OperatorBackend::Shutdown;
  constexpr std::pair<std::string_view, How> kWays[] = {
      {"now", How::kNow}, {"soft", How::kSoft}, {"hard", How::kHard}, {"cancel", How::kCancel}};
  const auto how = params.is_object() ? params.find("how") : params.end();
  const bool given = params.size() == 1 && how != params.end() && how->is_string();
  const auto* way = std::ranges::find(kWays, given ? how->get<std::string>() : "",
                                      &std::pair<std::string_view, How>::first);
  if (way == std::end(kWays)) {
    return invalid_params("shutdown takes {\"how\": \"now\"}, or \"soft\", \"hard\" or \"cancel\"");
  }
  if (auto done = backend.shut_down(way->second); !done) {
    return std::unexpected(RpcError{kCannotBeDone, done.error()});
  }
  const control::ConcentratorStats stats = backend.stats();
  return Json{{"shutdown", way->first},
              {"calls", stats.calls_starting + stats.calls_active + stats.calls_finishing},
              {"connections", stats.connections}};
}

Result use_worker(const Json& params, OperatorBackend& backend) {
  const auto worker = params.is_object() ? params.find("worker") : params.end();
  const auto in_use = params.is_object() ? params.find("in_use") : params.end();
  if (params.size() != 2 || worker == params.end() || in_use == params.end() ||
      !worker->is_number_unsigned() || !in_use->is_boolean()) {
    return invalid_params("worker takes a worker's number, 0 to " +
                          std::to_string(backend.seats().size() - 1) + ", and in_use, true or false");
  }
  if (worker->get<std::uint64_t>() >= backend.seats().size()) {
    return invalid_params("there is no worker " + worker->dump() + "; adit show workers lists them, 0 to " +
                          std::to_string(backend.seats().size() - 1));
  }
  if (!backend.use_worker(worker->get<std::uint16_t>(), in_use->get<bool>())) {
    return invalid_params("the last worker in use cannot be idled; put another to use first");
  }
  return show_steering(backend);
}

}  // namespace adit::app
