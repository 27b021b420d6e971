// SPDX-License-Identifier: Apache-2.0
// The PPTP control connection: octets as a stream cut anywhere, and legal messages in any order (which found
// CVE-2022-23253 "in three minutes").
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "controlplane/pptp/connection.hpp"
#include "tests/fuzz/targets.hpp"

namespace adit::fuzz {

using namespace control;

namespace {

/// Checks the connection's contract: whole messages, nothing after the end, one end, no call forgotten.
class Host : public PptpConnectionHost {
 public:
  Host() { connection_ = std::make_unique<PptpConnection>(settings_, wheel_, *this); }
  ~Host() override {
    connection_.reset();
    calls_.clear();  // with the timers of those that wait to be connected
    require(wheel_.armed_count() == 0);
  }
  void send(wire::Bytes message) override {
    require(!ended_);
    const auto parsed = pptp::parse(message);
    require(parsed.has_value());
    require(++answers_ <= 8);  // one message causes a bounded number of answers
  }
  void connection_established(const pptp::StartControlConnectionRequest&) override { require(!ended_); }
  std::expected<PptpCall*, EndReason> install_call(const CallRequest& request) override {
    require(!ended_);
    if (refuse_) {
      return std::unexpected(EndReason::kNoResource);
    }
    if (later_) {
      waiting_.push_back(request.peer_id);
      return nullptr;
    }
    return make_call(request.peer_id);
  }
  void call_answered(PptpCall& call) override {
    require(knows(call) && (call.incoming == nullptr || call.incoming->connected()));
  }
  void call_refused(wire::PeerCallId, EndReason, std::string_view) override { require(!ended_); }
  void call_cleared(PptpCall& call, EndReason, std::string_view) override { forget(call); }
  void wan_errors_told(std::uint64_t) override { require(!ended_); }
  void message_ignored(pptp::ControlType, std::string_view why) override { require(!ended_ && !why.empty()); }
  void connection_ended(EndReason, std::string_view) override {
    require(!ended_ && calls_.empty());
    ended_ = true;
  }

  void begin() { answers_ = 0; }
  [[nodiscard]] PptpConnection& connection() { return *connection_; }
  [[nodiscard]] bool ended() const { return ended_; }
  void advance(Duration by) { wheel_.advance(wheel_.now() + by); }
  void refuse(bool refuse) { refuse_ = refuse; }
  void later(bool later) { later_ = later; }
  /// The verdicts on calls that wait, if the peer still waits for them.
  void serve_waiting() {
    for (const wire::PeerCallId peer_id : std::exchange(waiting_, {})) {
      if (ended_ || !connection_->awaits(peer_id)) {
        continue;
      }
      std::expected<PptpCall*, EndReason> installed = std::unexpected(EndReason::kNoResource);
      if (!refuse_) {
        installed = make_call(peer_id);
      }
      begin();
      connection_->on_call_installed(peer_id, installed);
      require(!connection_->awaits(peer_id));
    }
  }
  void several_calls() { settings_.max_calls_per_connection = 3; }
  void allow_incoming() { settings_.incoming_calls = true; }
  [[nodiscard]] PptpCall* some_call(std::uint8_t which) {
    return calls_.empty() ? nullptr : calls_[which % calls_.size()].get();
  }
  void end_call(std::uint8_t which) {
    if (PptpCall* call = some_call(which)) {
      connection_->end_call(*call, EndReason::kNoResource);
      forget(*call);
    }
  }

 private:
  PptpCall* make_call(wire::PeerCallId peer_id) {
    auto call = std::make_unique<PptpCall>();
    call->local_id = wire::LocalCallId(next_id_++);
    call->peer_id = peer_id;
    calls_.push_back(std::move(call));
    return calls_.back().get();
  }
  [[nodiscard]] bool knows(const PptpCall& call) const {
    return std::ranges::any_of(calls_, [&](const auto& known) { return known.get() == &call; });
  }
  void forget(const PptpCall& call) {
    require(knows(call));
    std::erase_if(calls_, [&](const auto& known) { return known.get() == &call; });
  }

  PptpSettings settings_;
  TimerWheel wheel_;
  std::vector<std::unique_ptr<PptpCall>> calls_;
  std::unique_ptr<PptpConnection> connection_;
  std::uint16_t next_id_ = 0x1234;
  int answers_ = 0;
  bool refuse_ = false;
  bool later_ = false;
  std::vector<wire::PeerCallId> waiting_;
  bool ended_ = false;
};

/// A legal message of control type 1 + `kind` % 15, with its significant fields from the input.
pptp::Message message(std::uint8_t kind, Input& input) {
  constexpr std::uint16_t kLengths[] = {156, 156, 16, 16, 16, 20, 168, 32, 220, 24, 28, 16, 148, 40, 24};
  const std::size_t type = kind % 15;
  std::vector<std::uint8_t> octets(kLengths[type]);
  wire::store_be(octets.data(), kLengths[type]);
  wire::store_be<std::uint16_t>(octets.data() + 2, 1);
  wire::store_be(octets.data() + 4, pptp::kMagicCookie);
  wire::store_be(octets.data() + 8, static_cast<std::uint16_t>(type + 1));
  const wire::Bytes fields = input.octets(4);
  std::copy(fields.begin(), fields.end(), octets.begin() + 12);
  const auto parsed = pptp::parse(octets);
  require(parsed.has_value());
  return *parsed;
}

}  // namespace

void fuzz_pptp_stream(wire::Bytes octets) {
  // The parser's guarantees first: wanted_octets() never shrinks, and an accepted message is written back
  // unchanged.
  if (const auto wanted = pptp::wanted_octets(octets); wanted && *wanted <= octets.size()) {
    const auto parsed = pptp::parse(octets.first(*wanted));
    require(parsed.has_value());
    const auto again = pptp::parse(pptp::write(*parsed).octets());
    require(again.has_value() && *again == *parsed);
  }
  Host host;
  Input input(octets);
  const std::size_t cut = 1 + input.u8();
  while (!input.empty() && !host.ended()) {
    host.begin();
    for (const std::uint8_t octet :
         input.octets(cut)) {  // octet by octet here, all at once below: the same stream
      host.begin();
      host.connection().on_bytes(wire::Bytes(&octet, 1));
    }
  }
}

void fuzz_pptp_order(wire::Bytes octets) {
  Host host;
  Input input(octets);
  const std::uint8_t policy = input.u8();
  if (policy % 2 != 0) {
    host.several_calls();
  }
  if ((policy & 2) != 0) {
    host.allow_incoming();
  }
  for (int events = 0; !input.empty() && events < 200; ++events) {
    host.begin();
    const std::uint8_t event = input.u8();
    if (event < 192) {
      host.connection().on_bytes(pptp::write(message(event, input)).octets());
      continue;
    }
    switch (event % 8) {
      case 0:
        host.advance(std::chrono::milliseconds(input.u16()));
        break;
      case 1:
        host.end_call(input.u8());
        break;
      case 2:
        if (PptpCall* call = host.some_call(input.u8())) {
          host.connection().on_lcp_opened(*call);
        }
        break;
      case 3:
        host.refuse(input.u8() % 2 != 0);
        break;
      case 6:
        host.later(input.u8() % 2 != 0);
        host.serve_waiting();
        break;
      case 4:
        host.connection().stop(EndReason::kShutdown, "the fuzzer stops");
        break;
      case 5:
        host.connection().on_closed(EndReason::kPeerClosed, "the fuzzer closes");
        break;
      default:
        host.connection().on_bytes(input.octets(input.u8() % 32));
        break;
    }
  }
}

}  // namespace adit::fuzz
