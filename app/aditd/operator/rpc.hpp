// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 as aditd speaks it: one request object in, one reply out, no state between them, no I/O.
// The methods are the rows of methods() (method.hpp). Strings from peers are passed on unchanged; octets
// that are not UTF-8 become U+FFFD. Thread: control.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "app/aditd/operator/backend.hpp"

namespace adit::app {

/// JSON whose rows are made when they are sent: `head`, the rows with commas between them, what `end` returns then,
/// `tail`.
struct List {
  using Row = std::function<void(const std::string& json)>;
  std::string head;
  std::function<bool(const Row& row)> next;  ///< makes the next slice of rows; false: they were the last
  std::string tail;
  std::function<std::string()> end = {};  ///< what only the last row tells; none: nothing
};

/// A reply in pieces, each made when the one before has been sent, so that a list of every session neither
/// stalls the control thread nor fills its memory.
class RpcReply {
 public:
  RpcReply() = default;  ///< no reply: the request was a notification
  explicit RpcReply(std::string whole)
      : list_{.head = std::move(whole), .next = {}, .tail = {}}, more_(true) {}
  explicit RpcReply(List list) : list_(std::move(list)), more_(true) {}

  [[nodiscard]] bool more() const { return more_; }
  /// The next piece, perhaps an empty one; the last one ends with a newline. Calls the backend.
  [[nodiscard]] std::string next();

 private:
  List list_;
  bool has_rows_ = false;  // so far
  bool more_ = false;
};

/// Answers one line through `answer`: at once, or later when others have to answer or act first. Whatever the
/// line holds, the reply is JSON-RPC: a result, or an error that says what to do. `by`: who asks, for the log.
void handle_rpc(std::string_view line, OperatorBackend& backend,
                const std::function<void(RpcReply reply)>& answer, const std::string& by = "unknown");

/// The error for a line that was longer than a request may be.
[[nodiscard]] RpcReply rpc_too_long(std::size_t limit);

}  // namespace adit::app
