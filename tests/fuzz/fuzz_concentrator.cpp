// SPDX-License-Identifier: Apache-2.0
// The whole control plane with several clients, a ring that fills up and an operator who intervenes, in any
// order; each run ends with a drain that must free everything: connections, calls, IDs, addresses, timers.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "controlplane/auth/local_users.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/pptp/messages.hpp"
#include "crypto/library.hpp"
#include "dataplane/wire/ppp.hpp"
#include "tests/fuzz/targets.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"

namespace adit::fuzz {

using namespace control;
using wire::Bytes;

namespace {

using Octets = std::vector<std::uint8_t>;

/// Records the state of the process and its workers, and checks the concentrator against it.
class House final : public ConcentratorActions {
 public:
  static constexpr std::uint16_t kWorkers = 2;

  explicit House(const Settings& settings)
      : users_(parse_users("alice * secret *\n", "*").value().users),
        concentrator_(settings, kWorkers, 4, wheel, entropy_, log_, users_, *this) {}

  void send(ConnectionId connection, std::span<const std::uint8_t> message) override {
    require(open.contains(connection) && pptp::parse(message).has_value());
  }
  void close(ConnectionId connection) override { require(open.erase(connection) == 1); }
  bool post(contract::WorkerId worker, const contract::ToWorker& message) override {
    require(worker.value < kWorkers);
    if (ring_full) {
      return false;
    }
    if (const auto* install = std::get_if<contract::InstallCall>(&message)) {
      require(calls_.try_emplace(key(install->call), install->call).second);
    } else if (const auto* remove = std::get_if<contract::RemoveCall>(&message)) {
      require(calls_.erase(key(remove->call)) == 1);
      removed_.push_back(remove->call);
    }
    return true;
  }
  bool post_frame(const contract::CallRef& call, std::span<const std::uint8_t> frame) override {
    if (ring_full) {
      return false;
    }
    require(calls_.contains(key(call)) && frame.size() >= 8);
    if (frame[4] == 1) {
      asked_[key(call)] = Octets(frame.begin() + 2, frame.end());
    }
    return true;
  }
  void map_call(wire::Ipv4Address local, wire::Ipv4Address, wire::LocalCallId id,
                const contract::CallRef&) override {
    require(id.value != 0 && ids_.insert({local, id.value}).second);
  }
  void unmap_call(wire::Ipv4Address local, wire::Ipv4Address, wire::LocalCallId id) override {
    require(ids_.erase({local, id.value}) == 1);
  }
  void map_prefix(const PrefixClaim& claim) override {
    if (claim.by == PrefixClaim::By::kSubscriber) {
      require(subscribers_.insert(claim.prefix.address).second);
    }
  }
  void unmap_prefix(const wire::Ipv4Prefix& prefix, const std::optional<PrefixClaim>&) override {
    require(prefix.length < 32 || subscribers_.erase(prefix.address) == 1);
  }

  [[nodiscard]] std::optional<contract::CallTotals> totals(const contract::CallRef&) const override {
    return {};
  }

  void accept(ConnectionId connection) {
    open.insert(connection);
    if (!concentrator_.on_accept(connection, wire::Ipv4Address(192, 0, 2, 2),
                                 wire::Ipv4Address(192, 0, 2, 1))) {
      open.erase(connection);
    }
  }
  void hang_up(ConnectionId connection) {
    if (open.erase(connection) == 1) {
      concentrator_.on_closed(connection);
    }
  }
  /// A frame from the call's peer; `acks`: its Configure-Ack (or, for PAP, its proof) instead of `octets`.
  void frame_in(std::uint8_t which, bool acks, Bytes octets) {
    if (calls_.empty()) {
      return;
    }
    const auto& [name, call] = *std::next(calls_.begin(), which % static_cast<int>(calls_.size()));
    Octets frame(octets.begin(), octets.end());
    if (const auto asked = asked_.find(name); acks && asked != asked_.end()) {
      frame = asked->second;
      frame[2] = 2;
    }
    concentrator_.on_worker_message(contract::PppFrameIn{contract::CallRef(call)}, frame);
  }
  void desynchronise(std::uint8_t which) {
    if (!calls_.empty()) {
      const contract::CallRef call =
          std::next(calls_.begin(), which % static_cast<int>(calls_.size()))->second;
      concentrator_.on_worker_message(contract::MppeDesynchronised{call}, {});
    }
  }
  void answer_removals() {
    for (const contract::CallRef& call : std::exchange(removed_, {})) {
      concentrator_.on_worker_message(contract::CallRemoved{call, {}}, {});
    }
  }
  void advance(Duration by) { wheel.advance(wheel.now() + by); }
  Concentrator& concentrator() { return concentrator_; }

