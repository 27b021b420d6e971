// SPDX-License-Identifier: Apache-2.0
// A whole concentrator with a virtual clock, between workers that only record messages and clients that dial
// in with PAP. The records are checked against the contract: install before use, order kept, nothing mapped
// to a call that has ended.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "controlplane/base/state_store.hpp"
#include "controlplane/concentrator/carried_call.hpp"
#include "controlplane/concentrator/concentrator.hpp"
#include "controlplane/pptp/messages.hpp"
#include "tests/kit/event_logs.hpp"
#include "tests/kit/seeded_entropy.hpp"
#include "tests/kit/whole_walks.hpp"

namespace adit::control {

/// Accepts everybody but "mallory"; "fixed-a.b.c.d" gets that address, "routed-a.b.c.d/n" that network,
/// "timed-" a minute with interim accounting, "idle-" 8 s of idle time, "twice-" two calls, "alias-name" is
/// renamed to name; "later" waits for answer().
class BookAuth final : public AuthBackend {
 public:
  void authenticate(AuthRequest request, AuthClient& client) override {
    EXPECT_FALSE(waiting.contains(&client));
    ++asked;
    within = request.within;
    stations = request.stations;
    if (request.user == "later") {
      waiting.insert(&client);
    } else if (request.user == "mallory" || request.user == also_rejected) {
      client.on_verdict(AuthRejected{error});
    } else {
      AuthAccepted accepted;
      if (request.user.starts_with("timed-")) {
        accepted.session_timeout = Duration{60'000};
        accepted.interim_interval = Duration{20'000};
      }
      if (request.user.starts_with("idle-")) {
        accepted.idle_timeout = Duration{8'000};
      }
      if (request.user.starts_with("twice-")) {
        accepted.port_limit = 2;
      }
      if (request.user.starts_with("alias-")) {
        accepted.user = request.user.substr(6);
      }
      if (request.user.starts_with("routed-")) {
        accepted.routes.push_back(wire::parse_prefix(request.user.substr(7)).value());
      }
      if (request.user.starts_with("fixed-") || request.user == also_fixed) {
        accepted.address = wire::parse_ipv4(std::string_view(request.user).substr(6));
      }
      client.on_verdict(accepted);
    }
  }
  void cancel(AuthClient& client) override { waiting.erase(&client); }
  std::string account_of(std::string_view user) const override {
    return std::string(strips_realm ? user.substr(0, user.find('@')) : user);
  }
  void answer(const AuthVerdict& verdict) {
    for (AuthClient* client : std::exchange(waiting, {})) {
      client->on_verdict(verdict);
    }
  }
  std::set<AuthClient*> waiting;
  std::string also_rejected;
  std::string also_fixed;
  std::uint16_t error = 691;
  bool strips_realm = false;
  int asked = 0;
  Duration within{0};         // of the last request
  SharedStationIds stations;  // of it
};

class House : public ConcentratorActions {
 public:
  using Frame = std::vector<std::uint8_t>;
  struct Installed {
    contract::InstallCall install;
    bool ip = false;
    bool has_routes = false;
    std::map<contract::Direction, contract::EnableMppe> mppe;
    std::optional<contract::UpdateLimits> limits;
    std::vector<Frame> to_peer;  // PPP frames that the worker was told to send
    std::optional<contract::EnableIpv6> ipv6;
    std::vector<Frame> packets6;  // IPv6 packets that the worker was told to send
  };

  /// Accounting requests as text: "start alice", "interim alice 7", "stop alice 7 user_request".
  struct NotedAccounting final : Accounting {
    explicit NotedAccounting(House& its_house) : house(its_house) {}
    void started(const AccountedCall& call) override {
      if (house.acts_no_more()) {
        return;
      }
      open_sessions.insert(call.session_id);
      said.push_back("start " + call.user);
      stations = call.stations;
      started_with = call.ipv6;
      address = call.address;
    }
    bool adopted(const AccountedCall& call) override {
      adopted_calls.push_back(call);
      lives_on.insert(call.session_id);
      return open_sessions.contains(call.session_id);
    }
    /// As by the spool: sessions that nobody has adopted end with the process.
    void sessions_are_here() {
      for (const std::string& session : open_sessions) {
        if (!lives_on.contains(session)) {
          ++stops[session];
        }
      }
      open_sessions = std::exchange(lives_on, {});
    }
    void changed(const AccountedCall& call) override { kept.push_back(call); }
    void noted(const AccountedCall&, const contract::CallTotals&, Duration) override { ++notes; }
    void interim(const AccountedCall& call, const contract::CallTotals& totals, Duration) override {
      said.push_back("interim " + call.user + ' ' + std::to_string(totals.uplink_octets));
      classes = call.classes;
      ipv6 = call.ipv6;
      address = call.address;
    }
    void stopped(const AccountedCall& call, const contract::CallTotals& totals, Duration was_up,
                 EndReason reason) override {
      if (house.acts_no_more()) {
        return;
      }
      open_sessions.erase(call.session_id);
      ++stops[call.session_id];
      said.push_back("stop " + call.user + ' ' + std::to_string(totals.uplink_octets) + ' ' +
                     std::string(to_text(reason)));
      lasted = was_up;
      stopped_with = call.ipv6;
    }
    House& house;
    std::set<std::string> open_sessions, lives_on;  // by session ID
    std::map<std::string, int> stops;
    std::vector<std::string> said;
    SharedStationIds stations;  // of the last start
    int notes = 0;
    Duration lasted{0};
    std::vector<AccountedCall> adopted_calls;
    std::vector<AccountedCall> kept;                 // as told by changed()
    std::vector<std::vector<std::uint8_t>> classes;  // of the last interim record
    std::optional<Ipv6Binding> ipv6;                 // and what the subscriber had by then
    std::optional<Ipv6Binding> started_with, stopped_with;
    wire::Ipv4Address address;  // of the last start or interim record
  } accounting{*this};

  explicit House(Settings the_settings = pap_settings(), std::uint16_t workers = 2, std::uint32_t slots = 64,
                 std::uint32_t seed = 1, AuthBackend* backend = nullptr)
      : settings(std::move(the_settings)), entropy(seed), rings(workers), slots_(slots), backend_(backend) {
    make_concentrator();
  }

  // ---- its process may die, and another go on: calls in the data plane and connections in the kernel live on
  /// From now on there are records. Before the first call.
  void keep_records(std::uint32_t most = 4096) {
    shape = {.slots = most, .octets = kUsualRecord};
    state.assign(StateStore::octets_for(shape), std::byte{});
    store = std::make_unique<StateStore>(state, shape, 0);
    concentrator->keep_records(*store);
  }
  /// kill -9: nothing that the process does from now on has any effect. It is still there for its callers.
  void die() {
    state_at_death = state;
    dead = true;
  }
  /// The same before its n-th action from now on.
  void die_before_action(int n) { actions_left = n; }
  [[nodiscard]] bool acts_no_more() {
    if (!dead && actions_left > 0 && --actions_left == 0) {
      die();
    }
    return dead;
  }
  /// Another process: what was in the first one's memory is gone, with the messages on their way to workers.
  void live_again() {
    concentrator.reset();
    dead = false;
    calls_by_id.clear();
    subscribers.clear();
    routes.clear();
    prefixes6.clear();
    for (auto& ring : rings) {
      ring.clear();
    }
    state.assign(state.size(), std::byte{});
    store = std::make_unique<StateStore>(state, shape, 0);
    make_concentrator();
    concentrator->keep_records(*store);
    const auto left = StateReader::open(state_at_death);
    ASSERT_TRUE(left.has_value()) << left.error();
    for (const wire::Bytes record : left->records()) {
      Adopted adopted = concentrator->adopt(record, later);
      while (adopted.outcome == Adopted::Outcome::kLater) {
        ++asked_again;
        run_workers();
        adopted = concentrator->adopt(record, later);
      }
      if (adopted.outcome == Adopted::Outcome::kRefused) {
        refused.push_back(adopted.why);
      }
    }
    std::erase_if(open, [this](ConnectionId id) { return !concentrator->has_connection(id); });
    std::erase_if(installed, [this](const auto& one) {
      const contract::CallRef& ref = one.second.install.call;
      const bool has = concentrator->has(ref);
      if (!has) {
        slots_in_use_.erase({ref.worker.value, ref.slot});
      }
      return !has;
    });
    concentrator->adopted_all();
    accounting.sessions_are_here();
    concentrator->write_records();
  }
  StateStore::Shape shape;
  std::vector<std::byte> state, state_at_death;
  std::unique_ptr<StateStore> store;
  Duration later{0};
  bool dead = false;
  int actions_left = 0;  // 0: it lives
  int asked_again = 0;
  std::vector<std::string> refused;

  /// All that admission did something to, the last one first.
  [[nodiscard]] std::vector<SourceStatus> limited_sources() const {
    std::vector<SourceStatus> rows;
    SourceHistories::Walk walk;
    while (concentrator->visit_limited(walk, [&rows](const SourceStatus& row) { rows.push_back(row); })) {
    }
    return rows;
  }

  static Settings pap_settings() {
    Settings settings;
    settings.auth.methods = {AuthMethod::kPap};
    settings.ppp.mppe = MppePolicy::kDeny;
    settings.ip.gateway = wire::Ipv4Address(10, 64, 0, 1);
    settings.ip.pools = {{"default", {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 0, 201)}}}};
    return settings;
  }

  /// Room for tens of thousands of connections and calls from one address.
  static Settings settings_of_many() {
    Settings settings = pap_settings();
    settings.pptp.max_connections = 100'000;
    settings.pptp.max_connections_per_address = 100'000;
    settings.pptp.max_starting = 100'000;
    settings.ip.pools[0].ranges = {{wire::Ipv4Address(10, 64, 0, 2), wire::Ipv4Address(10, 64, 255, 254)}};
    return settings;
  }

  // ---- ConcentratorActions
  void send(ConnectionId connection, std::span<const std::uint8_t> message) override {
    if (acts_no_more()) {
      return;
    }
    ASSERT_TRUE(open.contains(connection)) << "sent on a closed connection";
    const auto parsed = pptp::parse(message);
    ASSERT_TRUE(parsed.has_value());
    if (const auto* reply = std::get_if<pptp::OutgoingCallReply>(&*parsed);
        reply != nullptr && reply->result == pptp::OutgoingResult::kConnected) {
      const auto& ring = rings.at(reply->call_id % rings.size());
      ASSERT_FALSE(ring.empty());
      const auto* install = std::get_if<contract::InstallCall>(&ring.back().first);
      ASSERT_TRUE(install != nullptr && install->local_id.value == reply->call_id) << "reply before install";
    }
    if (const auto* answer = std::get_if<pptp::IncomingCallReply>(&*parsed);
        answer != nullptr && answer->result == pptp::IncomingResult::kConnect) {
      const auto& ring = rings.at(answer->call_id % rings.size());
      const auto* install = ring.empty() ? nullptr : std::get_if<contract::InstallCall>(&ring.back().first);
      ASSERT_TRUE(install != nullptr && install->local_id.value == answer->call_id) << "reply before install";
    }
    to_client[connection].push_back(*parsed);
  }
  void close(ConnectionId connection) override {
    if (!acts_no_more()) {
      ASSERT_EQ(open.erase(connection), 1u) << "closed twice";
    }
  }
  bool post(contract::WorkerId worker, const contract::ToWorker& message) override {
    if (acts_no_more()) {
      return true;
    }
    if (rings.at(worker.value).size() >= ring_capacity) {
      return false;
    }
    rings[worker.value].push_back({message, {}});
    return true;
  }
  bool post_frame(contract::WorkerId worker, const contract::ToWorker& message,
                  std::span<const std::uint8_t> frame) override {
    if (acts_no_more()) {
      return true;
    }
    if (rings.at(worker.value).size() >= ring_capacity) {
      return false;
    }
    rings[worker.value].push_back({message, Frame(frame.begin(), frame.end())});
    return true;
  }
  bool map_call(wire::Ipv4Address local, wire::Ipv4Address, wire::LocalCallId id,
                const contract::CallRef& call) override {
    if (acts_no_more()) {
      return true;
    }
    EXPECT_NE(id.value, 0);
    EXPECT_EQ(id.value % rings.size(), call.worker.value);
    EXPECT_TRUE(calls_by_id.try_emplace({local, id.value}, call).second) << "call ID in use";
    return index_has_room;
  }
  void unmap_call(wire::Ipv4Address local, wire::Ipv4Address, wire::LocalCallId id) override {
    if (acts_no_more()) {
      return;
    }
    EXPECT_EQ(calls_by_id.erase({local, id.value}), 1u);
  }
  void map_prefix(const PrefixClaim& claim) override {
    if (acts_no_more()) {
      return;
    }
    if (claim.by == PrefixClaim::By::kSubscriber) {
      EXPECT_TRUE(subscribers.try_emplace(claim.prefix.address, claim.call).second) << "address in use";
    } else if (claim.by == PrefixClaim::By::kNetwork) {
      routes[claim.prefix] = claim.call;
    } else {
      routes.erase(claim.prefix);
      subscribers.erase(claim.prefix.address);
    }
  }
  void unmap_prefix(const wire::Ipv4Prefix& prefix, const std::optional<PrefixClaim>& heir) override {
    if (acts_no_more()) {
      return;
    }
    EXPECT_LE(subscribers.erase(prefix.address) + routes.erase(prefix), 1u);
    heirs[prefix] = heir;
  }
  void map_prefix(const PrefixClaim6& claim) override {
    if (acts_no_more()) {
      return;
    }
    if (claim.by == ClaimedBy::kMachine) {
      prefixes6.erase(claim.prefix);
    } else {
      prefixes6[claim.prefix] = claim.call;
    }
    ++changes6;
  }
  void unmap_prefix(const wire::Ipv6Prefix& prefix) override {
    if (acts_no_more()) {
      return;
    }
    prefixes6.erase(prefix);
    ++changes6;
  }

  [[nodiscard]] std::optional<contract::CallTotals> totals(const contract::CallRef& call) const override {
    return installed.contains(key(call)) ? std::optional(live_totals) : std::nullopt;
  }
  [[nodiscard]] contract::FirstPackets first_packets(const contract::CallRef& call) const override {
    return installed.contains(key(call)) ? live_first : contract::FirstPackets{};
  }
  contract::CallTotals live_totals;
  contract::FirstPackets live_first;

  // ---- the workers
  static std::tuple<std::uint16_t, std::uint32_t, std::uint32_t> key(const contract::CallRef& ref) {
    return std::tuple(ref.worker.value, ref.slot, ref.generation);
  }

  /// Every worker reads all its messages; the answers reach the concentrator.
  void run_workers() {
    std::vector<contract::CallRemoved> removed;
    for (auto& ring : rings) {
      for (auto& [message, frame] : std::exchange(ring, {})) {
        std::visit([&](const auto& m) { take(m, frame, removed); }, message);
      }
    }
    for (const auto& one : removed) {
      concentrator->on_worker_message(one, {});
    }
  }
  void advance(Duration by) { wheel.advance(wheel.now() + by); }

  Settings settings;
  TimerWheel wheel;
  test::SeededEntropy entropy;
  test::RecordingLog log;
  BookAuth auth;
  std::size_t ring_capacity = 8192;
  bool answer_removals = true;
  std::vector<std::deque<std::pair<contract::ToWorker, Frame>>> rings;
  std::map<std::tuple<std::uint16_t, std::uint32_t, std::uint32_t>, Installed> installed;
  std::map<std::pair<wire::Ipv4Address, std::uint16_t>, contract::CallRef> calls_by_id;
  bool index_has_room = true;
  std::map<wire::Ipv4Address, contract::CallRef> subscribers;
  std::map<wire::Ipv4Prefix, contract::CallRef> routes;
  std::map<wire::Ipv4Prefix, std::optional<PrefixClaim>> heirs;  // of prefixes that nobody claims any more
  std::map<wire::Ipv6Prefix, contract::CallRef> prefixes6;       // subscribers' and those behind them
  int changes6 = 0;                                              // of them
  std::set<ConnectionId> open;
  std::map<ConnectionId, std::deque<pptp::Message>> to_client;
  std::unique_ptr<Concentrator> concentrator;

 private:
  void take(const contract::InstallCall& m, const Frame&, std::vector<contract::CallRemoved>&) {
    EXPECT_NE(m.call.generation, 0u);
    EXPECT_TRUE(slots_in_use_.insert({m.call.worker.value, m.call.slot}).second) << "slot in use";
    installed[key(m.call)].install = m;
  }
  void take(const contract::RemoveCall& m, const Frame&, std::vector<contract::CallRemoved>& removed) {
    ASSERT_EQ(installed.erase(key(m.call)), 1u) << "removed what was not there";
    slots_in_use_.erase({m.call.worker.value, m.call.slot});
    if (answer_removals) {
      removed.push_back({m.call, {10, 1000, 20, 2000, 3}});
    }
  }
  void take(const contract::SendPppFrame& m, const Frame& frame, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].to_peer.push_back(frame);
  }
  void take(const contract::EnableIp& m, const Frame&, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].ip = true;
    installed[key(m.call)].has_routes = m.has_routes;
  }
  void take(const contract::UpdateLimits& m, const Frame&, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].limits = m;
  }
  void take(const contract::DisableIp& m, const Frame&, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].ip = false;
  }
  void take(const contract::EnableIpv6& m, const Frame&, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].ipv6 = m;
  }
  void take(const contract::DisableIpv6& m, const Frame&, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].ipv6.reset();
  }
  void take(const contract::SendIpv6& m, const Frame& frame, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].packets6.push_back(frame);
  }
  void take(const contract::EnableMppe& m, const Frame&, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].mppe[m.direction] = m;
  }
  void take(const contract::DisableMppe& m, const Frame&, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
    installed[key(m.call)].mppe.clear();
  }
  template <typename Other>
  void take(const Other& m, const Frame&, std::vector<contract::CallRemoved>&) {
    ASSERT_TRUE(installed.contains(key(m.call)));
  }

  void make_concentrator() {
    concentrator = std::make_unique<Concentrator>(settings, static_cast<std::uint16_t>(rings.size()), slots_,
                                                  wheel, entropy, log, backend_ != nullptr ? *backend_ : auth,
                                                  *this, kUnsteered, &accounting);
  }

  std::uint32_t slots_;
  AuthBackend* backend_;
  std::set<std::pair<std::uint16_t, std::uint32_t>> slots_in_use_;
};

