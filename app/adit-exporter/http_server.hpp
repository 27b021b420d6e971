// SPDX-License-Identifier: Apache-2.0
// cpp-httplib's server, bounded where it is not: a connection is one request, of kMaxRequest octets and kRequestTime, and done after
// kDeadline, however slowly its client reads. Each has a thread. When all are taken, one that waits for its client gives way
// to the next: of the address that has most of them, the oldest that has not sent its request in kGrace; else the oldest that
// has been taking its answer for kAnswerTime. So who does not send or read keeps nobody out.
// Threads: kThreads of its own, and the one that listens.
#pragma once

#include <httplib.h>

#include <chrono>
#include <cstddef>
#include <memory>

namespace adit::app::exporter {

inline constexpr std::size_t kThreads = 24;
inline constexpr std::size_t kMaxRequest = 16'384;
inline constexpr std::chrono::seconds kRequestTime{5};
// Longer than most round trips; under a flood, kThreads places change hands so often all the same that the turn comes soon.
inline constexpr std::chrono::milliseconds kGrace{100};
inline constexpr std::chrono::seconds kAnswerTime{1};
inline constexpr std::chrono::seconds kDeadline{15};

class Places;

class HttpServer : public httplib::Server {
 public:
  HttpServer();
  ~HttpServer() override;

  /// Once it is bound: serves until stop() is called. False: it could not.
  [[nodiscard]] bool serve();

 private:
  bool process_and_close_socket(socket_t socket) override;

  std::unique_ptr<Places> places_;
};

}  // namespace adit::app::exporter
