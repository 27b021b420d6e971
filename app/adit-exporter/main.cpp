// SPDX-License-Identifier: Apache-2.0
// adit-exporter: aditd's metrics and a status page over HTTP. A process of its own, so that aditd itself speaks no HTTP.
#include <malloc.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <thread>

#include "app/adit-exporter/http_server.hpp"
#include "app/adit-exporter/leave_root.hpp"
#include "app/adit-exporter/options.hpp"
#include "app/adit-exporter/routes.hpp"
#include "app/adit-exporter/source.hpp"

namespace adit::app::exporter {
namespace {

constexpr int kFailed = 1;

/// The port; 0: it could not.
int bind(HttpServer& server, const Options& options) {
  if (options.port == 0) {
    return std::max(0, server.bind_to_any_port(options.address));
  }
  return server.bind_to_port(options.address, options.port) ? options.port : 0;
}

void warn(const Options& options) {
  if (!options.loopback) {
    std::fprintf(stderr,
                 "adit-exporter: warning: %s is not loopback: whoever can reach it may read %s, without "
                 "password or encryption; "
                 "let a firewall say who may\n",
                 options.address.c_str(), options.sessions ? "users' names and addresses" : "it");
  }
}

int serve(const Options& options) {
  // Threads take part of it; answers are made and gone, so two heaps are plenty.
  ::mallopt(M_ARENA_MAX, 2);
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigaddset(&ends, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);

  if (const auto left = leave_root(options.user, options.socket); !left) {
    std::fprintf(stderr, "adit-exporter: %s\n", left.error().c_str());
    return kFailed;
  }
  Source source(options.socket);
  HttpServer server;
  add_routes(server, source, options);
  errno = 0;
  const int port = bind(server, options);
  if (port == 0) {
    std::fprintf(stderr, "adit-exporter: cannot listen on %s: %s; another place: --listen\n",
                 to_string(options.address, options.port).c_str(), std::strerror(errno));
    return kFailed;
  }
  warn(options);
  std::fprintf(stderr, "adit-exporter: http://%s/\n", to_string(options.address, port).c_str());
  static_cast<void>(source.metrics());  // says at once if aditd cannot be reached

  std::thread([&server, ends] {
    int signal = 0;
    ::sigwait(&ends, &signal);
    while (!server.is_running()) {  // until then, stop() has nothing to stop
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    server.stop();
  }).detach();
  return server.serve() ? 0 : kFailed;
}

int run(int argc, char** argv) {
  const auto options = parse_options({argv + 1, argv + argc});
  if (!options) {
    std::fputs(options.error().text.c_str(), options.error().code == 0 ? stdout : stderr);
    return options.error().code;
  }
  return serve(*options);
}

}  // namespace
}  // namespace adit::app::exporter

int main(int argc, char** argv) {
  try {
    return adit::app::exporter::run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "adit-exporter: %s\n", error.what());
    return adit::app::exporter::kFailed;
  }
}