inline constexpr std::uint16_t kLcp = 0xC021, kPap = 0xC023, kEap = 0xC227, kIpcp = 0x8021;

/// A client: one TCP connection, one call, PAP, or as much of EAP as its Identity. serve() answers everything it has been
/// sent at once.
class DialIn {
 public:
  DialIn(House& house, ConnectionId connection, wire::Ipv4Address peer = wire::Ipv4Address(192, 0, 2, 2),
         wire::Ipv4Address local = wire::Ipv4Address(192, 0, 2, 1))
      : id(connection), house_(house), local_(local) {
    house.open.insert(connection);
    accepted = house.concentrator->on_accept(connection, peer, local);
    if (!accepted) {
      house.open.erase(connection);
    }
  }

  void send(const pptp::Message& message) {
    if (connected()) {
      const auto encoded = pptp::write(message);
      house_.concentrator->on_bytes(id, encoded.octets());
    }
  }
  void start() { send(pptp::StartControlConnectionRequest{}); }
  void call(std::uint16_t peer_id) {
    pptp::OutgoingCallRequest request;
    request.call_id = peer_id;
    send(request);
  }
  void reset() {
    if (connected()) {
      house_.open.erase(id);
      house_.concentrator->on_closed(id);
    }
  }
  [[nodiscard]] bool connected() const { return house_.open.contains(id); }

