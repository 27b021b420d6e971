// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 as aditd speaks it: one request object in, one reply out, no state between them, no I/O.
// The methods are the rows of methods() (method.hpp). Strings from peers are passed on unchanged; octets
// that are not UTF-8 become U+FFFD. Thread: control.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/aditd/operator/backend.hpp"

namespace adit::app {

/// A reply in pieces, so that a list of every session neither stalls the control thread nor fills its memory
/// with JSON.
class RpcReply {
 public:
  RpcReply() = default;  ///< no reply: the request was a notification
  explicit RpcReply(std::string whole) : head_(std::move(whole)), more_(true) {}
  /// `head`, the rows as a JSON list without its brackets, `tail`.
  RpcReply(std::string head, std::vector<SessionRow> rows, std::string tail)
      : head_(std::move(head)), rows_(std::move(rows)), tail_(std::move(tail)), more_(true) {}

  [[nodiscard]] bool more() const { return more_; }
  /// The next piece; the last one ends with a newline.
  [[nodiscard]] std::string next();

 private:
  std::string head_;
  std::vector<SessionRow> rows_;
  std::string tail_;
  std::size_t at_ = 0;
  bool more_ = false;
};

/// Answers one line through `answer`: at once, or later when a RADIUS server is asked first. Whatever the
/// line holds, the reply is JSON-RPC: a result, or an error that says what to do.
void handle_rpc(std::string_view line, OperatorBackend& backend,
                const std::function<void(RpcReply reply)>& answer);

/// The error for a line that was longer than a request may be.
[[nodiscard]] RpcReply rpc_too_long(std::size_t limit);

}  // namespace adit::app
