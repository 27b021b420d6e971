// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/memif_reconnect.hpp"

#include <string_view>

namespace adit::app::blast {
namespace {

constexpr std::chrono::seconds kBetweenLooks{1};

/// A client is what it is unless it is told otherwise ("master" was the server's name once).
bool is_memif_client(std::string_view device) {
  return device.starts_with("net_memif") && device.find("role=server") == device.npos &&
         device.find("role=master") == device.npos;
}

}  // namespace

MemifReconnect::MemifReconnect(PortSupervisor& supervisor, std::span<const dataplane::OpenPort> ports,
                               std::span<const std::string> devices)
    : supervisor_(supervisor), ports_(ports), next_(Clock::now() + kBetweenLooks) {
  for (std::size_t port = 0; port < devices.size(); ++port) {
    if (is_memif_client(devices[port])) {
      clients_.push_back(port);
    }
  }
}

void MemifReconnect::turn(Clock::time_point now) {
  if (clients_.empty() || now < next_) {
    return;
  }
  if (supervisor_.restarting()) {
    static_cast<void>(supervisor_.finish_restart());  // if it has failed, the next look begins another
    next_ = now + supervisor_.wait();
    return;
  }
  static_cast<void>(supervisor_.check());
  if (supervisor_.restarting()) {  // a client that did not start
    next_ = now + supervisor_.wait();
    return;
  }
  next_ = now + kBetweenLooks;
  for (const std::size_t client : clients_) {
    if (!supervisor_.state(client).link.up && supervisor_.begin_restart(ports_[client].name)) {
      next_ = now + supervisor_.wait();
      return;  // one at a time
    }
  }
}

}  // namespace adit::app::blast