  template <typename M>
  [[nodiscard]] std::optional<M> received() {
    auto& messages = house_.to_client[id];
    while (!messages.empty()) {
      const pptp::Message message = messages.front();
      messages.pop_front();
      if (const auto* m = std::get_if<M>(&message)) {
        return *m;
      }
    }
    return std::nullopt;
  }

  /// Dials and gets as far as the concentrator lets it. True: IP is up.
  bool dial(std::string_view user, std::uint16_t peer_id = 7) {
    start();
    call(peer_id);
    return begin_ppp(user);
  }
  bool begin_ppp(std::string_view user) {
    user_ = user;
    const auto reply = received<pptp::OutgoingCallReply>();
    if (!reply || reply->result != pptp::OutgoingResult::kConnected) {
      return false;
    }
    local_id = reply->call_id;
    serve();
    return up;
  }

  /// Brings a call in. Returns the concentrator's ID of it; 0: it is refused.
  std::uint16_t ring(std::uint16_t peer_id, std::string_view calling = "", std::string_view called = "") {
    pptp::IncomingCallRequest request;
    request.call_id = peer_id;
    request.dialing_number = pptp::FixedText<64>(calling);
    request.dialing_length = static_cast<std::uint16_t>(calling.size());
    request.dialed_number = pptp::FixedText<64>(called);
    request.dialed_length = static_cast<std::uint16_t>(called.size());
    send(request);
    const auto reply = received<pptp::IncomingCallReply>();
    local_id = reply && reply->result == pptp::IncomingResult::kConnect ? reply->call_id : 0;
    return local_id;
  }
  /// Its caller is connected, and dials as far as the concentrator lets it. True: IP is up.
  bool connect(std::string_view user) {
    user_ = user;
    pptp::IncomingCallConnected connected;
    connected.peer_call_id = local_id;
    connected.receive_window = 64;
    send(connected);
    serve();
    return up;
  }
  bool bring_in(std::string_view user, std::uint16_t peer_id, std::string_view calling = "",
                std::string_view called = "") {
    start();
    return ring(peer_id, calling, called) != 0 && connect(user);
  }

