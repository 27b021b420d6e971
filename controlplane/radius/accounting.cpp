// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/accounting.hpp"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <utility>

namespace adit::control::radius {
namespace {

constexpr std::uint32_t kAuthenticByRadius = 1;
constexpr std::uint32_t kAuthenticLocally = 2;

std::uint32_t seconds_of(Duration time) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

/// RFC 2869 §5.1, §5.2: the high halves have their own attributes. Input is from the user.
void write_usage(RequestWriter& request, const SpoolUsage& usage) {
  const auto low = [](std::uint64_t count) { return static_cast<std::uint32_t>(count); };
  const auto high = [](std::uint64_t count) { return static_cast<std::uint32_t>(count >> 32); };
  request.number(Type::kAcctInputOctets, low(usage.totals.uplink_octets));
  request.number(Type::kAcctOutputOctets, low(usage.totals.downlink_octets));
  request.number(Type::kAcctInputGigawords, high(usage.totals.uplink_octets));
  request.number(Type::kAcctOutputGigawords, high(usage.totals.downlink_octets));
  request.number(Type::kAcctInputPackets, low(usage.totals.uplink_packets));
  request.number(Type::kAcctOutputPackets, low(usage.totals.downlink_packets));
  request.number(Type::kAcctSessionTime, usage.session_time);
}

/// RFC 3162 §2.2, §2.3; RFC 4818 §3; RFC 6911 §3.1: what there is of it.
void write_ipv6(RequestWriter& request, const Ipv6Binding& subscriber) {
  request.interface_id(Type::kFramedInterfaceId, subscriber.interface_id);
  if (subscriber.link) {
    request.prefix(Type::kFramedIpv6Prefix, *subscriber.link);
  }
  if (subscriber.address) {
    request.address(Type::kFramedIpv6Address, *subscriber.address);
  }
  if (subscriber.delegated) {
    request.prefix(Type::kDelegatedIpv6Prefix, *subscriber.delegated);
  }
}

/// The first of that type among encoded attributes of ours; "": there is none.
std::string text_in(Bytes attributes, Type type) {
  while (attributes.size() >= 2 && attributes[1] >= 2 && attributes[1] <= attributes.size()) {
    if (Type{attributes[0]} == type) {
      return std::string(wire::text_of(attributes.subspan(2, attributes[1] - 2U)));
    }
    attributes = attributes.subspan(attributes[1]);
  }
  return {};
}

constexpr Duration kBeat{1000};
constexpr std::uint32_t kNasReboot = 11;  // RFC 2866 §5.10: "the NAS ended the session ... ('crashed')"

}  // namespace

std::uint32_t terminate_cause(EndReason reason) {
  constexpr std::uint32_t kUserRequest = 1, kLostCarrier = 2, kIdleTimeout = 4, kSessionTimeout = 5,
                          kAdminReset = 6, kAdminReboot = 7, kNasError = 9, kUserError = 17;
  switch (reason) {
    case EndReason::kUserRequest:
      return kUserRequest;
    case EndReason::kPeerClosed:
    case EndReason::kEchoTimeout:
    case EndReason::kLostCarrier:
      return kLostCarrier;
    case EndReason::kIdleTimeout:
      return kIdleTimeout;
    case EndReason::kSessionTimeout:
      return kSessionTimeout;
    case EndReason::kAdminReset:
    case EndReason::kReplaced:
      return kAdminReset;
    case EndReason::kShutdown:
      return kAdminReboot;
    case EndReason::kMalformed:
    case EndReason::kLcpFailed:
    case EndReason::kAuthFailed:
    case EndReason::kRechallengeFailed:
    case EndReason::kAuthUnusable:
    case EndReason::kEapNak:
    case EndReason::kEapNoKeys:
    case EndReason::kMppeRefused:
    case EndReason::kMppeDesynchronised:
    case EndReason::kIpcpFailed:
    case EndReason::kAddressRefused:
    case EndReason::kIpv6Failed:
    case EndReason::kOutputOverflow:
      return kUserError;
    default:
      return kNasError;
  }
}

RadiusAccounting::RadiusAccounting(Client& client, NasSettings nas, TimerWheel& wheel, UnixClock clock,
                                   EventLog& log, Spool& spool)
    : client_(&client),
      nas_(std::move(nas)),
      clock_(std::move(clock)),
      log_(log),
      spool_(spool),
      retry_(wheel, on_timer<&RadiusAccounting::offer_next>, this),
      beat_(wheel, on_timer<&RadiusAccounting::beat>, this) {}

// ---- the NAS itself ---------------------------------------------------------------------------------------

void RadiusAccounting::announce_start() {
  recover();
  on_waits_ = true;
  offer_next();
}

void RadiusAccounting::recover() {
  std::unordered_set<Spool::Slot> live;
  for (const auto& [session_id, slot] : sessions_) {
    live.insert(slot);
  }
  const std::vector<Spool::Slot> left =
      spool_.recover(kNasReboot, [&live](Spool::Slot slot) { return live.contains(slot); });
  waiting_.assign(left.begin(), left.end());
  if (!left.empty() || spool_.damaged() != 0) {
    log_.event(Severity::kWarning, "accounting_recovered",
               {{"stops", std::to_string(left.size())}, {"damaged", std::to_string(spool_.damaged())}});
  }
  beat();
}

void RadiusAccounting::await_sessions() {
  for (const Spool::Left& left : spool_.left()) {
    awaited_[text_in(spool_.identity(left.slot), Type::kAcctSessionId)] = left;
  }
}

void RadiusAccounting::sessions_are_here() {
  awaited_.clear();
  recover();
  offer_next();
}

bool RadiusAccounting::adopted(const AccountedCall& call) {
  const auto awaited = awaited_.find(call.session_id);
  if (awaited == awaited_.end()) {  // the spool was full when it began, and may have room now
    find_slot(call, identity_of(call), clock_());
    return true;
  }
  if (awaited->second.stopped) {
    return false;
  }
  sessions_[call.session_id] = awaited->second.slot;
  keep(awaited->second.slot, call, identity_of(call));
  awaited_.erase(awaited);
  return true;
}

bool RadiusAccounting::announce_stop() {
  if (in_flight_ != 0) {
    return false;
  }
  retry_.cancel();
  if (!waiting_.empty() || std::exchange(off_sent_, true)) {
    return true;
  }
  send(Status::kOff, identity_of_nas(), {.unix_at = clock_()}, [](bool) {});
  return false;
}

void RadiusAccounting::beat() {
  spool_.beat(clock_());
  beat_.arm(kBeat);
}

RadiusAccounting::Octets RadiusAccounting::identity_of_nas() const {
  RequestWriter attributes(Code::kAccountingRequest, 0, {});
  if (!nas_.address.is_none()) {
    attributes.address(Type::kNasIpAddress, nas_.address);
  }
  attributes.text(Type::kNasIdentifier, nas_.identifier);
  return {attributes.attributes().begin(), attributes.attributes().end()};
}

// ---- sessions ---------------------------------------------------------------------------------------------

/// The attributes that all records of a session share.
RequestWriter RadiusAccounting::written(const AccountedCall& call, Classes classes) const {
  RequestWriter attributes(Code::kAccountingRequest, 0, {});
  attributes.text(Type::kUserName, call.user);
  write_identity(attributes, nas_, {call.session_id, call.peer, call.local, call.stations});
  if (!call.address.is_none()) {
    attributes.address(Type::kFramedIpAddress, call.address);
  }
  if (call.ipv6) {
    write_ipv6(attributes, *call.ipv6);
  }
  attributes.number(Type::kAcctAuthentic, call.by_radius ? kAuthenticByRadius : kAuthenticLocally);
  if (classes == Classes::kAll) {
    for (const auto& octets : call.classes) {
      attributes.octets(Type::kClass, octets);
    }
  }
  return attributes;
}

/// Where they do not fit into a packet, the Class is left out, which matters least; and it is told. Empty: nor does the
/// rest.
RadiusAccounting::Octets RadiusAccounting::identity_of(const AccountedCall& call, Classes classes) const {
  RequestWriter attributes = written(call, classes);
  std::string fault = attributes.fault();
  if (!fault.empty() && classes == Classes::kAll) {
    attributes = written(call, Classes::kNone);
    fault = attributes.fault().empty() ? fault + "; its records go without Class" : attributes.fault();
  }
  if (!fault.empty()) {
    log_.event(Severity::kError, "accounting_record_unfit",
               {{"user", call.user},
                {"sid", call.session_id},
                {"peer", wire::to_string(call.peer)},
                {"why", fault}});
  }
  return {attributes.attributes().begin(), attributes.attributes().end()};
}

/// What a slot can hold of `whole`: all but the Class always fits.
RadiusAccounting::Octets RadiusAccounting::fitting(const AccountedCall& call, const Octets& whole) const {
  return whole.size() <= Spool::kMaxIdentity ? whole : identity_of(call, Classes::kNone);
}

Bytes RadiusAccounting::kept(Spool::Slot slot) const {
  const auto found = oversize_.find(slot);
  return found == oversize_.end() ? spool_.identity(slot) : Bytes(found->second);
}

void RadiusAccounting::keep(Spool::Slot slot, const AccountedCall& call, Octets whole) {
  if (whole.empty()) {
    return;  // what there was names the session better
  }
  spool_.describe(slot, fitting(call, whole));
  oversize_.erase(slot);
  if (whole.size() > Spool::kMaxIdentity) {
    oversize_.emplace(slot, std::move(whole));
  }
}

void RadiusAccounting::started(const AccountedCall& call) {
  abandon_on();
  Octets identity = identity_of(call);
  const std::uint64_t now = clock_();
  find_slot(call, identity, now);
  send(Status::kStart, std::move(identity), {.unix_at = now}, [](bool) {});
}

void RadiusAccounting::find_slot(const AccountedCall& call, const Octets& identity, std::uint64_t now) {
  if (identity.empty()) {
    ++unkept_;
  } else if (const auto slot = spool_.open(fitting(call, identity), now)) {
    sessions_[call.session_id] = *slot;
    keep(*slot, call, identity);
  } else {
    ++unkept_;
    log_.event(Severity::kError, "accounting_spool_full",
               {{"user", call.user},
                {"sid", call.session_id},
                {"peer", wire::to_string(call.peer)},
                {"slots", std::to_string(spool_.slots())},
                {"remedy", "raise radius.spool-records, or bring an accounting server back"}});
  }
}

void RadiusAccounting::changed(const AccountedCall& call) {
  if (const auto session = sessions_.find(call.session_id); session != sessions_.end()) {
    keep(session->second, call, identity_of(call));
  }
}

void RadiusAccounting::noted(const AccountedCall& call, const contract::CallTotals& totals,
                             Duration since_up) {
  if (const auto session = sessions_.find(call.session_id); session != sessions_.end()) {
    spool_.note(session->second,
                {.totals = totals, .unix_at = clock_(), .session_time = seconds_of(since_up)});
  }
}

void RadiusAccounting::interim(const AccountedCall& call, const contract::CallTotals& totals,
                               Duration since_up) {
  noted(call, totals, since_up);
  send(Status::kInterim, identity_of(call),
       {.totals = totals, .unix_at = clock_(), .session_time = seconds_of(since_up)}, [](bool) {});
}

void RadiusAccounting::stopped(const AccountedCall& call, const contract::CallTotals& totals, Duration was_up,
                               EndReason reason) {
  const SpoolUsage usage{.totals = totals,
                         .unix_at = clock_(),
                         .session_time = seconds_of(was_up),
                         .cause = terminate_cause(reason)};
  const auto session = sessions_.find(call.session_id);
  if (session == sessions_.end()) {
    send(Status::kStop, identity_of(call), usage,
         [this, user = call.user, sid = call.session_id, peer = call.peer](bool taken) {
           if (!taken) {
             ++lost_;
             log_.event(Severity::kError, "accounting_stop_lost",
                        {{"user", user}, {"sid", sid}, {"peer", wire::to_string(peer)}});
           }
         });
    return;
  }
  const Spool::Slot slot = session->second;
  sessions_.erase(session);
  keep(slot, call, identity_of(call));
  spool_.stop(slot, usage);
  if (!waiting_.empty()) {
    wait(slot);  // in order, after earlier Stops
    return;
  }
  send_stop(slot, [this, slot](bool taken) {
    if (!taken) {
      wait(slot);
    }
  });
}

/// Acct-Delay-Time is computed per server; a retransmission to the same server has the same octets.
Client::Ticket RadiusAccounting::send(Status status, Octets identity, const SpoolUsage& usage,
                                      Answered answered) {
  ++in_flight_;
  const auto whose = std::make_shared<const Octets>(std::move(identity));
  return client_->request(
      Code::kAccountingRequest,
      [this, status, whose, usage](RequestWriter& request, Bytes) {
        request.number(Type::kAcctStatusType, static_cast<std::uint32_t>(status));
        request.append(*whose);
        if (status == Status::kInterim || status == Status::kStop) {
          write_usage(request, usage);
        }
        if (status == Status::kStop) {
          request.number(Type::kAcctTerminateCause, usage.cause);
        }
        const std::uint64_t now = clock_();
        request.number(Type::kEventTimestamp, static_cast<std::uint32_t>(usage.unix_at));
        request.number(Type::kAcctDelayTime,
                       static_cast<std::uint32_t>(now > usage.unix_at ? now - usage.unix_at : 0));
      },
      [this, whose,
       answered = std::move(answered)](const std::expected<Client::Reply, Client::NoReply>& reply) {
        --in_flight_;
        // Without an identity identity_of() has said whose it was.
        if (!reply && reply.error().unfit && !whose->empty()) {
          log_.event(Severity::kError, "accounting_record_unfit",
                     {{"user", text_in(*whose, Type::kUserName)},
                      {"sid", text_in(*whose, Type::kAcctSessionId)},
                      {"peer", text_in(*whose, Type::kTunnelClientEndpoint)},
                      {"why", reply.error().why}});
        }
        answered(reply.has_value());
      });
}

void RadiusAccounting::send_stop(Spool::Slot slot, Answered answered) {
  const Bytes identity = kept(slot);
  send(Status::kStop, {identity.begin(), identity.end()}, spool_.usage(slot),
       [this, slot, answered = std::move(answered)](bool taken) {
         if (taken) {
           oversize_.erase(slot);
           spool_.release(slot);
         }
         answered(taken);
       });
}

void RadiusAccounting::wait(Spool::Slot slot) {
  waiting_.push_back(slot);
  if (!offering_ && !retry_.armed()) {
    retry_.arm(kRetry);
  }
}

/// Offers the oldest waiting Stop, then the next, as long as servers take them; Accounting-On comes last.
void RadiusAccounting::offer_next() {
  if (offering_ || off_sent_ || (!on_waits_ && waiting_.empty())) {
    return;
  }
  offering_ = true;
  if (!waiting_.empty()) {
    offer_stop(0);
    return;
  }
  const Client::Ticket ticket =
      send(Status::kOn, identity_of_nas(), {.unix_at = clock_()}, [this](bool taken) {
        on_asked_.reset();
        on_waits_ = !taken;
        offered(taken);
      });
  on_asked_ = {client_, ticket};
}

/// Gives up on Accounting-On: it is not sent, or no longer retransmitted.
void RadiusAccounting::abandon_on() {
  on_waits_ = false;
  if (const auto asked = std::exchange(on_asked_, std::nullopt)) {
    asked->first->cancel(asked->second);
    --in_flight_;
    offering_ = false;
    offer_next();
  }
}

/// If no server takes the oldest Stop, another one is tried, each time one further on. If that one is taken,
/// servers are up but cannot process the oldest: it goes to the end of the queue, where it does not hold up
/// the others.
void RadiusAccounting::offer_stop(std::size_t at) {
  send_stop(waiting_[at], [this, at](bool taken) {
    if (taken) {
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
      if (at != 0) {
        waiting_.push_back(waiting_.front());
        waiting_.pop_front();
      }
      probe_ = 1;
      offered(true);
    } else if (at == 0 && waiting_.size() > 1) {
      probe_ = probe_ < waiting_.size() ? probe_ : 1;
      offer_stop(probe_++);
    } else {
      offered(false);
    }
  });
}

void RadiusAccounting::offered(bool taken) {
  offering_ = false;
  unanswered_ = !taken;
  if (taken) {
    offer_next();
  } else {
    retry_.arm(kRetry);
  }
}

AccountingStatus RadiusAccounting::status() const {
  return {.slots = spool_.slots(),
          .used = spool_.used(),
          .waiting = waiting_.size(),
          .in_flight = in_flight_,
          .unkept = unkept_,
          .lost = lost_};
}

}  // namespace adit::control::radius
