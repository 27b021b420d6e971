// SPDX-License-Identifier: Apache-2.0
#include "controlplane/radius/radius_accounting.hpp"

#include <utility>

namespace adit::control::radius {
namespace {

constexpr std::uint32_t kAuthenticByRadius = 1;
constexpr std::uint32_t kAuthenticLocally = 2;

std::uint32_t seconds_of(Duration time) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count());
}

/// RFC 2869 §5.1, §5.2: the high halves go beside. Input is what came from the user.
void write_totals(RequestWriter& request, const contract::CallTotals& totals, Duration since_up) {
  const auto low = [](std::uint64_t count) { return static_cast<std::uint32_t>(count); };
  const auto high = [](std::uint64_t count) { return static_cast<std::uint32_t>(count >> 32); };
  request.number(Type::kAcctInputOctets, low(totals.uplink_octets));
  request.number(Type::kAcctOutputOctets, low(totals.downlink_octets));
  request.number(Type::kAcctInputGigawords, high(totals.uplink_octets));
  request.number(Type::kAcctOutputGigawords, high(totals.downlink_octets));
  request.number(Type::kAcctInputPackets, low(totals.uplink_packets));
  request.number(Type::kAcctOutputPackets, low(totals.downlink_packets));
  request.number(Type::kAcctSessionTime, seconds_of(since_up));
}

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
    case EndReason::kMppeRefused:
    case EndReason::kMppeDesynchronised:
    case EndReason::kIpcpFailed:
    case EndReason::kOutputOverflow:
      return kUserError;
    default:
      return kNasError;
  }
}

RadiusAccounting::RadiusAccounting(Client& client, NasSettings nas, TimerWheel& wheel, EventLog& log,
                                   std::uint64_t unix_at_start)
    : client_(client),
      nas_(std::move(nas)),
      wheel_(wheel),
      log_(log),
      unix_at_start_(unix_at_start),
      retry_(wheel, on_timer<&RadiusAccounting::offer_again>, this) {}

void RadiusAccounting::announce_start() {
  send({[this](RequestWriter& request) {
          request.number(Type::kAcctStatusType, static_cast<std::uint32_t>(Status::kOn));
          if (!nas_.address.is_none()) {
            request.address(Type::kNasIpAddress, nas_.address);
          }
          request.text(Type::kNasIdentifier, nas_.identifier);
        },
        wheel_.now()},
       false);
}

RadiusAccounting::Write RadiusAccounting::writer_of(Status status, const AccountedCall& call) const {
  return [this, status, call](RequestWriter& request) {
    request.number(Type::kAcctStatusType, static_cast<std::uint32_t>(status));
    request.text(Type::kUserName, call.user);
    write_identity(request, nas_, {call.session_id, call.peer, call.local});
    request.address(Type::kFramedIpAddress, call.address);
    request.number(Type::kAcctAuthentic, call.by_radius ? kAuthenticByRadius : kAuthenticLocally);
    for (const auto& octets : call.classes) {
      request.octets(Type::kClass, octets);
    }
  };
}

void RadiusAccounting::started(const AccountedCall& call) {
  send({writer_of(Status::kStart, call), wheel_.now()}, false);
}

void RadiusAccounting::interim(const AccountedCall& call, const contract::CallTotals& totals,
                               Duration since_up) {
  send({[write = writer_of(Status::kInterim, call), totals, since_up](RequestWriter& request) {
          write(request);
          write_totals(request, totals, since_up);
        },
        wheel_.now()},
       false);
}

void RadiusAccounting::stopped(const AccountedCall& call, const contract::CallTotals& totals, Duration was_up,
                               EndReason reason) {
  send({[write = writer_of(Status::kStop, call), totals, was_up, reason](RequestWriter& request) {
          write(request);
          write_totals(request, totals, was_up);
          request.number(Type::kAcctTerminateCause, terminate_cause(reason));
        },
        wheel_.now()},
       true);
}

/// Acct-Delay-Time is written anew for each server that is asked; a repeat to the same one is the same octets.
Client::Compose RadiusAccounting::composer_of(const Record& record) const {
  return [this, write = record.write, at = record.at](RequestWriter& request, Bytes) {
    write(request);
    request.number(Type::kEventTimestamp,
                   static_cast<std::uint32_t>(unix_at_start_ + seconds_of(at.since_start)));
    request.number(Type::kAcctDelayTime, seconds_of(wheel_.now() - at));
  };
}

void RadiusAccounting::send(Record record, bool keep_it) {
  Client::Compose compose = composer_of(record);
  client_.request(Code::kAccountingRequest, std::move(compose),
                  [this, keep_it,
                   kept = std::move(record)](const std::expected<Client::Reply, std::string>& reply) mutable {
                    if (!reply && keep_it) {
                      keep(std::move(kept));
                    }
                  });
}

void RadiusAccounting::keep(Record record) {
  if (waiting_.size() == kMaxWaiting) {
    log_.event(Severity::kError, "accounting_stop_lost", {{"waiting", std::to_string(waiting_.size())}});
    return;
  }
  waiting_.push_back(std::move(record));
  if (!offering_ && !retry_.armed()) {
    retry_.arm(kRetry);
  }
}

void RadiusAccounting::offer_again() {
  if (offering_ || waiting_.empty()) {
    return;
  }
  offering_ = true;
  client_.request(Code::kAccountingRequest, composer_of(waiting_.front()),
                  [this](const std::expected<Client::Reply, std::string>& reply) {
                    offering_ = false;
                    if (!reply) {
                      retry_.arm(kRetry);
                      return;
                    }
                    waiting_.pop_front();
                    retry_.arm(Duration{0});
                  });
}

}  // namespace adit::control::radius