  /// The name of the next login.
  void call_itself(std::string_view user) { user_ = user; }

  /// Answers all PPP frames for this client, until there are none.
  void serve() {
    for (bool more = true; more;) {
      house_.run_workers();
      more = false;
      const auto mapped = house_.calls_by_id.find({local_, local_id});
      if (mapped == house_.calls_by_id.end()) {
        return;
      }
      ref = mapped->second;
      const auto call = house_.installed.find(House::key(ref));
      if (call == house_.installed.end()) {
        return;
      }
      for (const House::Frame& frame : std::exchange(call->second.to_peer, {})) {
        more = true;
        on_frame(frame);
      }
    }
  }

  const ConnectionId id;
  bool accepted = false;
  bool up = false;
  bool answers_echo = true;
  bool by_eap = false;
  std::uint16_t local_id = 0;
  contract::CallRef ref;
  wire::Ipv4Address address;

  void send_ppp(std::uint16_t protocol, std::vector<std::uint8_t> packet) {
    packet[2] = static_cast<std::uint8_t>(packet.size() >> 8);
    packet[3] = static_cast<std::uint8_t>(packet.size());
    packet.insert(packet.begin(),
                  {static_cast<std::uint8_t>(protocol >> 8), static_cast<std::uint8_t>(protocol)});
    house_.concentrator->on_worker_message(contract::PppFrameIn{ref}, packet);
  }

