// SPDX-License-Identifier: Apache-2.0
#include "controlplane/concentrator/concentrator_core.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <variant>

#include "controlplane/concentrator/adoption.hpp"
#include "controlplane/concentrator/connection_record.hpp"

namespace adit::control {
namespace {

/// Delay before retrying a RemoveCall that found its worker's ring full.
constexpr Duration kRemovalRetry{20};

/// Calls that wait for a place look for one whenever a call has been removed, and this often because a ring may
/// have been full. A worker that has given nothing back for so long will not: clients give up after ten seconds.
constexpr Duration kWaitingRetry{10};
constexpr Duration kLongestWait{3'000};
constexpr int kServedAtOnce = 64;

/// An operator's request may change all calls.
constexpr std::size_t kRecordsAtOnce = 256;

/// That something is scarce is logged this often.
constexpr Duration kScarcityInterval{10'000};

/// Of slots and call IDs, the last ones are for sources that have no other call under way.
constexpr std::uint64_t kReservedPlaces = 64;
constexpr std::uint64_t kReservedFraction = 16;

/// When thousands of calls come up at once their Router Advertisements spread over seconds: 2,000 a second.
constexpr wire::TokenRate kAdvertisements{.tokens = 2, .milliseconds = 1, .capacity = 200};

constexpr std::string_view kDraining = "aditd is stopping",
                           kTakesNone = "shutdown soft: no new calls are taken";

/// Session IDs count up from a random 64-bit value: they are unique across calls and process restarts.
std::uint64_t random_start(Entropy& entropy) {
  const std::uint64_t high = entropy.next_u32();
  return high << 32 | entropy.next_u32();
}

}  // namespace

ConcentratorCore::ConcentratorCore(const Settings& the_settings, std::uint16_t workers,
                                   std::uint32_t slots_per_worker, TimerWheel& the_wheel,
                                   Entropy& the_entropy, EventLog& the_log, AuthBackend& the_auth,
                                   ConcentratorActions& the_actions, const Steering& steering,
                                   Accounting* its_accounting)
    : settings(std::shared_ptr<void>(), &the_settings),  // the caller's
      wheel(the_wheel),
      entropy(the_entropy),
      log(the_log),
      auth(the_auth),
      actions(the_actions),
      accounting(its_accounting),
      connection_shares(the_wheel),
      call_shares(the_wheel),
      backoff(the_wheel),
      pools(the_settings.ip, the_wheel, workers, steering),
      claims(the_actions),
      machine(pools, claims, the_settings.ip.gateway),
      pools6(the_settings.ipv6, the_settings.ip.quarantine, the_wheel, workers, steering),
      claims6(the_actions),
      machine6(pools6, claims6),
      advertisements(kAdvertisements),
      directory(the_settings.ignore_case),
      seating(workers),
      mppc_histories(workers, MppcHistories(the_actions.mppc_histories_per_worker())),
      steering_(steering),
      ids_(workers, the_settings.ip.quarantine, the_wheel, the_entropy),
      removals_waiting_(workers),
      next_number_(random_start(the_entropy)),
      sweep_timer_(the_wheel, on_timer<&ConcentratorCore::sweep>, this),
      removal_timer_(the_wheel, on_timer<&ConcentratorCore::retry_removals>, this),
      waiting_timer_(the_wheel, on_timer<&ConcentratorCore::serve_waiting>, this),
      scarcity_timer_(the_wheel, on_timer<&ConcentratorCore::log_scarcity>, this) {
  for (std::uint16_t worker = 0; worker < workers; ++worker) {
    slots_.emplace_back(contract::WorkerId{worker}, slots_per_worker);
    places_ += slots_per_worker;
  }
}

ConcentratorCore::~ConcentratorCore() = default;

// ---- connections ------------------------------------------------------------------------------------------

std::string_view ConcentratorCore::closed() const {
  return draining ? kDraining : takes_calls ? "" : kTakesNone;
}

EndReason ConcentratorCore::make_room_for(wire::Ipv4Address newcomer, std::string_view& lacks) {
  if (lacks = closed(); !lacks.empty()) {
    ++measures.refused_closed;
    return EndReason::kShutdown;
  }
  const FairShare::Holding holding = connection_shares.holding(newcomer);
  const std::uint32_t most = settings->pptp.max_connections_per_address;
  if (most != 0 && holding.before_login + holding.after_login >= most) {
    lacks = "pptp.max-connections-per-address";
    ++measures.refused_per_address;
    return EndReason::kLimit;
  }
  if (connections.size() < settings->pptp.max_connections &&
      connection_shares.before_login() < settings->pptp.max_starting) {
    return EndReason::kNone;
  }
  const Scarce what =
      connections.size() < settings->pptp.max_connections ? Scarce::kStarting : Scarce::kConnections;
  const Claim* yields = connection_shares.yields_to(newcomer);
  if (yields == nullptr) {
    ++measures.refused_for(what);
    scarce(what, refused_);
    lacks = kScarceThings[static_cast<std::size_t>(what)].remedy;
    return EndReason::kLimit;
  }
  evict(*yields, what);
  return EndReason::kNone;
}

bool ConcentratorCore::accept(ConnectionId id, wire::Ipv4Address peer, wire::Ipv4Address local) {
  std::string_view lacks;
  const EndReason refusal = make_room_for(peer, lacks);
  if (refusal != EndReason::kNone) {
    count_end(refusal);
    count_refusal(peer);
    log.event(Severity::kFailure, "connection_refused",
              {{"peer", wire::to_string(peer)},
               {"local", wire::to_string(local)},
               {"reason", std::string(to_text(refusal))},
               {"why", std::string(lacks)}});
    tell_of_refusal(peer, local, refusal, lacks);
    return false;
  }
  add(std::make_unique<ConnectionRecord>(*this, id, peer, local, wheel.now()));
  ++stats.connections_total;
  return true;
}

void ConcentratorCore::add(std::unique_ptr<ConnectionRecord> connection) {
  ConnectionRecord& added = *connection;
  connections.emplace(added.id, std::move(connection));
  connection_shares.add(added.claim, added.peer);
  of_peers.add(added);
}

/// The story of a connection that was closed as soon as it was accepted.
void ConcentratorCore::tell_of_refusal(wire::Ipv4Address peer, wire::Ipv4Address local, EndReason reason,
                                       std::string_view why) {
  StoryRow row{.story = CallStory(wheel.now()), .peer = peer, .local = local, .reason = reason};
  row.session.why = why;
  row.story.pass(Gate::kEnd, wheel.now());
  stories.add(std::move(row), {.user = {}, .peer = peer});
}

bool ConcentratorCore::free_a_descriptor() {
  const Claim* yields = connection_shares.yields();
  if (yields != nullptr) {
    evict(*yields, Scarce::kDescriptors);
  }
  return yields != nullptr;
}

void ConcentratorCore::turned_away(wire::Ipv4Address source, Scarce what) {
  count_end(EndReason::kLimit);
  count_refusal(source);
  ++measures.refused_for(what);
  scarce(what, refused_);
  tell_of_refusal(source, {}, EndReason::kLimit, kScarceThings[static_cast<std::size_t>(what)].remedy);
}

void ConcentratorCore::evict(const Claim& claim, Scarce what) {
  ConnectionRecord& connection = claim.connection;
  ++history_of(connection.peer).evicted;
  scarce(what, evicted_);
  const std::string why = "gave way to another source, scarce: " +
                          std::string(kScarceThings[static_cast<std::size_t>(what)].what);
  if (connection.logged_in()) {  // then it is about a call: a logged-in connection does not give way
    return claim.call->end(EndReason::kEvicted, why);
  }
  connection.evicted = true;
  connection.protocol.on_closed(EndReason::kEvicted, why);
}

void ConcentratorCore::count_refusal(wire::Ipv4Address source) {
  if (!closed().empty()) {
    return;
  }
  ++history_of(source).refused;
}

SourceHistory& ConcentratorCore::history_of(wire::Ipv4Address source) {
  SourceHistory& history = histories.use(source);
  history.last = wheel.now();
  return history;
}

void ConcentratorCore::scarce(Scarce what, std::uint64_t& affected) {
  ++affected;
  scarce_.set(static_cast<std::size_t>(what));
  if (!scarcity_timer_.armed()) {
    scarcity_timer_.arm(kScarcityInterval);
  }
}

void ConcentratorCore::log_scarcity() {
  const ScarceSet what = std::exchange(scarce_, {});
  log.event(Severity::kWarning, "admission_scarce",
            {{"what", join(what, &ScarceThing::what)},
             {"seconds", std::to_string(kScarcityInterval / Duration{1000})},
             {"evicted", std::to_string(std::exchange(evicted_, 0))},
             {"refused", std::to_string(std::exchange(refused_, 0))},
             {"connections", std::to_string(connections.size())},
             {"before_login", std::to_string(connection_shares.before_login())},
             {"remedy", join(what, &ScarceThing::remedy) + "; adit show admission names the sources"}});
}

ConnectionRecord* ConcentratorCore::find_connection(ConnectionId id) const {
  const auto entry = connections.find(id);
  return entry == connections.end() ? nullptr : entry->second.get();
}

void ConcentratorCore::connection_over(ConnectionRecord& connection, EndReason reason,
                                       std::string_view detail) {
  // It ends with its last call: that says why, whichever way the peer then hangs up.
  const EndReason call = connection.last_call_ended_by();
  if (call == EndReason::kNone) {
    count_end(reason);
  } else if (reason == EndReason::kUserRequest || reason == EndReason::kPeerClosed) {
    reason = call;
  }
  log.event(connection.ever_logged_in ? Severity::kInfo : Severity::kFailure, "connection_closed",
            {{"peer", wire::to_string(connection.peer)},
             {"local", wire::to_string(connection.local)},
             {"reason", std::string(to_text(reason))},
             {"calls", std::to_string(connection.calls)},
             {"duration", duration_since(connection.since)},
             {"detail", std::string(detail)}});
  if (!connection.tcp_closed) {
    connection.evicted ? actions.drop(connection.id) : actions.close(connection.id);
  }
  if (connection.calls == 0 && call == EndReason::kNone) {
    StoryRow row = connection.told();
    row.reason = reason;
    row.session.why = detail;
    row.story.pass(Gate::kEnd, wheel.now());
    stories.add(std::move(row), {.user = {}, .peer = connection.peer});
  }
  records.erase(connection);
  connection_shares.remove(connection.claim);
  of_peers.remove(connection);
  const auto entry = connections.find(connection.id);
  over_connections_.push_back(std::move(entry->second));
  connections.erase(entry);
  sweep_soon();
}

/// While draining no connection is added, so those that are left stay in their buckets.
bool ConcentratorCore::drain() {
  if (!std::exchange(draining, true)) {
    waiting_.clear();  // the places that come back are for nobody
  }
  const std::size_t buckets = connections.bucket_count();
  const std::size_t end = std::min(buckets, next_to_drain_ + kPlacesPerSlice);
  for (std::size_t stopped = 0; next_to_drain_ < end && stopped < kCallsPerSlice; ++next_to_drain_) {
    for (auto next = connections.begin(next_to_drain_); next != connections.end(next_to_drain_); ++stopped) {
      ConnectionRecord& connection = *(next++)->second;  // stop() may remove it from the map
      connection.protocol.stop(EndReason::kShutdown, kDraining);
    }
  }
  return next_to_drain_ < buckets;
}

// ---- calls ------------------------------------------------------------------------------------------------

std::expected<CallRecord*, EndReason> ConcentratorCore::install(ConnectionRecord& connection,
                                                                wire::PeerCallId peer) {
  if (const std::string_view why = closed(); !why.empty()) {
    connection.lacks = why;
    ++measures.refused_closed;
    return std::unexpected(EndReason::kShutdown);
  }
  if (!make_room_for_call(connection)) {
    return std::unexpected(no_place_for(connection));
  }
  if (CallRecord* call = waiting_.empty() ? install_now(connection, peer) : nullptr; call != nullptr) {
    return call;
  }
  if (stats.calls_finishing == 0 && places_left(connection.local) == 0) {
    return std::unexpected(no_place_for(connection));
  }
  waiting_.push_back({connection.id, peer, wheel.now()});
  retry_waiting();
  return nullptr;
}

EndReason ConcentratorCore::no_place_for(ConnectionRecord& connection) {
  const Scarce what = fewest_places(connection.local);
  const bool has_room = places_left(connection.local) > reserved_places();
  connection.lacks =
      has_room ? "its worker's ring is full" : kScarceThings[static_cast<std::size_t>(what)].remedy;
  count_refusal(connection.peer);
  ++(has_room ? measures.refused_worker_full : measures.refused_for(what));
  scarce(what, refused_);
  return EndReason::kNoResource;
}

void ConcentratorCore::retry_waiting() {
  if (!waiting_.empty() && !waiting_timer_.armed()) {
    waiting_timer_.arm(kWaitingRetry);
  }
}

void ConcentratorCore::serve_waiting() {
  for (int served = 0; !waiting_.empty() && served < kServedAtOnce; ++served) {
    const WaitingCall first = waiting_.front();
    ConnectionRecord* connection = find_connection(first.connection);
    if (connection == nullptr || !connection->protocol.awaits(first.peer)) {
      waiting_.pop_front();
      continue;
    }
    CallRecord* call = install_now(*connection, first.peer);
    if (call == nullptr && wheel.now() - first.since < kLongestWait) {
      if (stats.calls_finishing < waiting_.size()) {
        static_cast<void>(make_room_for_call(*connection));  // when it asked, there was nobody to give way
      }
      break;
    }
    waiting_.pop_front();
    if (call != nullptr) {
      connection->protocol.on_call_installed(first.peer, call);
    } else {
      connection->protocol.on_call_installed(first.peer, std::unexpected(no_place_for(*connection)));
    }
  }
  retry_waiting();
}

CallRecord* ConcentratorCore::install_now(ConnectionRecord& connection, wire::PeerCallId peer) {
  auto record = std::make_unique<CallRecord>(*this, connection, next_number_, peer, wheel.now());
  CallRecord& call = *record;
  if (!seat(call)) {
    return nullptr;
  }
  if (!actions.post(call.ref.worker, contract::InstallCall{call.ref, call.local(), call.peer(), call.local_id,
                                                           call.peer_id})) {
    unseat(call);
    return nullptr;
  }
  if (!actions.map_call(call.local(), call.peer(), call.local_id, call.ref)) {
    log.event(Severity::kError, "call_unreachable",
              {{"sid", call.session_id()},
               {"user", call.user()},
               {"peer", wire::to_string(call.peer())},
               {"local", wire::to_string(call.local())},
               {"remedy", "more DPDK memory"}});
  }
  ++next_number_;
  ++stats.calls_total;
  count_stage(call.stage(), +1);
  call_shares.add(call.claim(), call.peer());
  connection.call_began();
  return &directory.add(std::move(record));
}

/// Slots and call IDs come back only when the worker has removed the call, so room is made while there are some
/// left. A worker that is behind gives them back more slowly than strangers ask: then calls wait for them in line.
bool ConcentratorCore::make_room_for_call(const ConnectionRecord& newcomer) {
  if (places_left(newcomer.local) >= reserved_places()) {
    return true;
  }
  const Claim* yields = call_shares.yields_to(newcomer.peer);
  if (yields == nullptr || &yields->connection == &newcomer) {
    return call_shares.weight_of_newcomer(newcomer.peer) <= 1;
  }
  evict(*yields, fewest_places(newcomer.local));
  return true;
}

std::uint64_t ConcentratorCore::reserved_places() const {
  return std::min(kReservedPlaces, places_ / kReservedFraction);
}

Scarce ConcentratorCore::fewest_places(wire::Ipv4Address local) {
  return ids_.unused(local) < places_ - seated_ ? Scarce::kCallIds : Scarce::kSlots;
}

std::uint64_t ConcentratorCore::places_left(wire::Ipv4Address local) {
  return std::min<std::uint64_t>(places_ - seated_, ids_.unused(local));
}

/// Assigns a slot and a call ID on the most suitable worker that has any left.
bool ConcentratorCore::seat(CallRecord& call) {
  const contract::WorkerId best = seating.choose(steering_.uplink(call.local(), call.peer()));
  return seat_at(call, slots_[best.value]) || std::ranges::any_of(slots_, [&](auto& slots) {
           return seating.workers()[slots.worker().value].in_use && seat_at(call, slots);
         });
}

bool ConcentratorCore::seat_at(CallRecord& call, CallSlots<CallRecord>& slots) {
  const auto ref = slots.take(call);
  if (!ref) {
    return false;
  }
  const auto id = ids_.allocate(call.local(), call.peer(), slots.worker());
  if (!id) {
    slots.release(*ref);
    return false;
  }
  call.ref = *ref;
  call.local_id = *id;
  seating.took(ref->worker);
  ++seated_;
  return true;
}

// ---- another process had them -----------------------------------------------------------------------------

Adopted ConcentratorCore::adopt(wire::Bytes record, Duration later) {
  if (adoption_ == nullptr) {
    adoption_ = std::make_unique<CallAdoption>(*this);
  }
  return adoption_->adopt(record, later);
}

void ConcentratorCore::adopted_all() {
  if (const auto adoption = std::move(adoption_)) {
    std::ranges::for_each(slots_, &CallSlots<CallRecord>::adopted_all);
    ids_.adopted_all();
    adoption->adopted_all();
  }
}

/// A ring that fills up half-way has told the worker what it is to be told again.
std::string_view ConcentratorCore::adopt(ConnectionRecord& connection, const CarriedCall& from, bool& full) {
  const std::uint16_t worker = from.ref.worker.value;
  if (worker >= slots_.size()) {
    return "there is no such worker any more";
  }
  if (directory.numbered(from.number) != nullptr) {
    return "another call has its session ID";
  }
  auto record = std::make_unique<CallRecord>(*this, connection, from.number, from.pptp.peer_id, from.since);
  CallRecord& call = *record;
  if (!slots_[worker].adopt(from.ref, call)) {
    return "its slot is taken, or does not exist";
  }
  call.ref = from.ref;
  std::string_view why;
  if (!ids_.adopt(from.local, from.pptp.local_id, from.ref.worker)) {
    why = "its call ID is taken, or another worker's";
  } else if (!mppc_histories[worker].adopt(from.mppc_history)) {
    why = "its MPPC histories are taken, or do not exist";
    ids_.disown(from.local, from.pptp.local_id);
  } else {
    call.adopt_mppc_history(from.mppc_history);
    directory.set_user(call, from.session.user);
    why = call.adopt(from, full);
    if (why.empty()) {
      seating.took(from.ref.worker);
      ++seated_;
      directory.add(std::move(record));
      return "";
    }
    directory.forget_user(call);
    mppc_histories[worker].release(from.mppc_history);
    ids_.disown(from.local, from.pptp.local_id);
  }
  slots_[worker].release(from.ref);
  return why;
}

void ConcentratorCore::unseat(CallRecord& call) {
  seating.left(call.ref.worker);
  --seated_;
  slots_[call.ref.worker.value].release(call.ref);
  ids_.release(call.local(), call.peer(), call.local_id);
  mppc_histories[call.ref.worker.value].release(call.mppc_history());
}

void ConcentratorCore::count_failed_login(wire::Ipv4Address source) {
  ++history_of(source).failed_logins;
}

void ConcentratorCore::count_delayed_login(const CallRecord& call, std::string_view user,
                                           std::string_view why) {
  ++history_of(call.peer()).delayed;
  log.event(Severity::kFailure, "login_delayed",
            {{"sid", call.session_id()},
             {"peer", wire::to_string(call.peer())},
             {"user", std::string(user)},
             {"why", std::string(why)}});
}

void ConcentratorCore::set_machine_networks(std::vector<MachineNetwork> networks) {
  for (const MachineNetwork& network : networks) {
    const bool one = network.own_address && network.prefix.length == 32;
    const CallRecord* call = one ? directory.at_address(network.prefix.address) : nullptr;
    if (call != nullptr && machine.holder_of(network.prefix.address) == nullptr) {
      tell_of_loss(*call, wire::to_string(network.prefix.address), network.holder);
    }
  }
  machine.set(std::move(networks));
}

void ConcentratorCore::set_machine_networks6(std::vector<MachineNetwork6> networks) {
  for (const MachineNetwork6& network : networks) {
    const CallRecord* call = network.own_address ? directory.around(network.prefix) : nullptr;
    if (call != nullptr && machine6.holder_of(network.prefix) == nullptr) {
      tell_of_loss(*call, wire::to_string(network.prefix.address), network.holder);
    }
  }
  machine6.set(std::move(networks));
}

void ConcentratorCore::tell_of_loss(const CallRecord& call, const std::string& address,
                                    const std::string& holder) {
  log.event(Severity::kError, "subscriber_address_taken",
            {{"sid", call.session_id()},
             {"user", call.user()},
             {"peer", wire::to_string(call.peer())},
             {"ip", address},
             {"holder", holder},
             {"remedy", "leave the machine's own addresses out of pools and users' entries"}});
}

void ConcentratorCore::count_stage(CallRecord::Stage stage, int change) {
  std::uint64_t* const gauges[] = {&stats.calls_starting, &stats.calls_active, &stats.calls_finishing};
  *gauges[static_cast<std::size_t>(stage)] += static_cast<std::uint64_t>(change);
}

void ConcentratorCore::end_overflowed(const contract::CallRef& ref) {
  overflowed_.push_back(ref);
  sweep_soon();
}

void ConcentratorCore::retire(std::unique_ptr<Session> session, SharedSettings its_settings) {
  over_sessions_.push_back({std::move(its_settings), std::move(session)});
  sweep_soon();
}

void ConcentratorCore::sweep_soon() {
  if (!sweep_timer_.armed()) {
    sweep_timer_.arm(Duration{0});
  }
}

void ConcentratorCore::sweep() {
  for (const contract::CallRef& ref : std::exchange(overflowed_, {})) {
    if (CallRecord* call = find_call(ref); call != nullptr) {
      call->end(EndReason::kNoResource, "its worker's ring is full");
    }
  }
  over_sessions_.clear();
  over_connections_.clear();
  if (records.write(kRecordsAtOnce)) {
    sweep_soon();
  }
}

// ---- workers ----------------------------------------------------------------------------------------------

void ConcentratorCore::request_removal(CallRecord& call) {
  auto& waiting = removals_waiting_[call.ref.worker.value];
  if (waiting.empty() && actions.post(call.ref.worker, contract::RemoveCall{call.ref})) {
    return;
  }
  waiting.push_back(call.ref);
  if (!removal_timer_.armed()) {
    removal_timer_.arm(kRemovalRetry);
  }
}

void ConcentratorCore::retry_removals() {
  bool left = false;
  for (auto& waiting : removals_waiting_) {
    while (!waiting.empty() && actions.post(waiting.front().worker, contract::RemoveCall{waiting.front()})) {
      waiting.pop_front();
    }
    left = left || !waiting.empty();
  }
  if (left) {
    removal_timer_.arm(kRemovalRetry);
  }
}

CallRecord* ConcentratorCore::find_call(const contract::CallRef& ref) const {
  return ref.worker.value < slots_.size() ? slots_[ref.worker.value].find(ref) : nullptr;
}

void ConcentratorCore::on_worker_message(const contract::ToControl& message,
                                         std::span<const std::uint8_t> frame) {
  const auto with_call = [this](const contract::CallRef& ref, auto&& act) {
    if (CallRecord* call = find_call(ref); call != nullptr) {
      act(*call);
    } else {
      ++stats.stale_messages;
    }
  };
  if (const auto* removed = std::get_if<contract::CallRemoved>(&message)) {
    on_call_removed(*removed);
  } else if (const auto* in = std::get_if<contract::PppFrameIn>(&message)) {
    with_call(in->call, [&](CallRecord& call) { call.on_frame(frame); });
  } else if (const auto* desynchronised = std::get_if<contract::MppeDesynchronised>(&message)) {
    with_call(desynchronised->call, [](CallRecord& call) { call.on_mppe_desynchronised(); });
  } else if (const auto* out_of_step = std::get_if<contract::MppeOutOfStep>(&message)) {
    with_call(out_of_step->call, [](CallRecord& call) { call.on_mppe_out_of_step(); });
  }
}

void ConcentratorCore::on_call_removed(const contract::CallRemoved& message) {
  CallRecord* call = find_call(message.call);
  if (call == nullptr || !call->finished()) {
    ++stats.stale_messages;
    return;
  }
  sweep();  // its session may still be on the list of ended ones, and refers to the record
  call->removed(message.totals);
  count_stage(call->stage(), -1);
  release_address(*call);
  if (CallPrefixes* prefixes = call->prefixes()) {
    prefixes->release();
  }
  unseat(*call);
  directory.remove(*call);
  serve_waiting();
}

void ConcentratorCore::release_address(CallRecord& call) {
  directory.forget_address(call);
  pools.release(call.address(), call.has_had_ipv4());
  machine.on_released(call.address());
}

std::string ConcentratorCore::duration_since(Instant since) const {
  const auto milliseconds = static_cast<long long>((wheel.now() - since).count());
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", milliseconds / 1000, milliseconds % 1000);
  return text;
}

}  // namespace adit::control
