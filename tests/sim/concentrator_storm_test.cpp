// SPDX-License-Identifier: Apache-2.0
// SEC-10, FUZ-02: ten thousand connections that behave in every way and break off at any octet, while rings
// fill up, workers and the authentication backend are slow, and an operator intervenes. Afterwards everything
// is back in its initial state, and every connection and call has been reported ended exactly once. A failure
// prints its seed.
#include <gtest/gtest.h>

#include <unordered_map>

#include "tests/controlplane/concentrator/concentrator_kit.hpp"

namespace adit::control {
namespace {

using namespace pptp;

class Storm {
 public:
  explicit Storm(std::uint32_t seed) : random_(seed), house(settings(), 3, 300, seed) {}

  static Settings settings() {
    Settings settings = House::pap_settings();
    settings.pptp.max_connections = 500;
    settings.pptp.max_starting = 400;
    settings.pptp.max_calls_per_connection = 2;
    settings.ip.quarantine = 5s;
    return settings;
  }

  void run(std::size_t connections) {
    while (accepts_ < connections) {
      step();
      if (::testing::Test::HasFailure()) {
        return;
      }
    }
    house.ring_capacity = 8192;
    house.answer_removals = true;
    for (int second = 0; second < 400; ++second) {  // silence: every deadline passes
      house.advance(1s);
      house.run_workers();
    }
  }

  std::size_t accepts_ = 0;

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_()) % bound; }

  void step() {
    switch (below(24)) {
      case 0:
      case 1:
      case 2:
        return accept();
      case 3:
        return house.advance(Duration(below(400)));
      case 4:
        return house.run_workers();
      case 5:
        house.ring_capacity = below(8) == 0 ? below(20) : 8192;
        return;
      case 6:
        return house.auth.answer(below(3) == 0 ? AuthVerdict(AuthUnavailable{"gone"})
                                               : AuthVerdict(AuthAccepted{}));
      case 7:
        return below(20) == 0 ? terminate() : void();
      case 8:
        return below(4) == 0 ? house.advance(Duration(below(20'000))) : void();
      default:
        return clients_.empty() ? accept() : behave(below(static_cast<std::uint32_t>(clients_.size())));
    }
  }

  void accept() {
    const wire::Ipv4Address peer(198, 18, 0, below(256)), local(192, 0, 2, 1 + below(2));
    auto client = std::make_unique<DialIn>(house, ++accepts_, peer, local);
    if (client->accepted) {
      clients_.push_back(std::move(client));
    }
  }

  void behave(std::size_t index) {
    DialIn& client = *clients_[index];
    const std::uint16_t id = static_cast<std::uint16_t>(below(3));
    switch (below(14)) {
      case 0:
        client.start();
        break;
      case 1:
        client.call(id);
        break;
      case 2:
      case 3:
      case 4:
        client.dial(user(), id);
        break;
      case 5:
      case 6:
        client.serve();
        break;
      case 7:
        client.send(CallClearRequest{id});
        break;
      case 8:
        client.send(below(2) == 0 ? Message(StopControlConnectionRequest{})
                                  : Message(StopControlConnectionReply{}));
        break;
      case 9:
        client.send(below(2) == 0 ? Message(SetLinkInfo{client.local_id, 0, 0}) : Message(EchoRequest{1}));
        break;
      case 10:
        garbage_frame(client);
        break;
      case 11:
        torn_message(client);
        break;
      default:
        client.reset();
        break;
    }
    if (!client.connected()) {
      std::swap(clients_[index], clients_.back());
      clients_.pop_back();
    }
  }

  std::string user() {
    switch (below(6)) {
      case 0:
        return "mallory";
      case 1:
        return "later";
      case 2:
        return "fixed-10.99.0." + std::to_string(1 + below(4));
      default:
        return "user" + std::to_string(below(20));
    }
  }

  void garbage_frame(DialIn& client) {
    static constexpr std::uint16_t kProtocols[] = {0xC021, 0xC023, 0xC223, 0x80FD,
                                                   0x8021, 0x8057, 0x0021, 0xC025};
    std::vector<std::uint8_t> packet(4 + below(60));
    for (auto& octet : packet) {
      octet = static_cast<std::uint8_t>(below(4) == 0 ? below(256) : below(16));
    }
    client.send_ppp(kProtocols[below(8)], packet);
  }

  // Sends part of a message, sometimes with a wrong octet, and then perhaps drops the connection.
  void torn_message(DialIn& client) {
    OutgoingCallRequest request;
    request.call_id = 9;
    const Encoded encoded =
        write(below(2) == 0 ? Message(StartControlConnectionRequest{}) : Message(request));
    std::vector<std::uint8_t> octets(encoded.octets().begin(), encoded.octets().end());
    if (below(3) == 0) {
      octets[below(12)] ^= static_cast<std::uint8_t>(1u << below(8));
    }
    octets.resize(below(static_cast<std::uint32_t>(octets.size() + 1)));
    house.concentrator->on_bytes(client.id, octets);
    if (below(2) == 0) {
      client.reset();
    }
  }

  void terminate() {
    using By = SessionSelector::By;
    const bool hard = below(2) == 0;
    switch (below(8)) {
      case 0:
        control::terminate(*house.concentrator, {By::kAll, ""}, hard);
        break;
      case 1:
        control::terminate(*house.concentrator, {By::kIp, "10.64.0." + std::to_string(2 + below(200))}, hard);
        break;
      default:
        control::terminate(*house.concentrator, {By::kUsername, user()}, hard);
        break;
    }
  }

  std::mt19937 random_;
  std::vector<std::unique_ptr<DialIn>> clients_;

 public:
  House house;
};

TEST(ConcentratorStorm, SEC_10_TenThousandConnectionsComeAndGoAndNothingIsLeft) {
  std::uint64_t calls_up = 0;
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Storm storm(seed);
    storm.run(10'000);
    House& house = storm.house;
    expect_baseline(house);
    const auto stats = house.concentrator->stats();
    EXPECT_EQ(house.log.named("call_ended").size(), stats.calls_total);
    EXPECT_EQ(house.log.named("connection_closed").size(), stats.connections_total);
    EXPECT_EQ(house.log.named("connection_refused").size() + stats.connections_total, storm.accepts_);
    std::set<std::string> sids;
    for (const auto& event : house.log.named("call_ended")) {
      EXPECT_TRUE(sids.insert(event.fields.at("sid")).second) << "two last words";
    }
    calls_up += house.log.named("call_up").size();

    DialIn after(house, 1'000'000);  // it still works
    EXPECT_TRUE(after.dial("alice"));
    after.reset();
    expect_baseline(house);
    if (HasFailure()) {
      return;
    }
  }
  EXPECT_GT(calls_up, 1'000u) << "the storm never lets a call come up";
}

}  // namespace
}  // namespace adit::control