 private:
  void on_frame(const House::Frame& frame) {
    ASSERT_GE(frame.size(), 8u);
    ASSERT_EQ(frame[0], 0xFF);
    ASSERT_EQ(frame[1], 0x03);
    const auto protocol = wire::load_be<std::uint16_t>(&frame[2]);
    std::vector<std::uint8_t> packet(frame.begin() + 4, frame.end());
    if (protocol == kEap) {
      return answer_eap(packet);
    }
    if (packet[0] == 1) {  // Configure-Request: accepted as it is
      if (protocol == kLcp && !lcp_asked_) {
        lcp_asked_ = true;
        send_ppp(kLcp, {1, 1, 0, 0});
      }
      packet[0] = 2;
      send_ppp(protocol, packet);
    } else if (protocol == kLcp && packet[0] == 5) {
      packet[0] = 6;
      send_ppp(kLcp, packet);
    } else if (protocol == kLcp && packet[0] == 9 && answers_echo) {
      packet[0] = 10;
      std::fill(packet.begin() + 4, packet.begin() + 8, std::uint8_t{0});
      send_ppp(kLcp, packet);
    } else if (protocol == kPap && packet[0] == 2) {
      send_ppp(kIpcp, {1, 1, 0, 0, 3, 6, 0, 0, 0, 0});
    } else if (protocol == kIpcp && packet[0] == 3) {  // Nak: contains the address to use
      address = wire::Ipv4Address(wire::load_be<std::uint32_t>(&packet[6]));
      packet[0] = 1;
      packet[1] = 2;
      send_ppp(kIpcp, packet);
    } else if (protocol == kIpcp && packet[0] == 2) {
      up = true;
    }
    if (protocol == kLcp && packet[0] == 2 && !by_eap && !pap_sent_) {
      pap_sent_ = true;
      std::vector<std::uint8_t> request = {1, 1, 0, 0, static_cast<std::uint8_t>(user_.size())};
      request.insert(request.end(), user_.begin(), user_.end());
      request.insert(request.end(), {1, 'x'});
      send_ppp(kPap, request);
    }
  }

