// SPDX-License-Identifier: Apache-2.0
// The stream `events`: rows of the log's window as fast as the client reads them, then as they come. The client's place in
// the window is all that is kept for it: one that sleeps costs nothing, and is cut off when the window has passed it.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "app/aditd/events/event_feed.hpp"
#include "app/aditd/operator/handlers.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

using control::Severity;

constexpr int kRowsPerTurn = 64;
constexpr std::size_t kEnoughUnsent = std::size_t{32} << 10;
constexpr std::string_view kLevels[] = {"debug", "info", "warning", "error"};

std::size_t level_of(Severity severity) {
  switch (severity) {
    case Severity::kDebug:
      return 0;
    case Severity::kInfo:
    case Severity::kRecord:
      return 1;
    case Severity::kWarning:
    case Severity::kFailure:
      return 2;
    case Severity::kError:
      return 3;
  }
  return 3;
}

/// Fields that are numbers whatever the event, as which JSON has them.
bool is_number(std::string_view key, std::string_view value) {
  static constexpr std::array kNumbers{
      "available",   "before_login", "calls",          "changes",         "connections",
      "count",       "dae_clients",  "damaged",        "drops",           "evicted",
      "firmware",    "local_users",  "max_sessions",   "downlink_octets", "peer_call_id",
      "quarantined", "refused",      "radius_servers", "seconds",         "downlink_packets",
      "stops",       "total",        "used",           "uplink_octets",   "uplink_packets",
      "worker",      "workers",      "slots",          "limit",           "wanted",
      "mru",         "number",       "unanswered"};
  return std::ranges::find(kNumbers, key) != kNumbers.end() && !value.empty() && value.size() <= 20 &&
         std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; }) &&
         (value.size() == 1 || value.front() != '0');
}

std::string time_text(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = since.count() / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[40];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(since.count() % 1000));
  return text;
}

/// Built by hand, as a Json tree costs several times as much. Names and values are escaped as in show.sessions.
std::string row_json(const EventFeed::Row& row) {
  std::string json = R"({"seq":)" + std::to_string(row.seq) + R"(,"time":")" + time_text(row.time) +
                     R"(","level":")" + std::string(kLevels[level_of(row.severity)]) + R"(","event":")" +
                     std::string(row.name()) + '"';
  row.fields([&](std::string_view key, std::string_view value) {
    json += ",\"" + std::string(key) +
            "\":" + (is_number(key, value) ? std::string(value) : dump(escape_octets(value, value.size())));
    return true;
  });
  return json + '}';
}

struct Filter {
  std::vector<std::string> names;  ///< empty: all
  std::vector<std::string> users;  ///< any of the names that one may be meant by; empty: all
  std::optional<std::string> peer;
  std::size_t level = 0;  ///< the least severe

  [[nodiscard]] bool admits(const EventFeed::Row& row) const {
    if (level_of(row.severity) < level ||
        (!names.empty() && std::ranges::find(names, row.name()) == names.end())) {
      return false;
    }
    bool user_fits = users.empty();
    bool peer_fits = !peer;
    if (user_fits && peer_fits) {
      return true;
    }
    row.fields([&](std::string_view key, std::string_view value) {
      user_fits = user_fits || (key == "user" && std::ranges::find(users, value) != users.end());
      peer_fits = peer_fits || (key == "peer" && value == *peer);
      return !user_fits || !peer_fits;
    });
    return user_fits && peer_fits;
  }
};

struct Wanted {
  std::optional<std::uint64_t> after;  ///< none: what comes from now on
  Filter filter;
  bool follow = true;
};

using Checked = std::expected<void, RpcError>;

Checked read_names(const Json& names, Filter& filter) {
  constexpr std::size_t kMostNames = 64;  // each row that is read is held against all of them
  const Json list = names.is_array() ? names : Json::array({names});
  if (list.size() > kMostNames) {
    return invalid_params("filter.event has room for " + std::to_string(kMostNames) + " names");
  }
  for (const Json& name : list) {
    if (!name.is_string()) {
      return invalid_params("filter.event must be names of events, as the log has them");
    }
    filter.names.push_back(name);
  }
  return {};
}

std::optional<std::size_t> find_level(const Json& name) {
  const auto found =
      name.is_string() ? std::ranges::find(kLevels, name.get<std::string>()) : std::end(kLevels);
  return found == std::end(kLevels) ? std::nullopt
                                    : std::optional(static_cast<std::size_t>(found - std::begin(kLevels)));
}

