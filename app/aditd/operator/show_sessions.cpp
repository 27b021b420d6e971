// SPDX-License-Identifier: Apache-2.0
// show.sessions: calls as rows, all of them or a page of those that match. Pages have no state here: `next` is the place of
// the call that comes next, and a page visits kCallsPerPage calls at most, however few match.
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/aditd/operator/handlers.hpp"
#include "app/aditd/operator/session_columns.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

constexpr std::uint64_t kCallsPerPage = 4096;
constexpr std::size_t kMaxRegex = 256;  // octets
constexpr std::int64_t kRegexMemory =
    32 * 1024;  // so that the worst of 64 calls costs well below a millisecond

struct Match {
  const SessionColumn* column;
  std::unique_ptr<RE2> regex;
  std::unique_ptr<RE2>
      octets{};  ///< the same over octets that are no UTF-8; none: only the column's text counts
};

struct SessionsQuery {
  std::vector<const SessionColumn*> columns;  ///< empty: the usual ones
  std::optional<Match> match;
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  control::CallPlace after;
  bool in_pages = false;
};

template <typename Value>
using Read = std::expected<Value, RpcError>;

Read<const SessionColumn*> read_column(const Json& name) {
  const SessionColumn* column =
      name.is_string() ? find_session_column(name.get_ref<const std::string&>()) : nullptr;
  if (column == nullptr) {
    return invalid_params("there is no column " + escape_text(dump(name), 60) + "; there are " +
                          session_column_names());
  }
  return column;
}

Read<void> read_columns(const Json& names, SessionsQuery& query) {
  if (!names.is_array() || names.empty() || names.size() > session_columns().size()) {
    return invalid_params("columns must be a list of one or more of " + session_column_names());
  }
  for (const Json& name : names) {
    const auto column = read_column(name);
    if (!column) {
      return std::unexpected(column.error());
    }
    if (std::ranges::find(query.columns, *column) == query.columns.end()) {
      query.columns.push_back(*column);
    }
  }
  return {};
}

/// What escape_octets() shows, as RE2 writes it: `\u{200b}` is `\x{200b}` there, all other escapes are the same.
std::string as_re2(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const bool is_pair = text[at] == '\\' && at + 1 < text.size();
    out += is_pair && text.substr(at).starts_with("\\u{") ? "\\x" : text.substr(at, is_pair ? 2 : 1);
    at += is_pair ? 2 : 1;
  }
  return out;
}

/// A peer's name may be any octets. An operator writes it as it is shown, in which case the backslash of `\xff` is to a
/// regular expression what it is in the table: so it is held against the octets, too.
std::unique_ptr<RE2> regex_of_octets(const std::string& text, RE2::Options options) {
  options.set_encoding(RE2::Options::EncodingLatin1);
  auto regex = std::make_unique<RE2>(text, options);
  return regex->ok() ? std::move(regex) : nullptr;  // it names characters beyond an octet
}

Read<void> read_match(const Json& match, SessionsQuery& query) {
  if (!match.is_object() || match.size() != 2 || !match.contains("column") || !match.contains("regex") ||
      !match["regex"].is_string()) {
    return invalid_params(R"(match must be {"column": "username", "regex": "^al"})");
  }
  const auto column = read_column(match["column"]);
  if (!column) {
    return std::unexpected(column.error());
  }
  const std::string& text = match["regex"].get_ref<const std::string&>();
  if (text.size() > kMaxRegex) {
    return invalid_params("match: the regular expression has " + std::to_string(text.size()) +
                          " octets, and may have " + std::to_string(kMaxRegex) +
                          "; match a part of the column");
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemory);
  const std::string pattern = as_re2(text);
  auto regex = std::make_unique<RE2>(pattern, options);
  if (!regex->ok()) {
    return invalid_params("match: the regular expression \"" + escape_octets(text, 60) +
                          "\" is not one of RE2's: " + escape_text(regex->error(), 120) +
                          "; write a backslash before a character that is meant as it stands");
  }
  query.match = Match{*column, std::move(regex)};
  if ((*column)->octets != nullptr) {
    query.match->octets = regex_of_octets(pattern, options);
  }
  return {};
}

Read<void> read_limit(const Json& limit, SessionsQuery& query) {
  if (!limit.is_number_unsigned() || limit.get<std::uint64_t>() == 0) {
    return invalid_params("limit must be a number of sessions, 1 or more");
  }
  query.limit = limit.get<std::uint64_t>();
  return {};
}

