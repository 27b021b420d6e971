// SPDX-License-Identifier: Apache-2.0
// Clients and the concentrator that they dial, end to end: control connections over a TCP that delays and
// segments anywhere, PPP over a link that loses and reorders, one virtual clock. The clients' hosts check the
// guarantees of ClientCallHost: the order of calls, and keys and addresses in place before the frame that
// lets the server use them is sent. Owner: the simulation.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "controlplane/auth/eap_tls.hpp"
#include "controlplane/auth/local_users.hpp"
#include "controlplane/client/client_call.hpp"
#include "dataplane/call/ppp_frame_limit.hpp"
#include "tests/controlplane/concentrator/concentrator_kit.hpp"
#include "tests/kit/stepped_background.hpp"
#include "tests/sim/lossy_link.hpp"

namespace adit::sim {

constexpr control::Duration kTcpDelay{20};

/// Records what a data plane would have been told, and checks that the order is valid.
class ClientBooks : public control::ClientCallHost {
 public:
  using Octets = std::vector<std::uint8_t>;

  bool has_ipv4 = true;  // as ClientSettings::ipv4
  std::optional<wire::PeerCallId> server_id;
  std::map<contract::Direction, contract::EnableMppe> mppe;
  wire::Ipv4Address ip;
  bool ip_needs_mppe = false;
  std::optional<control::Ipv6Binding> ipv6;
  int ups = 0;
  bool closed = false;
  std::optional<control::ClientEnd> ended;
  std::string detail;

  void close() override {
    EXPECT_FALSE(closed) << "closed twice";
    closed = true;
  }
  void install_call(wire::LocalCallId, wire::PeerCallId peer) override {
    EXPECT_FALSE(server_id.has_value());
    server_id = peer;
  }
  void send_ppp_frame(std::span<const std::uint8_t> frame) override {
    ASSERT_TRUE(server_id && !closed && !ended) << "a frame without a call";
    const auto header = wire::parse_ppp(frame);
    ASSERT_TRUE(header && header->header_length == 4) << "FF 03 and a whole protocol field";
    const auto packet = wire::parse_ppp_packet(frame.subspan(4));
    ASSERT_TRUE(packet && packet->whole.size() + 4 == frame.size());
    expect_prepared_for(header->protocol, *packet);
  }
  void set_ppp_compression(bool, bool) override {}
  void enable_mppe(contract::Direction direction, contract::MppeMode mode,
                   const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) override {
    contract::EnableMppe& enabled = mppe[direction];
    enabled.mode = mode;
    std::ranges::copy(start_key.bytes(), enabled.start_key.begin());
    std::ranges::copy(session_key.bytes(), enabled.session_key.begin());
  }
  void disable_mppe() override { mppe.clear(); }
  void enable_ip(wire::Ipv4Address own, std::uint16_t, bool require_mppe) override {
    EXPECT_TRUE(ip.is_none()) << "enabled twice";
    ip = own;
    ip_needs_mppe = require_mppe;
  }
  void disable_ip() override { ip = {}; }
  void enable_ipv6(const control::Ipv6Binding& binding, std::uint16_t, bool) override { ipv6 = binding; }
  void disable_ipv6() override { ipv6.reset(); }
  void client_up() override {
    EXPECT_EQ(!ip.is_none(), has_ipv4);
    EXPECT_TRUE(has_ipv4 || ipv6);
    ++ups;
  }
  void client_ended(control::ClientEnd end, std::string_view words) override {
    EXPECT_FALSE(ended.has_value()) << "ended twice";
    EXPECT_TRUE(ip.is_none() && !ipv6 && mppe.empty()) << "ended with data under way";
    ended = end;
    detail = words;
  }

 private:
  void expect_prepared_for(wire::PppProtocol protocol, const wire::PppPacket& packet) {
    const auto options = wire::PppOptions::parse(packet.data);
    if (protocol == wire::PppProtocol::kCcp && packet.code == 2 && !options->empty()) {
      EXPECT_TRUE(mppe.contains(contract::Direction::kReceive)) << "the server may encrypt from here on";
    }
    if (protocol == wire::PppProtocol::kIpcp && packet.code == 1) {
      for (const wire::PppOption& option : *options) {
        EXPECT_TRUE(option.type != 3 || option.u32() == ip.value) << "the server may send to it from here on";
      }
    }
  }
};

/// One client with its TCP connection and its link.
class WorldClient final : public ClientBooks {
 public:
  WorldClient(control::House& house, const control::ClientSettings& settings, LinkQuality quality,
              std::uint32_t number)
      : house_(house),
        number_(number),
        up_(quality, number * 2 + 1),
        down_(quality, number * 2 + 2),
        random_(number),
        call_(settings, wire::LocalCallId(static_cast<std::uint16_t>(number * 7 + 3)), house.wheel,
              house.entropy, *this) {
    has_ipv4 = settings.ipv4;
  }

