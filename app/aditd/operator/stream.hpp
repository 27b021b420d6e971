// SPDX-License-Identifier: Apache-2.0
// A method that goes on: after its answer come notifications, one JSON line each, until the client hangs up, the stream
// is over, or the client reads too slowly and is cut off. What waits for it is bounded.
// Thread: control.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace adit::app {

/// The client's side of a stream. Lives longer than the subscription.
class StreamSink {
 public:
  /// Of lines that the client has not taken.
  static constexpr std::size_t kMaxUnsent = std::size_t{1} << 20;

  virtual ~StreamSink() = default;
  /// Sends `line`, which has no newline, behind the answer and the lines before. False: more than kMaxUnsent would wait. The
  /// client is cut off, which the log says, and the subscription ends in another turn.
  virtual bool send(std::string_view line) = 0;
  /// Octets that wait for the client.
  [[nodiscard]] virtual std::size_t unsent() const = 0;
  /// Calls `more` once, as a chore, as soon as nothing waits for the client: for what is made as fast as it is read. A later
  /// call replaces one that has not happened yet.
  virtual void when_sent(std::function<void()> more) = 0;
  /// The stream is over: the connection is closed when everything has been sent.
  virtual void finish() = 0;
};

/// What a client has subscribed to. Destroyed, at the latest when the client hangs up, it no longer uses its sink.
class Subscription {
 public:
  Subscription() = default;
  virtual ~Subscription() = default;
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;
  /// The method's, for the log.
  [[nodiscard]] virtual std::string_view name() const = 0;
};

/// {"jsonrpc":"2.0","method":METHOD,"params":PARAMS}; `params` is JSON.
[[nodiscard]] inline std::string notification(std::string_view method, std::string_view params) {
  return R"({"jsonrpc":"2.0","method":")" + std::string(method) + R"(","params":)" + std::string(params) +
         '}';
}

}  // namespace adit::app
