// SPDX-License-Identifier: Apache-2.0
// cpp-httplib's server, bounded where it is not: a connection is one request, of kMaxRequest octets and kRequestTime, and done after
// kDeadline, however slowly its client reads; while all threads are busy nobody else is accepted.
// Threads: kThreads of its own, and the one that listens.
#pragma once

#include <httplib.h>

#include <chrono>
#include <cstddef>

namespace adit::app::exporter {

inline constexpr std::size_t kThreads = 8;
inline constexpr std::size_t kMaxRequest = 16'384;
inline constexpr std::chrono::seconds kRequestTime{5};
inline constexpr std::chrono::seconds kDeadline{15};

class HttpServer : public httplib::Server {
 public:
  HttpServer();

 private:
  bool process_and_close_socket(socket_t socket) override;
};

}  // namespace adit::app::exporter
