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

RadiusService::RadiusService(asio::io_context& io, SpoolFile spool, const Config& config,
                             control::TimerWheel& wheel, control::Entropy& entropy, control::EventLog& log,
                             control::AuthBackend& local, std::function<void()> before_events)
    : order_(config.auth_order),
      accounted_(std::ranges::any_of(config.radius.servers,
                                     [](const auto& server) { return server.acct_port != 0; })),
      dae_settings_(config.dae),
      nas_(config.nas),
      rates_(config.radius_rates),
      wheel_(wheel),
      log_(log),
      before_events_(std::move(before_events)),
      local_(local),
      sockets_(io, config.radius),
      client_(config.radius, wheel, entropy, log, sockets_),
      auth_(client_, config.nas, config.radius_rates, log),
      fallback_(auth_, local),
      trials_(wheel, entropy),
      spool_file_(std::move(spool)),
      spool_(spool_file_.memory()),
      accounting_(client_, config.nas, wheel, &seconds_since_1970, log, spool_),
      dae_socket_(io) {}

control::Accounting* RadiusService::accounting() {
  return accounted_ ? &accounting_ : nullptr;
}

std::expected<void, std::string> RadiusService::open(control::Concentrator& concentrator) {
  auto opened = sockets_.open([this](std::size_t server, control::radius::Service service, std::uint32_t lane,
                                     std::span<const std::uint8_t> datagram) {
    before_events_();
    client_.on_datagram(server, service, lane, datagram);
  });
  if (opened && accounted_) {
    accounting_.announce_start();
  }
  return opened && !dae_settings_.clients.empty() ? open_dae(concentrator) : opened;
}

std::expected<void, std::string> RadiusService::open_dae(control::Concentrator& concentrator) {
  dae_.emplace(dae_settings_, nas_, rates_, wheel_, &seconds_since_1970, log_, concentrator);
  return dae_socket_.open(dae_settings_.address, dae_settings_.port,
                          [this](wire::Ipv4Address source, std::span<const std::uint8_t> datagram) {
                            before_events_();
                            return dae_->on_datagram(source, datagram);
                          });
}

bool RadiusService::say_farewell() {
  return !accounted_ || accounting_.announce_stop();
}

bool RadiusService::announced() const {
  return !accounted_ || accounting_.announced();
}

RadiusStatus RadiusService::status() const {
  RadiusStatus status{.servers = client_.status(), .accounting = accounting_.status()};
  if (dae_) {
    status.dae = dae_->status();
    status.dae_strangers = dae_->strangers();
  }
  return status;
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