Read<void> read_after(const Json& after, SessionsQuery& query) {
  const std::string text = after.is_string() ? after.get<std::string>() : "";
  const char* end = text.data() + text.size();
  const auto worker = std::from_chars(text.data(), end, query.after.worker);
  if (worker.ec == std::errc{} && worker.ptr != end && *worker.ptr == '.') {
    const auto slot = std::from_chars(worker.ptr + 1, end, query.after.slot);
    if (slot.ec == std::errc{} && slot.ptr == end) {
      return {};
    }
  }
  return invalid_params("after must be the \"next\" of the page before");
}

Read<SessionsQuery> read_query(const Json& params) {
  using Reader = Read<void> (*)(const Json& value, SessionsQuery& query);
  constexpr std::pair<std::string_view, Reader> kReaders[] = {
      {"columns", &read_columns}, {"match", &read_match}, {"limit", &read_limit}, {"after", &read_after}};
  SessionsQuery query;
  if (params.empty()) {  // null, {} and [] are
    return query;
  }
  if (!params.is_object()) {
    return invalid_params(
        R"(show.sessions takes {"columns": [...], "match": {...}, "limit": 100, "after": ...})");
  }
  query.in_pages = true;
  for (const auto& [name, value] : params.items()) {
    const auto* reader = std::ranges::find(kReaders, name, &std::pair<std::string_view, Reader>::first);
    if (reader == std::end(kReaders)) {
      return invalid_params("unknown param \"" + escape_octets(name, 60) +
                            "\"; there are columns, match, limit and after");
    }
    if (value.is_null()) {
      continue;
    }
    if (const auto read = reader->second(value, query); !read) {
      return std::unexpected(read.error());
    }
  }
  return query;
}

/// The state of one answer, between its pieces.
class SessionsPage {
 public:
  SessionsPage(SessionsQuery query, const OperatorBackend& backend)
      : query_(std::move(query)), next_(backend.sessions(query_.after)) {
    if (query_.columns.empty()) {
      for (const SessionColumn& column : session_columns()) {
        if (column.usual) {
          query_.columns.push_back(&column);
        }
      }
    }
  }

  /// False: there is no more for this answer.
  bool slice(const List::Row& emit) {
    const bool more = next_([&](const SessionRow& session) { return visit(session, emit); });
    return more && !cursor_;
  }

  /// The end of the JSON.
  [[nodiscard]] std::string end() const {
    return !query_.in_pages ? "]"
           : cursor_
               ? "],\"next\":\"" + std::to_string(cursor_->worker) + '.' + std::to_string(cursor_->slot) + '"'
               : "],\"next\":null";
  }

 private:
  bool visit(const SessionRow& session, const List::Row& emit) {
    if (query_.in_pages && (visited_ == kCallsPerPage || emitted_ == query_.limit)) {
      cursor_ = control::CallPlace{session.call.call.worker.value, session.call.call.slot};
      return false;
    }
    ++visited_;
    if (!matches(session)) {
      return true;
    }
    ++emitted_;
    std::string row = "{";
    for (const SessionColumn* column : query_.columns) {
      row += row.size() == 1 ? "" : ",";
      write_member(*column, session, row);
    }
    emit(row + '}');
    return true;
  }

  [[nodiscard]] bool matches(const SessionRow& session) {
    if (!query_.match) {
      return true;
    }
    text_.clear();
    const Match& match = *query_.match;
    match.column->write(session, text_);
    if (RE2::PartialMatch(text_, *match.regex)) {
      return true;
    }
    const std::string_view octets = match.column->octets == nullptr ? text_ : match.column->octets(session);
    if (octets == text_) {  // nothing in it is escaped
      return false;
    }
    const RE2* regex = is_utf8(octets) ? match.regex.get() : match.octets.get();
    // Neither release's RE2 has this parameter as the other does; both make one of a pointer and a length.
    return regex != nullptr && RE2::PartialMatch({octets.data(), octets.size()}, *regex);
  }

  SessionsQuery query_;
  NextSessions next_;
  std::uint64_t visited_ = 0, emitted_ = 0;
  std::optional<control::CallPlace> cursor_;
  std::string text_;  // of the column that has to match
};

}  // namespace

std::expected<List, RpcError> show_sessions(const Json& params, const OperatorBackend& backend) {
  auto query = read_query(params);
  if (!query) {
    return std::unexpected(std::move(query.error()));
  }
  const auto page = std::make_shared<SessionsPage>(std::move(*query), backend);
  return List{.head = R"({"sessions":[)",
              .next = [page](const List::Row& row) { return page->slice(row); },
              .tail = "}",
              .end = [page] { return page->end(); }};
}

}  // namespace adit::app
