// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/radius_service.hpp"

#include <chrono>
#include <utility>

namespace adit::app {
namespace {

std::uint64_t seconds_since_1970() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

bool asked_for_logins(const control::radius::ServerSettings& server) {
  return server.auth_port != 0;
}

}  // namespace

struct RadiusService::Generation {
  Generation(RadiusService& service, control::radius::ClientSettings its_settings)
      : settings(std::move(its_settings)),
        sockets(service.io_, settings),
        client(settings, service.wheel_, service.entropy_, service.log_, sockets) {}
  const control::radius::ClientSettings settings;
  RadiusSockets sockets;
  control::radius::Client client;
};

RadiusService::RadiusService(asio::io_context& io, SpoolFile spool, const Config& config,
                             control::TimerWheel& wheel, control::Entropy& entropy, control::EventLog& log,
                             control::AuthBackend& local, std::function<void()> before_events)
    : io_(io),
      order_(config.auth_order),
      accounted_(has_accounting(config.radius)),
      config_(config),
      wheel_(wheel),
      entropy_(entropy),
      log_(log),
      before_events_(std::move(before_events)),
      local_(local),
      current_(std::make_unique<Generation>(*this, client_settings(config.radius, order_))),
      auth_(current_->client, config.nas, config.radius_rates, log),
      fallback_(auth_, local, fallback_patience(config.radius)),
      trials_(wheel, entropy),
      spool_file_(std::move(spool)),
      spool_(spool_file_.memory()),
      accounting_(current_->client, config.nas, wheel, &seconds_since_1970, log, spool_) {}

RadiusService::~RadiusService() = default;

control::Accounting* RadiusService::accounting() {
  return accounted_ ? &accounting_ : nullptr;
}

std::expected<void, std::string> RadiusService::open(control::Concentrator& concentrator) {
  concentrator_ = &concentrator;
  if (auto opened = open_sockets(*current_); !opened) {
    return opened;
  }
  if (accounted_) {
    accounting_.announce_start();
  }
  auto dae = open_dae(config_);
  if (!dae) {
    return std::unexpected(std::move(dae.error()));
  }
  use_dae(config_, std::move(*dae));
  return {};
}

std::expected<void, std::string> RadiusService::open_sockets(Generation& generation) {
  return generation.sockets.open(
      [this, &client = generation.client](std::size_t server, control::radius::Service service,
                                          std::uint32_t lane, std::span<const std::uint8_t> datagram) {
        before_events_();
        client.on_datagram(server, service, lane, datagram);
      });
}

/// A socket where `config` wants it; none: there is one already, or no client.
std::expected<std::unique_ptr<DaeSocket>, std::string> RadiusService::open_dae(const Config& config) {
  const bool is_there =
      dae_socket_ != nullptr && dae_address_ == config.dae.address && dae_port_ == config.dae.port;
  if (is_there || config.dae.clients.empty()) {
    return nullptr;
  }
  auto socket = std::make_unique<DaeSocket>(io_);
  auto opened = socket->open(config.dae.address, config.dae.port,
                             [this](wire::Ipv4Address source, std::span<const std::uint8_t> datagram) {
                               before_events_();
                               return dae_->on_datagram(source, datagram);
                             });
  if (!opened) {
    return std::unexpected(std::move(opened.error()));
  }
  return socket;
}

void RadiusService::use_dae(const Config& config, std::unique_ptr<DaeSocket> moved) {
  if (moved != nullptr) {
    dae_socket_ = std::move(moved);
    dae_address_ = config.dae.address;
    dae_port_ = config.dae.port;
  }
  if (dae_) {
    dae_->use(config.dae, config.radius_rates);
  } else if (dae_socket_ != nullptr) {
    dae_.emplace(config.dae, config_.nas, config.radius_rates, wheel_, &seconds_since_1970, log_,
                 *concentrator_);
  }
}

std::expected<void, std::string> RadiusService::judge(const Config& config) const {
  if (order_ != AuthOrder::kLocal && std::ranges::none_of(config.radius.servers, asked_for_logins)) {
    return std::unexpected(
        "auth.backend: asks RADIUS until the next start, and no server would be left for logins; keep a "
        "[[radius-server]] with an auth-port, or restart aditd");
  }
  return {};
}

std::expected<void, std::string> RadiusService::reload(const Config& config) {
  if (auto good = judge(config); !good) {
    return good;
  }
  auto next = std::make_unique<Generation>(*this, client_settings(config.radius, order_));
  if (auto opened = open_sockets(*next); !opened) {
    return opened;
  }
  auto dae = open_dae(config);
  if (!dae) {
    return std::unexpected(std::move(dae.error()));
  }
  use_dae(config, std::move(*dae));
  next->client.inherit(current_->client);
  auth_.use(next->client, config.radius_rates);
  accounting_.use(next->client);
  fallback_.use(fallback_patience(config.radius));
  retired_.push_back(std::exchange(current_, std::move(next)));
  return {};
}

void RadiusService::tidy() {
  std::erase_if(retired_, [](const auto& generation) { return generation->client.idle(); });
}

bool RadiusService::say_farewell() {
  return !accounted_ || accounting_.announce_stop();
}

bool RadiusService::announced() const {
  return !accounted_ || accounting_.announced();
}

RadiusStatus RadiusService::status() const {
  RadiusStatus status{.servers = current_->client.status(), .accounting = accounting_.status()};
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