  void dial() {
    house_.open.insert(number_);
    ASSERT_TRUE(house_.concentrator->on_accept(number_, wire::Ipv4Address(0xC6120000 + number_), kServer));
    call_.start();
  }
  /// Delivers everything that is due.
  void pump() {
    collect();
    deliver_to_server();
    deliver_to_client();
  }
  control::ClientCall& call() { return call_; }
  /// The server's side of the call; nullptr if there is none.
  [[nodiscard]] control::House::Installed* installed() {
    const auto mapped =
        server_id ? house_.calls_by_id.find({kServer, server_id->value}) : house_.calls_by_id.end();
    if (mapped == house_.calls_by_id.end()) {
      return nullptr;
    }
    ref_ = mapped->second;
    const auto found = house_.installed.find(control::House::key(ref_));
    return found == house_.installed.end() ? nullptr : &found->second;
  }

  static constexpr wire::Ipv4Address kServer{192, 0, 2, 1};

 private:
  struct Segment {
    control::Instant due;
    Octets octets;  // none: FIN
  };

  [[nodiscard]] control::Instant now() const { return house_.wheel.now(); }

  void send(std::span<const std::uint8_t> message) override {
    EXPECT_FALSE(closed || ended) << "a message without a connection";
    to_server_.push_back({now() + kTcpDelay, {message.begin(), message.end()}});
  }
  void close() override {
    ClientBooks::close();
    to_server_.push_back({now() + kTcpDelay, {}});
  }
  void send_ppp_frame(std::span<const std::uint8_t> frame) override {
    ClientBooks::send_ppp_frame(frame);
    up_.send(now(), frame);
  }

  /// An IPv6 packet as it travels: the link makes no difference between it and a PPP control frame.
  static Octets as_frame(std::span<const std::uint8_t> packet) {
    Octets frame{0xFF, 0x03, 0x00, 0x57};
    frame.insert(frame.end(), packet.begin(), packet.end());
    return frame;
  }
  void send_ipv6(std::span<const std::uint8_t> packet) override {
    ASSERT_TRUE(ipv6 && !closed && !ended) << "IPv6 without a link";
    up_.send(now(), as_frame(packet));
  }

  void collect() {
    if (control::House::Installed* at_server = installed()) {
      for (const auto& frame : std::exchange(at_server->to_peer, {})) {
        down_.send(now(), frame);
      }
      for (const auto& packet : std::exchange(at_server->packets6, {})) {
        down_.send(now(), as_frame(packet));
      }
    }
    for (const control::pptp::Message& message : std::exchange(house_.to_client[number_], {})) {
      const auto encoded = control::pptp::write(message);
      to_client_.push_back({now() + kTcpDelay, {encoded.octets().begin(), encoded.octets().end()}});
    }
    if (!house_.open.contains(number_) && !server_gone_) {
      server_gone_ = true;
      to_client_.push_back({now() + kTcpDelay, {}});
    }
  }
  void deliver_to_server() {
    while (!to_server_.empty() && to_server_.front().due <= now()) {
      const Segment segment = to_server_.front();
      if (house_.open.contains(number_)) {
        segment.octets.empty() ? house_.concentrator->on_closed(number_)
                               : house_.concentrator->on_bytes(number_, segment.octets);
        if (house_.dead) {
          return;  // a process takes octets from the socket when it has kept what they have changed
        }
        if (segment.octets.empty()) {
          house_.open.erase(number_);
          server_gone_ = true;
        }
      }
      to_server_.pop_front();
    }
    for (auto frame = up_.receive(now()); !frame.empty(); frame = up_.receive(now())) {
      if (installed() != nullptr) {
        const bool is_data =
            wire::load_be<std::uint16_t>(frame.data() + 2) == 0x0057;  // has a limit of its own
        EXPECT_TRUE(is_data || limit_.take(true, {static_cast<std::uint32_t>(now().since_start.count())}))
            << "more frames than a worker takes from a call that dials";
        house_.concentrator->on_worker_message(contract::PppFrameIn{ref_}, wire::Bytes(frame).subspan(2));
      }
    }
  }
  void deliver_to_client() {
    Octets stream;  // coalesced, then segmented
    bool fin = false;
    for (; !to_client_.empty() && to_client_.front().due <= now(); to_client_.pop_front()) {
      fin |= to_client_.front().octets.empty();
      stream.insert(stream.end(), to_client_.front().octets.begin(), to_client_.front().octets.end());
    }
    for (std::size_t at = 0; at < stream.size() && !closed;) {
      const std::size_t size = std::min<std::size_t>(1 + random_() % 200, stream.size() - at);
      call_.on_bytes(wire::Bytes(stream).subspan(at, size));
      at += size;
    }
    if (fin && !closed && !ended) {
      closed = true;
      call_.on_closed();
    }
    for (auto frame = down_.receive(now()); !frame.empty(); frame = down_.receive(now())) {
      if (server_id && !closed && !ended) {
        call_.on_frame(wire::Bytes(frame).subspan(2));
      }
    }
  }

