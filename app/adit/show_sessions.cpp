// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>

#include "app/adit/command_line.hpp"
#include "app/adit/exit_code.hpp"
#include "app/adit/session_sampler.hpp"
#include "app/adit/session_verbs.hpp"
#include "app/adit/session_words.hpp"
#include "app/adit/terminal.hpp"

namespace adit::app {
namespace {

constexpr std::chrono::seconds kBetweenLooks{1};  // which rates are made of when nobody watches

bool is_rate(const ShownColumn* column) {
  return column != nullptr && column->kind == ShownColumn::Kind::kRate;
}

/// The columns when none are named, the first ones first.
ShownColumns usual_columns(bool watch) {
  const auto once =
      "username,ip,uptime,rx-bytes,tx-bytes,state,calling-sid,comp,sid,prefix,delegated,ip6,rate-limit,type";
  const auto watched =
      "username,ip,rx-rate,tx-rate,uptime,rx-pps,tx-pps,calling-sid,state,comp,sid,prefix,delegated,ip6,"
      "rate-limit";
  return *read_shown_columns(watch ? watched : once);
}

/// Those of IPv6 are shown once somebody has any.
bool is_of_ipv6(const ShownColumn* column) {
  return column->name == "ip6" || column->name == "prefix" || column->name == "delegated";
}

ShownColumns usual_columns_for(const std::vector<Json>& rows, bool watch) {
  ShownColumns columns = usual_columns(watch);
  std::erase_if(columns, [&rows](const ShownColumn* column) {
    const auto has_it = [column](const Json& row) {
      const auto value = row.find(column->key);
      return value != row.end() && value->is_string() && *value != "";
    };
    return is_of_ipv6(column) && std::ranges::none_of(rows, has_it);
  });
  return columns;
}

SamplerWish wish_of(const SessionWords& words) {
  SamplerWish wish{.order = words.order, .limit = words.limit};
  const ShownColumns columns = words.columns.empty() ? usual_columns(words.watch.has_value()) : words.columns;
  wish.rates = words.watch.has_value() || is_rate(words.order) || std::ranges::any_of(columns, &is_rate);
  const auto ask_for = [&wish](const ShownColumn* column) {
    if (column != nullptr && !is_rate(column) &&
        std::ranges::find(wish.keys, column->key) == wish.keys.end()) {
      wish.keys.emplace_back(column->key);
    }
  };
  std::ranges::for_each(columns, ask_for);
  ask_for(words.order);
  if (words.match) {
    wish.match = {{"column", words.match->column->key}, {"regex", words.match->regex}};
  }
  return wish;
}

/// The keys of the columns that are shown.
Json as_json(const SessionSample& sample, const ShownColumns& columns) {
  Json sessions = Json::array();
  for (const Json& row : sample.rows) {
    Json& shown = sessions.emplace_back(Json::object());
    for (const ShownColumn* column : columns) {
      const auto value = row.find(column->key);
      shown[std::string(column->key)] = value == row.end() ? Json() : *value;
    }
  }
  return {{"sessions", std::move(sessions)}};
}

std::string as_text(const SessionSample& sample, const SessionWords& words, bool json) {
  const bool named = !words.columns.empty();
  const ShownColumns columns =
      named ? words.columns : usual_columns_for(sample.rows, words.watch.has_value());
  return json    ? json_line(as_json(sample, columns))
         : named ? draw_sessions(sample.rows, columns, is_on_terminal() ? screen_size().columns : kAnyWidth)
                 : draw_sessions_within(screen_size().columns, sample.rows, columns);
}

}  // namespace

std::string show_sessions_help() {
  return "Columns, as many as fit unless some are named. A name too long for its line ends in\n"
         "\"...\"; show session and --json print all of it, and so does a pipe with columns named.\n" +
         shown_columns_help() +
         "match: a regular expression of RE2, anywhere in the column; a name matches as it is shown, and as "
         "it is:\n"
         "\\xff is the octet that the table shows as \\xff. order: texts from A, numbers from the highest.\n";
}

std::expected<int, EarlyExit> run_show_sessions(const Invocation& invocation) {
  const auto rest = invocation.words.find("words");
  const bool watch = invocation.words.contains("--watch");
  const auto words =
      read_session_words(rest == invocation.words.end() ? std::vector<std::string>() : rest->second, watch);
  if (!words) {
    return std::unexpected(usage_error(words.error()));
  }
  if (invocation.json && rest == invocation.words.end() && !watch) {
    const auto all = invocation.ask("show.sessions", Json());  // as aditd sends it
    if (!all) {
      return std::unexpected(failed(all.error()));
    }
    return put(json_line(*all));
  }
  const SamplerWish wish = wish_of(*words);
  SessionSampler sampler(invocation.ask, wish);
  if (wish.rates && !words->watch) {
    if (const auto first = sampler.look(); !first) {
      return std::unexpected(failed(first.error()));
    }
    std::this_thread::sleep_for(kBetweenLooks);
  }
  while (true) {
    const auto sample = sampler.look();
    if (!sample) {
      return std::unexpected(failed(sample.error()));
    }
    const bool clear = words->watch && !invocation.json && is_on_terminal();
    auto done = put((clear ? "\x1b[H\x1b[2J" : "") + as_text(*sample, *words, invocation.json));
    if (!done || !words->watch) {
      return done;
    }
    std::this_thread::sleep_for(*words->watch);
  }
}

}  // namespace adit::app
