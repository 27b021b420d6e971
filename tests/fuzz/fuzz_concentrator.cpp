// SPDX-License-Identifier: Apache-2.0
// The whole control plane with clients from two addresses, a ring that fills up, an authentication backend that
// takes its time, RFC 5176's changes, an operator who intervenes and a reload, in any order; each run ends with a
// drain that must free everything: connections, calls, IDs, addresses, routes, timers.
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
#include "tests/kit/whole_walks.hpp"

namespace adit::fuzz {

using namespace control;
using wire::Bytes;

namespace {

using Octets = std::vector<std::uint8_t>;

/// alice is of a file, which may be replaced; everybody else is asked elsewhere, and answered when it pleases the
/// input, in any order and with any verdict.
class Desk final : public AuthBackend {
 public:
  void authenticate(AuthRequest request, AuthClient& client) override {
    require(std::ranges::find(waiting_, &client) == waiting_.end());
    if (request.user.ends_with("alice")) {
      users_.authenticate(std::move(request), client);
    } else {
      waiting_.push_back(&client);
    }
  }
  void cancel(AuthClient& client) override { std::erase(waiting_, &client); }
  void answer(std::uint8_t how) {
    if (waiting_.empty()) {
      return;
    }
    const auto at = waiting_.begin() + (how / 8) % static_cast<int>(waiting_.size());
    AuthClient& client = **at;
    waiting_.erase(at);
    AuthAccepted accepted;
    accepted.user = how % 2 == 0 ? "alice" : "";
    accepted.port_limit = how % 3 == 0 ? std::optional(1U) : std::nullopt;
    accepted.address = how % 5 == 0 ? std::optional(wire::Ipv4Address(10, 99, 0, 1)) : std::nullopt;
    accepted.session_timeout = how % 7 == 0 ? std::optional(Duration{5'000}) : std::nullopt;
    accepted.routes.assign(how % 2, wire::parse_prefix("10.20.0.0/24").value());
    const AuthVerdict verdicts[] = {AuthRejected{}, AuthUnavailable{"no server"}, AuthUnusable{"no PPP"},
                                    accepted};
    client.on_verdict(verdicts[std::min<std::size_t>(how % 8, 3)]);
  }
  void reload(bool with_alice) {
    users_.use(parse_users(with_alice ? "alice * secret *\n" : "bob * secret *\n", {}).users);
  }

 private:
  LocalUsers users_{parse_users("alice * secret *\n", {}).users};
  std::vector<AuthClient*> waiting_;
};

/// Records the state of the process and its workers, and checks the concentrator against it.
class House final : public ConcentratorActions {
 public:
  static constexpr std::uint16_t kWorkers = 2;

  explicit House(const Settings& settings)
      : concentrator_(settings, kWorkers, 4, wheel, entropy_, log_, desk, *this) {}

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
  bool post_frame(contract::WorkerId, const contract::ToWorker& message,
                  std::span<const std::uint8_t> frame) override {
    if (ring_full) {
      return false;
    }
    if (const auto* packet = std::get_if<contract::SendIpv6>(&message)) {
      require(calls_.contains(key(packet->call)) && frame.size() >= 40);
      return true;
    }
    const contract::CallRef& call = std::get<contract::SendPppFrame>(message).call;
    require(calls_.contains(key(call)) && frame.size() >= 8);
    if (frame[4] == 1) {
      asked_[key(call)] = Octets(frame.begin() + 2, frame.end());
    } else if (frame[4] == 3 && frame[2] == 0x80) {
      naked_[key(call)] = Octets(frame.begin() + 2, frame.end());
    }
    return true;
  }
  bool map_call(wire::Ipv4Address local, wire::Ipv4Address, wire::LocalCallId id,
                const contract::CallRef&) override {
    require(id.value != 0 && ids_.insert({local, id.value}).second);
    return true;
  }
  void unmap_call(wire::Ipv4Address local, wire::Ipv4Address, wire::LocalCallId id) override {
    require(ids_.erase({local, id.value}) == 1);
  }
  /// A network may pass from one claimant to the next; a subscriber's address has one holder.
  void map_prefix(const PrefixClaim& claim) override {
    const auto before = prefixes_.insert_or_assign(claim.prefix, claim.by);
    require(before.second || claim.by != PrefixClaim::By::kSubscriber);
  }
  void unmap_prefix(const wire::Ipv4Prefix& prefix, const std::optional<PrefixClaim>&) override {
    require(prefixes_.erase(prefix) == 1);
  }
  void map_prefix(const PrefixClaim6& claim) override {
    const auto before = prefixes6_.insert_or_assign(claim.prefix, claim.by);
    require(before.second || claim.by != ClaimedBy::kSubscriber);
  }
  void unmap_prefix(const wire::Ipv6Prefix& prefix) override { require(prefixes6_.erase(prefix) == 1); }

  [[nodiscard]] std::optional<contract::CallTotals> totals(const contract::CallRef&) const override {
    return {};
  }

  void accept(ConnectionId connection) {
    open.insert(connection);
    const wire::Ipv4Address peer(192, 0, 2, connection % 2 == 0 ? 2 : 3);
    if (!concentrator_.on_accept(connection, peer, wire::Ipv4Address(192, 0, 2, 1))) {
      open.erase(connection);
    }
  }
  void hang_up(ConnectionId connection) {
    if (open.erase(connection) == 1) {
      concentrator_.on_closed(connection);
    }
  }
  enum class Says : std::uint8_t {
    kOctets,
    kAck,    ///< to our last Configure-Request
    kAgree,  ///< a Configure-Request of what our last Configure-Nak wanted: without it IP never comes up
  };
  /// A frame from a call's peer.
  void frame_in(std::uint8_t which, Says what, Bytes octets) {
    if (calls_.empty()) {
      return;
    }
    const auto& [name, call] = *std::next(calls_.begin(), which % static_cast<int>(calls_.size()));
    Octets frame(octets.begin(), octets.end());
    const auto& sent = what == Says::kAgree ? naked_ : asked_;
    if (const auto last = sent.find(name); what != Says::kOctets && last != sent.end()) {
      frame = last->second;
      frame[2] = what == Says::kAgree ? 1 : 2;
    }
    concentrator_.on_worker_message(contract::PppFrameIn{contract::CallRef(call)}, frame);
  }
  /// A change of RFC 5176 to one call.
  void change(std::uint8_t how) {
    std::vector<std::string> ids;
    for_each_call(concentrator_, [&](const CallStatus& call) { ids.push_back(call.session_id); });
    if (ids.empty()) {
      return;
    }
    SessionChange change;
    change.rate = SubscriberRate{.down = how, .up = 64};
    change.session_timeout = Duration{how * 100};
    change.idle_timeout = Duration{how % 4 * 1'000};
    change.routes.emplace(how % 3, wire::parse_prefix("10.20.0.0/24").value());
    (void)concentrator_.change(ids[how % ids.size()], change);
  }
  void remove(std::uint8_t which) {
    std::vector<std::string> ids;
    for_each_call(concentrator_, [&](const CallStatus& call) { ids.push_back(call.session_id); });
    if (!ids.empty()) {
      (void)concentrator_.remove(ids[which % ids.size()], "the fuzzer asks");
    }
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
    drain(concentrator_);
    for (int steps = 0; steps < 120 && !concentrator_.drained(); ++steps) {
      advance(std::chrono::seconds(5));
      answer_removals();
    }
    require(concentrator_.drained());
    require(open.empty() && calls_.empty() && ids_.empty());
    require(std::ranges::all_of(prefixes_,
                                [](const auto& one) { return one.second == PrefixClaim::By::kMachine; }));
  }

  TimerWheel wheel;
  Desk desk;
  std::set<ConnectionId> open;
  bool ring_full = false;

 private:
  using Key = std::tuple<std::uint16_t, std::uint32_t, std::uint32_t>;
  static Key key(const contract::CallRef& call) { return {call.worker.value, call.slot, call.generation}; }

  test::SeededEntropy entropy_;
  test::SilentLog log_;
  std::map<Key, contract::CallRef> calls_;
  std::map<Key, Octets> asked_;  // our last Configure-Request to the peer, starting with its protocol field
  std::map<Key, Octets> naked_;  // our last Configure-Nak of an NCP, likewise
  std::vector<contract::CallRef> removed_;
  std::set<std::pair<wire::Ipv4Address, std::uint16_t>> ids_;
  std::map<wire::Ipv4Prefix, PrefixClaim::By> prefixes_;
  std::map<wire::Ipv6Prefix, ClaimedBy> prefixes6_;
  Concentrator concentrator_;
};

Settings pap_settings(SingleSession single) {
  Settings settings;
  settings.auth.methods = {AuthMethod::kPap};
  settings.ppp.mppe = MppePolicy::kDeny;
  settings.ip.gateway = wire::Ipv4Address(10, 64, 0, 1);
  settings.ip.pools = {{"default", {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 4)}}}};
  settings.pptp.max_calls_per_connection = 2;
  settings.single_session = single;
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

void intervene(House& house, std::uint8_t kind, std::uint8_t how) {
  const SessionSelector alice{SessionSelector::By::kUsername, "alice"};
  switch (kind % 8) {
    case 0:
    case 1:
      (void)terminate(house.concentrator(), alice, kind % 2 != 0);
      break;
    case 2: {
      CallWalk walk(alice);  // one slice: the ring may be full
      (void)house.concentrator().set_rate(walk, SubscriberRate{.down = how, .up = how});
      break;
    }
    case 3:
      house.change(how);
      break;
    case 4:
      house.remove(how);
      break;
    case 5:
      house.desk.reload(how % 2 == 0);
      break;
    default:
      house.desk.answer(how);
      break;
  }
}

void play(House& house, Input& input) {
  static const Octets kFrames[] = {
      {0xC0, 0x23, 1, 1, 0, 17, 5, 'a', 'l', 'i', 'c', 'e', 6, 's', 'e', 'c', 'r', 'e', 't'},
      {0xC0, 0x23, 1, 1, 0, 19, 7, 'A', '\\', 'a', 'l', 'i', 'c', 'e', 6, 's', 'e', 'c', 'r', 'e', 't'},
      {0xC0, 0x23, 1, 1, 0, 9, 3, 'b', 'o', 'b', 0},
      {0xC0, 0x21, 1, 9, 0, 4},  // LCP again
      {0xC0, 0x21, 5, 9, 0, 4},  // or its end
      {0x80, 0x21, 1, 9, 0, 10, 3, 6, 0, 0, 0, 0},
  };
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
      house.frame_in(input.u8(), House::Says::kAck, {});
      break;
    case 9:
      house.frame_in(input.u8(), House::Says::kAgree, {});
      break;
    case 10:
      if (const std::uint8_t which = input.u8(); true) {
        house.frame_in(which, House::Says::kOctets, kFrames[which / 8 % std::size(kFrames)]);
      }
      break;
    case 11: {
      const std::uint8_t which = input.u8();
      house.frame_in(which, House::Says::kOctets, input.octets(input.u8() % 64));
      break;
    }
    case 12:
      house.ring_full = input.u8() % 4 == 0;
      break;
    case 13:
      if (const std::uint8_t kind = input.u8(); true) {
        intervene(house, kind, input.u8());
      }
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
  static const Settings settings[] = {pap_settings(SingleSession::kOff), pap_settings(SingleSession::kDeny),
                                      pap_settings(SingleSession::kReplace)};
  House house(settings[octets.size() % std::size(settings)]);
  Input input(octets);
  for (int events = 0; !input.empty() && events < 200; ++events) {
    play(house, input);
  }
  house.empty_the_house();
}

}  // namespace adit::fuzz
