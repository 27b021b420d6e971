// SPDX-License-Identifier: Apache-2.0
// The story of one call, gate by gate, for `adit explain`: when it passed which, what each side asked and got. It is part of
// the call's record, of a fixed size, and decides nothing. Names and the cause in words are the session's (SessionStatus).
// Thread: control. Owner: the call's record; once ended, StoryBook.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/auth/auth_backend.hpp"
#include "controlplane/base/end_reason.hpp"
#include "controlplane/base/timer_wheel.hpp"
#include "controlplane/ppp/link_story.hpp"
#include "controlplane/ppp/session.hpp"
#include "dataplane/contract/messages.hpp"
#include "dataplane/wire/ids.hpp"

namespace adit::control {

/// In the order in which a dial passes them.
enum class Gate : std::uint8_t {
  kTcp,
  kStart,
  kCall,
  kGre,
  kLcp,
  kAuthentication,
  kCcp,
  kIpcp,
  kIpv6cp,
  kEnd
};
inline constexpr std::size_t kGates = static_cast<std::size_t>(Gate::kEnd) + 1;

/// What became of a call's IPv6 besides IPv6CP's own negotiation. Most calls do without, and go on.
struct Ipv6Story {
  enum class Terms : std::uint8_t {
    kUnknown,       ///< nobody has logged in
    kDenied,        ///< to all: [ipv6] mode
    kDeniedToUser,  ///< by the user's own terms
    kAllowed,       ///< the client may open it
    kPreferred,
    kRequired,
  };
  /// Why a lease was refused, by Ipv6Use; kNone: it was not, or nobody asked.
  std::array<EndReason, 3> refused{};
  Terms terms = Terms::kUnknown;
  std::uint16_t room = 0;           ///< octets of a packet, too few for IPv6; 0: there are enough
  std::uint8_t advertisements = 0;  ///< of the router, sent; stops at 255
  bool took_address = false;        ///< the client, by DHCPv6
  bool took_delegated = false;
};

struct CarriedStory;

class CallStory {
 public:
  /// How the call came about; kRinging: brought in, and not connected yet.
  enum class Origin : std::uint8_t { kAskedFor, kRinging, kBroughtIn };
  enum class Verdict : std::uint8_t { kNone, kAsked, kAccepted, kRejected, kUnavailable, kUnusable };

  /// Of a call of a connection that was accepted at `begun`.
  explicit CallStory(Instant begun) : begun_(begun) {
    after_.fill(kNever);
    pass(Gate::kTcp, begun);
  }

  /// Only the first time counts.
  void pass(Gate gate, Instant now) {
    std::uint32_t& after = after_[static_cast<std::size_t>(gate)];
    after = std::min(after, milliseconds(now - begun_));
  }
  [[nodiscard]] bool passed(Gate gate) const { return after(gate).has_value(); }
  /// Of either family.
  [[nodiscard]] bool ip_has_been_up() const { return passed(Gate::kIpcp) || passed(Gate::kIpv6cp); }
  /// Since TCP's accept.
  [[nodiscard]] std::optional<Duration> after(Gate gate) const {
    return since_accept(after_[static_cast<std::size_t>(gate)]);
  }
  [[nodiscard]] Instant begun() const { return begun_; }
  [[nodiscard]] CarriedStory carried() const;
  /// The story of a call of another process: when it passed its gates, and nothing of what was said there.
  void adopt(const CarriedStory& from);

  // Frames of the dial, and of the second NCP until it is open; of what is negotiated anew after it the story does not tell.
  void received(wire::Bytes frame, Instant now);
  void sent(wire::Bytes frame, Instant now);

  /// One IPv6 packet of ours.
  void sent_ipv6(wire::Bytes packet);

  void login_asked() { verdict_ = Verdict::kAsked; }
  /// What was asked was no proof; the next one is.
  void login_withdrawn() { verdict_ = Verdict::kNone; }
  void login_judged(const AuthVerdict& verdict, Instant now);

  void carried(const contract::FirstPackets& first, Instant now);
  /// The first packet of the subscriber's, and to it, since TCP's accept.
  [[nodiscard]] std::optional<Duration> first_uplink() const { return since_accept(first_uplink_); }
  [[nodiscard]] std::optional<Duration> first_downlink() const { return since_accept(first_downlink_); }

  [[nodiscard]] const LinkStory& link() const { return link_; }
  [[nodiscard]] Verdict verdict() const { return verdict_; }
  [[nodiscard]] AuthRejected::Fault fault() const { return fault_; }
  /// "chap-secrets", "RADIUS server aaa1"; cut to 40 octets.
  [[nodiscard]] std::string_view judge() const { return judge_.data(); }

  Ipv6Story ipv6;
  bool gre_dropped = false;  ///< it came from the call's peer, and all of it was dropped
  Origin origin = Origin::kAskedFor;
  wire::Ipv4Address gre_from_elsewhere;  ///< GRE for this call came from there, and none from its peer

 private:
  static constexpr std::uint32_t kNever = 0xFFFF'FFFF;
  static std::uint32_t milliseconds(Duration since_accept) {
    return std::min(kNever - 1, static_cast<std::uint32_t>(since_accept.count()));
  }
  static std::optional<Duration> since_accept(std::uint32_t milliseconds) {
    return milliseconds == kNever ? std::nullopt : std::optional(Duration{milliseconds});
  }
  /// Whether the story tells of the frame, the protocol first.
  [[nodiscard]] bool tells_of(wire::Bytes frame) const {
    return !ip_has_been_up() || (!passed(Gate::kIpcp) && LinkStory::is_of(wire::PppProtocol::kIpcp, frame)) ||
           (!passed(Gate::kIpv6cp) && LinkStory::is_of(wire::PppProtocol::kIpv6cp, frame));
  }
  void pass_agreed(Instant now);

  Instant begun_;
  std::array<std::uint32_t, kGates> after_;  // milliseconds
  std::uint32_t first_uplink_ = kNever, first_downlink_ = kNever;
  LinkStory link_;
  Verdict verdict_ = Verdict::kNone;
  AuthRejected::Fault fault_ = AuthRejected::Fault::kNone;
  std::array<char, 41> judge_{};
};
static_assert(sizeof(CallStory) <= 256);

/// The story of a call, or of a connection or request that came to none, with all that is told beside it.
struct StoryRow {
  CallStory story;
  Duration age{0};           ///< since TCP's accept
  std::string session_id{};  ///< empty: there was no call
  wire::Ipv4Address peer{}, local{};
  wire::Ipv4Address address{};  ///< the subscriber's; none: it has got none
  /// Leased for it, by Ipv6Use.
  std::array<std::optional<wire::Ipv6Prefix>, 3> leases6{};
  wire::LocalCallId local_id{};
  wire::PeerCallId peer_id{};
  SessionStatus session{};              ///< user, claimed, tried_method, mppe and why count
  EndReason reason = EndReason::kNone;  ///< kNone: it goes on
  contract::CallTotals totals{};
  bool logged_in = false;
};

/// Whose stories are asked for.
struct StorySelector {
  enum class By : std::uint8_t {
    kAny,  ///< whatever it is: a session ID, an address of either kind, a user's name
    kUsername,
    kSessionId,
    kIp,    ///< the subscriber's address
    kPeer,  ///< the client's
  };
  By by = By::kAny;
  std::string value;
};
/// As many are told at once, the newest first.
inline constexpr std::size_t kStoriesTold = 8;
/// Of ended calls, of each of StoryBook's three kinds.
inline constexpr std::size_t kStoriesKept = 2'048;

}  // namespace adit::control
