// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/radius_service.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace adit::app {
namespace {

std::uint64_t seconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

RadiusService::RadiusService(asio::io_context& io, const Config& config, control::TimerWheel& wheel,
                             control::Entropy& entropy, control::EventLog& log, control::AuthBackend& local,
                             std::function<void()> before_events)
    : order_(config.auth_order),
      before_events_(std::move(before_events)),
      local_(local),
      sockets_(io, config.radius),
      client_(config.radius, wheel, entropy, log, sockets_),
      auth_(client_, config.nas, config.radius_rates, log),
      fallback_(auth_, local),
      accounting_(client_, config.nas, wheel, log, seconds_since_1970()) {}

control::Accounting* RadiusService::accounting() {
  const auto& servers = client_.settings().servers;
  const bool any = std::ranges::any_of(
      servers, [](const control::radius::ServerSettings& server) { return server.acct_port != 0; });
  return any ? &accounting_ : nullptr;
}

std::expected<void, std::string> RadiusService::open() {
  auto opened = sockets_.open([this](std::size_t server, control::radius::Service service, std::uint32_t lane,
                                     std::span<const std::uint8_t> datagram) {
    before_events_();
    client_.on_datagram(server, service, lane, datagram);
  });
  if (opened && accounting() != nullptr) {
    accounting_.announce_start();
  }
  return opened;
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