  /// Says who it is, if it is anybody, and wants no method.
  void answer_eap(const std::vector<std::uint8_t>& request) {
    constexpr std::uint8_t kRequest = 1, kResponse = 2, kSuccess = 3, kIdentity = 1, kNak = 3;
    if (request[0] == kSuccess) {
      send_ppp(kIpcp, {1, 1, 0, 0, 3, 6, 0, 0, 0, 0});
    }
    if (request[0] != kRequest || user_.empty()) {
      return;
    }
    std::vector<std::uint8_t> response = {kResponse, request[1], 0, 0, kNak, 0};
    if (request[4] == kIdentity) {
      response = {kResponse, request[1], 0, 0, kIdentity};
      response.insert(response.end(), user_.begin(), user_.end());
    }
    send_ppp(kEap, response);
  }

  House& house_;
  const wire::Ipv4Address local_;
  std::string user_;
  bool lcp_asked_ = false;
  bool pap_sent_ = false;
};

/// Checks that no call or connection has left anything in the workers, the maps or the gauges; only addresses
/// may still be in quarantine.
inline void expect_baseline(House& house) {
  house.run_workers();
  house.advance(Duration{20});
  house.run_workers();
  const auto stats = house.concentrator->stats();
  EXPECT_EQ(stats.connections, 0u);
  EXPECT_EQ(stats.calls_starting, 0u);
  EXPECT_EQ(stats.calls_active, 0u);
  EXPECT_EQ(stats.calls_finishing, 0u);
  EXPECT_TRUE(house.installed.empty());
  EXPECT_TRUE(house.calls_by_id.empty());
  EXPECT_TRUE(house.subscribers.empty());
  EXPECT_TRUE(house.prefixes6.empty());
  EXPECT_TRUE(house.open.empty());
  EXPECT_TRUE(house.auth.waiting.empty());
  for (const auto& pool : house.concentrator->pools()) {
    EXPECT_EQ(pool.used, 0u);
  }
  house.advance(61s);
  EXPECT_EQ(house.wheel.armed_count(), 0u);
  for (const auto& pool : house.concentrator->pools()) {
    EXPECT_EQ(pool.available, pool.total);
  }
}

inline std::string only_reason(const House& house, std::string_view event) {
  const auto events = house.log.named(event);
  EXPECT_EQ(events.size(), 1u) << event;
  return events.empty() ? "" : events[0].fields.at("reason");
}

}  // namespace adit::control
