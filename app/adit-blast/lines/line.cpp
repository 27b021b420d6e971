// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/lines/line.hpp"

#include <utility>

#include "app/adit-blast/lines/fleet.hpp"
#include "controlplane/base/key_message.hpp"

namespace adit::app::blast {

using control::ClientEnd;
using control::Duration;

namespace {

constexpr Duration kConnectTimeout{15'000};
/// From IP up to the first packet: pppd sets up its interface and route only after it has acknowledged IPCP.
constexpr Duration kSettle{500};
/// How often a call that is up looks for IPv6 that it has asked for before it goes without: in 20 s a server that limits
/// itself to 2,000 Router Advertisements a second has told 40,000 calls.
constexpr std::uint8_t kMostWaits = 40;
/// How long a line that hangs up waits for its last packets to arrive.
constexpr Duration kQuiet{400};

}  // namespace

Line::Line(Fleet& fleet, std::uint32_t number, wire::Ipv4Address address)
    : fleet_(fleet),
      number_(number),
      address_(address),
      timer_(fleet.wheel(), control::on_timer<&Line::on_timer>, this) {}

Line::~Line() = default;

void Line::enter(State next) {
  fleet_.on_state(state_, next);
  if (state_ == State::kUp && std::exchange(joined_, false)) {
    fleet_.on_parted();
  }
  state_ = next;
}

// ---- dialling ---------------------------------------------------------------------------------------------

void Line::dial() {
  was_up_ = abrupt_ = answered_ = false;
  waits_ = 0;
  early_frames_.clear();
  enter(State::kConnecting);
  dialled_us_ = fleet_.now_us();
  timer_.arm(kConnectTimeout);
  fleet_.connect(number_, address_);
}

void Line::on_connected(control::ConnectionId id) {
  timer_.cancel();
  connection_ = id;
  id_ = fleet_.allocate_id(address_);
  if (!id_) {
    return over(ClientEnd::kNoResource, "no call ID is free for this address");
  }
  // Installed before it is requested: the server's first frame may overtake its Outgoing-Call-Reply.
  call_ = fleet_.take_slot(*this);
  if (!call_) {
    return over(ClientEnd::kNoResource, "no slot is free");
  }
  fleet_.install({.call = *call_,
                  .local = address_,
                  .peer = fleet_.server_of(number_),
                  .local_id = *id_,
                  .peer_id = {}});
  enter(State::kDialling);
  client_ = fleet_.make_client(*id_, *this);
  client_->log_in_as(fleet_.user_of(number_));
  client_->start();
}

void Line::on_connect_failed(bool local, const std::string& why) {
  if (state_ == State::kConnecting) {
    over(local ? ClientEnd::kNoResource : ClientEnd::kConnectFailed, why);
  }
}

void Line::on_timer() {
  switch (state_) {
    case State::kConnecting:
      fleet_.give_up(number_);
      return over(ClientEnd::kConnectTimeout, "");
    case State::kUp:
      if (client_->status().waits_for_ipv6 && waits_ < kMostWaits) {
        ++waits_;
        return timer_.arm(kSettle);
      }
      joined_ = true;
      return fleet_.join(*call_, client_->status());
    case State::kQuiet:
      return hang_up_now(abrupt_);
    default:
      return;
  }
}

void Line::client_up() {
  if (state_ != State::kDialling) {
    return;  // a renegotiation
  }
  was_up_ = true;
  enter(State::kUp);
  fleet_.on_up(*this, fleet_.now_us() - dialled_us_);
  timer_.arm(kSettle);
}

void Line::abandon() {
  if (state_ == State::kConnecting) {
    fleet_.give_up(number_);
  }
  over(ClientEnd::kHungUp, "");
}

// ---- hanging up -------------------------------------------------------------------------------------------

void Line::hang_up(bool abrupt) {
  abrupt_ = abrupt;
  enter(State::kQuiet);
  fleet_.quiet(call_->slot);
  timer_.arm(kQuiet);
}

void Line::hang_up_now(bool abrupt) {
  timer_.cancel();
  fleet_.leave(call_->slot);
  enter(State::kEnding);
  return abrupt ? over(ClientEnd::kHungUp, "") : client_->hang_up();
}

void Line::close() {
  if (connection_ != 0) {
    fleet_.close(std::exchange(connection_, 0));
  }
}

void Line::on_closed() {
  connection_ = 0;
  if (client_ != nullptr) {
    client_->on_closed();
  }
}

void Line::client_ended(ClientEnd end, std::string_view detail) {
  over(end, detail);
}

/// Called for every end of a call. The client object may still be on the stack, so the fleet deletes it
/// later.
void Line::over(ClientEnd end, std::string_view detail) {
  timer_.cancel();
  if (connection_ != 0) {
    fleet_.drop(std::exchange(connection_, 0));
  }
  fleet_.on_over(*this, end, detail, was_up_);
  fleet_.retire(std::move(client_));
  if (call_) {
    fleet_.leave(call_->slot);
    enter(State::kRemoving);
    return fleet_.remove(*call_, address_, fleet_.server_of(number_), *id_);
  }
  release_id();
  enter(State::kIdle);
}

void Line::on_call_removed() {
  fleet_.release_slot(*call_);
  call_.reset();
  release_id();
  enter(State::kIdle);
}

void Line::release_id() {
  if (id_) {
    fleet_.release_id(address_, *id_);
    id_.reset();
  }
}

// ---- ClientCallHost: requests of the client ---------------------------------------------------------------

void Line::send(std::span<const std::uint8_t> message) {
  if (connection_ != 0) {
    fleet_.send(connection_, message);
  }
}

void Line::install_call(wire::LocalCallId, wire::PeerCallId peer) {
  answered_ = true;
  fleet_.post(contract::SetPeerCallId{*call_, peer});
}

void Line::send_ppp_frame(std::span<const std::uint8_t> frame) {
  fleet_.post_frame(contract::SendPppFrame{*call_}, frame);
}

void Line::set_ppp_compression(bool send_acfc, bool send_pfc) {
  fleet_.post(contract::SetPppCompression{*call_, send_acfc, send_pfc});
}

void Line::enable_mppe(contract::Direction direction, contract::MppeMode mode,
                       const crypto::Secret<16>& start_key, const crypto::Secret<16>& session_key) {
  fleet_.post(control::KeyMessage(*call_, direction, mode, start_key, session_key).message());
}

void Line::disable_mppe() {
  fleet_.post(contract::DisableMppe{*call_});
}

void Line::enable_ip(wire::Ipv4Address own, std::uint16_t peer_mru, bool require_mppe) {
  fleet_.post(contract::EnableIp{
      .call = *call_, .subscriber = own, .peer_mru = peer_mru, .require_mppe = require_mppe});
}

void Line::disable_ip() {
  fleet_.post(contract::DisableIp{*call_});
}

void Line::enable_ipv6(const control::Ipv6Binding& binding, std::uint16_t peer_mru, bool require_mppe) {
  contract::EnableIpv6 message = control::ipv6_message(*call_, binding);
  message.peer_mru = peer_mru;
  message.require_mppe = require_mppe;
  fleet_.post(message);
}

void Line::disable_ipv6() {
  fleet_.post(contract::DisableIpv6{*call_});
}

void Line::send_ipv6(std::span<const std::uint8_t> packet) {
  fleet_.post_frame(contract::SendIpv6{*call_}, packet);
}

void Line::on_bytes(std::span<const std::uint8_t> octets) {
  client_->on_bytes(octets);
  if (answered_ && !early_frames_.empty()) {
    for (const auto& frame : std::exchange(early_frames_, {})) {
      on_frame(frame);
    }
  }
}

void Line::on_frame(std::span<const std::uint8_t> frame) {
  if (client_ == nullptr) {
    return;
  }
  if (answered_) {
    return client_->on_frame(frame);
  }
  constexpr std::size_t kMostEarly = 4;
  if (early_frames_.size() < kMostEarly) {
    early_frames_.emplace_back(frame.begin(), frame.end());
  }
}

void Line::on_mppe_desynchronised() {
  if (client_ != nullptr) {
    client_->on_mppe_desynchronised();
  }
}

}  // namespace adit::app::blast
