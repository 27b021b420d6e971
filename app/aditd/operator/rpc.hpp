// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0 as aditd speaks it: one request object in, one reply out, no state between them, no I/O.
// The methods are the rows of methods() (method.hpp). Strings from peers are passed on unchanged; octets
// that are not UTF-8 become U+FFFD. Thread: control.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "app/aditd/operator/backend.hpp"
#include "app/aditd/operator/stream.hpp"

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
  /// The answer to a stream's request: what follows it lasts as long as the subscription.
  RpcReply(std::string whole, std::unique_ptr<Subscription> subscription) : RpcReply(std::move(whole)) {
    subscription_ = std::move(subscription);
  }

  [[nodiscard]] bool more() const { return more_; }
  /// The next piece, perhaps an empty one; the last one ends with a newline. Calls the backend.
  [[nodiscard]] std::string next();
  /// nullptr: this is the whole answer.
  [[nodiscard]] std::unique_ptr<Subscription> take_subscription() { return std::move(subscription_); }

 private:
  List list_;
  std::unique_ptr<Subscription> subscription_;
  bool has_rows_ = false;  // so far
  bool more_ = false;
};

/// What may be asked through a socket: what changes nothing and shows no subscriber's packets, or everything.
enum class Access : std::uint8_t { kRead, kFull };

/// Who asks, for the log; what is granted; where a stream's notifications go (nullptr: nowhere, streams are refused).
struct Caller {
  std::string by = "unknown";
  Access access = Access::kFull;
  StreamSink* sink = nullptr;
};

/// Answers one line through `answer`: at once, or later when others have to answer or act first. Whatever the
/// line holds, the reply is JSON-RPC: a result, or an error that says what to do.
void handle_rpc(std::string_view line, OperatorBackend& backend,
                const std::function<void(RpcReply reply)>& answer, const Caller& caller = {});

/// The error for a request behind one that began a stream.
[[nodiscard]] std::string rpc_has_stream();

/// The error for a line that was longer than a request may be.
[[nodiscard]] RpcReply rpc_too_long(std::size_t limit);

}  // namespace adit::app
