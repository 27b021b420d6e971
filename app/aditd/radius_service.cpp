// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/radius_service.hpp"

#include <utility>

namespace adit::app {

RadiusService::RadiusService(asio::io_context& io, const Config& config, control::TimerWheel& wheel,
                             control::Entropy& entropy, control::EventLog& log, control::AuthBackend& local,
                             std::function<void()> before_events)
    : order_(config.auth_order),
      before_events_(std::move(before_events)),
      local_(local),
      sockets_(io, config.radius),
      client_(config.radius, wheel, entropy, log, sockets_),
      auth_(client_, config.nas, log),
      fallback_(auth_, local) {}

std::expected<void, std::string> RadiusService::open() {
  return sockets_.open([this](std::size_t server, control::radius::Service service, std::uint32_t lane,
                              std::span<const std::uint8_t> datagram) {
    before_events_();
    client_.on_datagram(server, service, lane, datagram);
  });
}

control::AuthBackend& RadiusService::backend() {
  switch (order_) {
    case AuthOrder::kLocal:
      break;
    case AuthOrder::kRadius:
      return auth_;
    case AuthOrder::kRadiusThenLocal:
      return fallback_;
  }
  return local_;
}

}  // namespace adit::app