Checked read_filter(const Json& given, Filter& filter) {
  if (!given.is_object()) {
    return invalid_params("filter must be an object");
  }
  for (const auto& [key, value] : given.items()) {
    if (key == "event") {
      if (auto read = read_names(value, filter); !read) {
        return read;
      }
    } else if (key == "user" && value.is_string()) {
      filter.users = meanings_of(value.get<std::string>());
    } else if (key == "peer" && value.is_string()) {
      filter.peer = value.get<std::string>();
    } else if (const auto level = find_level(value); key == "level" && level) {
      filter.level = *level;
    } else {
      return invalid_params(
          "filter takes event, user, peer (text), and level (debug, info, warning or error); not " +
          escape_octets(key, 60) + ": " + escape_octets(dump(value), 60));
    }
  }
  return {};
}

std::expected<Wanted, RpcError> read_wanted(const Json& params) {
  Wanted wanted;
  if (!params.is_null() && !params.is_object()) {
    return invalid_params("events takes after, filter and follow");
  }
  for (const auto& [key, value] : params.items()) {
    if (key == "after" && value.is_number_unsigned()) {
      wanted.after = value.get<std::uint64_t>();
    } else if (key == "follow" && value.is_boolean()) {
      wanted.follow = value.get<bool>();
    } else if (key == "filter") {
      if (auto read = read_filter(value, wanted.filter); !read) {
        return std::unexpected(read.error());
      }
    } else {
      return invalid_params(
          "events takes after (a number), filter (an object) and follow (true or false); not " +
          escape_octets(key, 60) + ": " + escape_octets(dump(value), 60));
    }
  }
  return wanted;
}

class EventReader final : public Subscription, EventFeed::Reader {
 public:
  EventReader(EventFeed& feed, StreamSink& sink, Filter filter, std::uint64_t at, bool follow)
      : feed_(feed),
        sink_(sink),
        filter_(std::move(filter)),
        at_(at),
        end_(follow ? UINT64_MAX : feed.next()) {
    feed_.add(*this);
    read_on();
  }
  ~EventReader() override { feed_.remove(*this); }
  [[nodiscard]] std::string_view name() const override { return "events"; }

 private:
  void on_row() override {
    if (waits_) {
      read_on();
    }
  }
  void read_on() {
    waits_ = false;
    sink_.when_sent([this] { read_some(); });
  }
  void read_some() {
    if (is_passed()) {
      end("cut_off",
          R"({"why":"read too slowly: the window has passed","next":)" + std::to_string(at_ + 1) + '}');
      return;
    }
    for (int i = 0; i < kRowsPerTurn && sink_.unsent() < kEnoughUnsent; ++i) {
      const EventFeed::Row* row = feed_.after(at_);
      if (row == nullptr || row->seq >= end_) {
        if (end_ != UINT64_MAX) {
          end("end", R"({"next":)" + std::to_string(end_) + '}');
        }
        waits_ = true;
        return;
      }
      at_ = row->seq;
      if (filter_.admits(*row) && !sink_.send(notification("event", row_json(*row)))) {
        return;
      }
    }
    read_on();
  }
  /// Rows are gone that it has not looked at, and that the answer did not call missed.
  [[nodiscard]] bool is_passed() const {
    const EventFeed::Forgotten now = feed_.forgotten();
    return now.records > std::max(at_, told_.records) || now.others > std::max(at_, told_.others);
  }
  void end(std::string_view how, const std::string& params) {
    sink_.send(notification(how, params));
    sink_.finish();
  }

  EventFeed& feed_;
  StreamSink& sink_;
  const Filter filter_;
  std::uint64_t at_;         // the last row that has been looked at
  const std::uint64_t end_;  // the row before which it ends
  const EventFeed::Forgotten told_ = feed_.forgotten();
  bool waits_ = false;  // for another row
};

}  // namespace

std::expected<Stream::Begun, RpcError> read_events(const Json& params, const std::string& /*by*/,
                                                   OperatorBackend& backend, StreamSink& sink) {
  auto wanted = read_wanted(params);
  if (!wanted) {
    return std::unexpected(wanted.error());
  }
  EventFeed& feed = backend.events();
  const std::uint64_t last = feed.next() - 1;
  const std::uint64_t after = wanted->after.value_or(last);
  // Another process' number: what that one told last, nobody knows any more.
  const bool restarted = after != 0 && (after < feed.origin() || after > last);
  const std::uint64_t at = restarted || after == 0 ? feed.origin() : after;
  const EventFeed::Missed missed = feed.missed_after(at);
  return Stream::Begun{.answer = {{"next", feed.next()},
                                  {"oldest", feed.oldest()},
                                  {"missed", missed.rows},
                                  {"missed_records", missed.records},
                                  {"restarted", restarted}},
                       .subscription = std::make_unique<EventReader>(feed, sink, std::move(wanted->filter),
                                                                     at, wanted->follow)};
}

}  // namespace adit::app
