// SPDX-License-Identifier: Apache-2.0
// A call's story for people, in 80 columns. Every text in it is aditd's.
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "app/adit/fields.hpp"
#include "app/adit/render.hpp"
#include "app/escape.hpp"
#include "app/table.hpp"

namespace adit::app {
namespace {

constexpr std::size_t kWidth = 80;

/// `first`, then the words of `text`; lines after the first begin below its text. A word longer than a line stays whole.
std::string wrap(const std::string& first, std::string_view text) {
  std::string lines = first;
  std::size_t column = first.size();
  bool begun = false;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word(text.substr(at, end - at));
    const std::size_t width = display_width(word);
    if (begun && column + 1 + width > kWidth) {
      lines += '\n' + std::string(first.size(), ' ');
      column = first.size();
    } else if (begun) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += width;
    begun = true;
    at = end + 1;
  }
  lines.erase(lines.find_last_not_of(' ') + 1);
  return lines + '\n';
}

std::string advice(const Json& of) {
  return '\n' + wrap("cause:   ", printable(text(of, "cause"))) +
         wrap("remedy:  ", printable(text(of, "remedy")));
}

std::string seconds(const Json& object, std::string_view name) {
  return fmt::format("{:.3f} s", real(object, name));
}

/// "2026-11-29 21:50:12"
std::string date(const Json& story) {
  std::string began = text(story, "began").substr(0, 19);
  std::ranges::replace(began, 'T', ' ');
  return began;
}

std::string gate_line(const Json& gate) {
  const std::string state = text(gate, "state");
  const bool has_time = member(gate, "after_seconds").is_number();
  const std::string head =
      fmt::format("{} {:>11}  {:<6} ", state == "failed" || state == "waiting" ? '>' : ' ',
                  has_time ? seconds(gate, "after_seconds") : "", text(gate, "title"));
  return wrap(head, state == "not_reached" ? "not reached" : printable(text(gate, "text")));
}

std::string story_text(const Json& story) {
  const std::string user = text(story, "username"), sid = text(story, "sid");
  const bool is_up = std::ranges::any_of(list(story, "gates"),
                                         [](const Json& gate) { return text(gate, "gate") == "data"; });
  const std::string address = text(story, "address");
  const std::string lasts = seconds(story, "duration_seconds");
  std::string lines = wrap("", (user.empty() ? text(story, "peer") + ", which named no user"
                                             : printable(user) + " from " + text(story, "peer")) +
                                   (address.empty() ? "" : " with " + address) + ": " +
                                   (flag(story, "ended") ? text(story, "reason") + " after " + lasts
                                                         : (is_up ? "up, for " : "dialling, for ") + lasts));
  lines += wrap("", "dialled at " + text(story, "began") + (sid.empty() ? "" : ", sid " + sid)) + '\n';
  for (const Json& gate : list(story, "gates")) {
    lines += gate_line(gate);
  }
  return lines + advice(story);
}

std::string earlier(const Json& stories) {
  Rows rows;
  for (std::size_t i = 1; i < stories.size(); ++i) {
    const Json& story = stories[i];
    rows.push_back({date(story), flag(story, "ended") ? text(story, "reason") : "goes on",
                    text(story, "peer"), text(story, "sid")});
  }
  return rows.empty() ? ""
                      : "\nBefore that (adit explain SID):\n" +
                            draw_table({{"dialled"}, {"ended by"}, {"peer"}, {"sid"}}, rows, "");
}

}  // namespace

bool is_explained(const Json& result) {
  return !list(result, "stories").empty() || member(result, "reason").is_object();
}

std::string render_explain(const Json& result) {
  const Json& stories = list(result, "stories");
  const Json& reason = member(result, "reason");
  std::string lines;
  if (reason.is_object()) {
    lines =
        text(reason, "name") +
        (text(reason, "of") == "drop" ? ": why packets are dropped\n" : ": why calls and connections end\n") +
        advice(reason) + (stories.empty() ? "" : "\nAnd a user of that name:\n");
  }
  if (!stories.empty()) {
    lines += story_text(stories[0]) + earlier(stories);
  }
  if (!lines.empty()) {
    return lines;
  }
  return "nothing is known of " + printable(text(result, "value")) +
         ": no call and none of the last that ended,\n" +
         "no client address that has dialled lately, no reason of that name\n";
}

}  // namespace adit::app