  control::House& house_;
  const std::uint32_t number_;
  LossyLink up_, down_;
  dataplane::PppFrameLimit limit_;
  std::mt19937 random_;
  std::deque<Segment> to_server_, to_client_;
  bool server_gone_ = false;
  contract::CallRef ref_;
  control::ClientCall call_;
};

class DialWorld {
 public:
  DialWorld(control::Settings settings, std::uint32_t slots, std::uint32_t seed)
      : users_(control::parse_users("alice * secret *\n", {}).users),
        house(with_pool(std::move(settings)), 2, slots, seed, &users_) {
    users_.allow_certificates(logins);
  }

  WorldClient& dial(const control::ClientSettings& settings, LinkQuality quality) {
    clients.push_back(std::make_unique<WorldClient>(house, settings, quality, ++numbers_));
    clients.back()->dial();
    return *clients.back();
  }
  void step() {
    house.advance(control::TimerWheel::kTick);
    house.run_workers();
    for (const auto& client : clients) {
      bury();
      client->pump();
    }
    bury();
    while (background.turn()) {
    }
  }
  /// If the process has died by now, another goes on.
  void bury() {
    if (house.dead) {
      house.live_again();
      ++deaths;
    }
  }
  int deaths = 0;
  /// False: `what` did not become true for every client within `limit`.
  template <typename Predicate>
  bool run_until_all(Predicate what, control::Duration limit) {
    const control::Instant end = house.wheel.now() + limit;
    while (!std::ranges::all_of(clients, [&](const auto& client) { return what(*client); })) {
      if (house.wheel.now() > end) {
        return false;
      }
      step();
    }
    return true;
  }
  void run(control::Duration for_so_long) {
    run_until_all([](WorldClient&) { return false; }, for_so_long);
  }

 private:
  static control::Settings with_pool(control::Settings settings) {
    settings.ip.gateway = wire::Ipv4Address(10, 64, 0, 1);
    settings.ip.dns1 = wire::Ipv4Address(198, 51, 100, 53);
    if (settings.ipv6.mode != control::Ipv6Policy::kDeny) {
      const auto prefix = [](const char* text) { return *wire::parse_ipv6_prefix(text); };
      settings.ipv6.pools = {{"default", prefix("2001:db8:64::/48"), 64, control::Ipv6Use::kLink},
                             {"default", prefix("2001:db8:1000::/36"), 56, control::Ipv6Use::kDelegate}};
      settings.ipv6.server_duid = {0, 3, 0, 1, 2, 0, 0, 0, 0, 1};
    }
    settings.ip.pools = {
        {"default", {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 15, 250)}}}};
    return settings;
  }
  control::LocalUsers users_;
  std::uint32_t numbers_ = 0;

 public:
  test::SteppedBackground background;  // the server's and the clients': their work takes no time
  control::TlsLogins logins{background};
  control::House house;
  std::vector<std::unique_ptr<WorldClient>> clients;
};

}  // namespace adit::sim