  /// Everybody disconnects; nothing may be left.
  void empty_the_house() {
    ring_full = false;
    concentrator_.drain();
    for (int steps = 0; steps < 120 && !concentrator_.drained(); ++steps) {
      advance(std::chrono::seconds(5));
      answer_removals();
    }
    require(concentrator_.drained());
    require(open.empty() && calls_.empty() && ids_.empty() && subscribers_.empty());
  }

  TimerWheel wheel;
  std::set<ConnectionId> open;
  bool ring_full = false;

 private:
  using Key = std::tuple<std::uint16_t, std::uint32_t, std::uint32_t>;
  static Key key(const contract::CallRef& call) { return {call.worker.value, call.slot, call.generation}; }

  test::SeededEntropy entropy_;
  test::SilentLog log_;
  LocalUsers users_;
  std::map<Key, contract::CallRef> calls_;
  std::map<Key, Octets> asked_;  // our last Configure-Request to the peer, starting with its protocol field
  std::vector<contract::CallRef> removed_;
  std::set<std::pair<wire::Ipv4Address, std::uint16_t>> ids_;
  std::set<wire::Ipv4Address> subscribers_;
  Concentrator concentrator_;
};

Settings pap_settings() {
  Settings settings;
  settings.auth.methods = {AuthMethod::kPap};
  settings.ppp.mppe = MppePolicy::kDeny;
  settings.ip.gateway = wire::Ipv4Address(10, 64, 0, 1);
  settings.ip.pools = {{"default", {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 4)}}}};
  settings.pptp.max_calls_per_connection = 2;
  return settings;
}

/// Messages from a client, by their number in the input; the call ID comes from the input.
Octets client_message(std::uint8_t kind, Input& input) {
  const std::uint16_t id = input.u8();
  pptp::OutgoingCallRequest call;
  call.call_id = id;
  pptp::CallDisconnectNotify disconnect;
  disconnect.call_id = id;
  const pptp::Message messages[] = {pptp::StartControlConnectionRequest{},
                                    call,
                                    pptp::CallClearRequest{id},
                                    pptp::EchoRequest{id},
                                    pptp::StopControlConnectionRequest{},
                                    pptp::SetLinkInfo{id, 0, 0},
                                    disconnect,
                                    pptp::StopControlConnectionReply{}};
  const pptp::Encoded encoded = pptp::write(messages[kind % std::size(messages)]);
  return {encoded.octets().begin(), encoded.octets().end()};
}

void play(House& house, Input& input) {
  static const Octets kProof = {0xC0, 0x23, 1, 1,   0,   17,  5,   'a', 'l', 'i',
                                'c',  'e',  6, 's', 'e', 'c', 'r', 'e', 't'};
  const std::uint8_t event = input.u8();
  const ConnectionId connection = 1 + event / 16 % 4;
  switch (event % 16) {
    case 0:
      if (!house.open.contains(connection)) {
        house.accept(connection);
      }
      break;
    case 1:
    case 2:
    case 3:
    case 4:
      if (const Octets message = client_message(input.u8(), input); house.open.contains(connection)) {
        house.concentrator().on_bytes(connection, message);
      }
      break;
    case 5:
      house.hang_up(connection);
      break;
    case 6:
      house.advance(std::chrono::milliseconds(input.u16()));
      break;
    case 7:
      house.answer_removals();
      break;
    case 8:
    case 9:
      house.frame_in(input.u8(), true, {});
      break;
    case 10:
      house.frame_in(input.u8(), false, kProof);
      break;
    case 11: {
      const std::uint8_t which = input.u8();
      house.frame_in(which, false, input.octets(input.u8() % 64));
      break;
    }
    case 12:
      house.ring_full = input.u8() % 4 == 0;
      break;
    case 13:
      (void)house.concentrator().terminate({SessionSelector::By::kUsername, "alice"}, input.u8() % 2 != 0);
      break;
    case 14:
      house.desynchronise(input.u8());
      break;
    default:
      if (house.open.contains(connection)) {
        house.concentrator().on_bytes(connection, input.octets(input.u8() % 16));
      }
      break;
  }
}

}  // namespace

void fuzz_concentrator(Bytes octets) {
  static const bool crypto_ready = crypto::initialise().has_value();
  require(crypto_ready);
  static const Settings settings = pap_settings();
  House house(settings);
  Input input(octets);
  for (int events = 0; !input.empty() && events < 200; ++events) {
    play(house, input);
  }
  house.empty_the_house();
}

}  // namespace adit::fuzz
