// SPDX-License-Identifier: Apache-2.0
// The columns of show.sessions: a row each. The keys of its JSON, and what a request may name.
// Thread: control.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "app/aditd/operator/backend.hpp"

namespace adit::app {

struct SessionColumn {
  std::string_view name;
  enum class Kind : std::uint8_t {
    kText,   ///< ours: needs no escaping
    kPeers,  ///< text of the peer's, in the form that logs have and commands take
    kPlain,  ///< a number, true or false
  } kind;
  void (*write)(const SessionRow& row, std::string& out);  ///< appends it, without quotes
  bool usual = true;                                       ///< shown when no columns are named
  /// Of kPeers: the octets that `write` shows.
  std::string_view (*octets)(const SessionRow& row) = nullptr;
};

[[nodiscard]] std::span<const SessionColumn> session_columns();
/// nullptr: there is none of that name.
[[nodiscard]] const SessionColumn* find_session_column(std::string_view name);
/// "sid, username and ip"
[[nodiscard]] std::string session_column_names();

/// accel-ppp's terms: start, active or finish.
[[nodiscard]] std::string_view state_of(const control::CallStatus& call);

/// Appends `"name":value`. Built by hand: a Json tree costs several times as much.
void write_member(const SessionColumn& column, const SessionRow& row, std::string& out);

}  // namespace adit::app
