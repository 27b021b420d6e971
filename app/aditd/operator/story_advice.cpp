// SPDX-License-Identifier: Apache-2.0
// What one call's story says beyond its reason's own text (controlplane/base/end_reason.hpp).
#include <fmt/core.h>

#include "app/aditd/operator/story_text.hpp"
#include "app/escape.hpp"

namespace adit::app {
namespace {

using control::AuthRejected;
using control::EndReason;
using control::Gate;
using control::LinkStory;
using control::StoryRow;
using wire::to_string;

/// Nothing came by GRE.
Advice on_silence(const StoryRow& row) {
  const std::string peer = to_string(row.peer);
  if (!row.story.gre_from_elsewhere.is_none()) {
    return {"no GRE from " + peer + ", but some for this call from " +
                to_string(row.story.gre_from_elsewhere) +
                ": the client's TCP and its GRE come from two addresses, or somebody forges a packet",
            "have the NAT or the router before the client give both one address"};
  }
  if (row.story.gre_dropped) {
    return {"GRE came from " + peer + ", and all of it was dropped",
            "adit show drops names the reason, and adit explain REASON what to do"};
  }
  return {"no GRE from " + peer + ": a firewall on the way?",
          std::string(describe(EndReason::kNoGre).remedy)};
}

Advice on_failed_login(const StoryRow& row) {
  const std::string user = user_of(row);
  const std::string judge = escape_text(row.story.judge());
  if (row.story.fault() == AuthRejected::Fault::kNone) {
    return {user + " may not log in now: " + why_of(row),
            "wait, or lift the limit that is named; adit show sessions and adit show admission tell who has "
            "what"};
  }
  if (judge.starts_with("RADIUS")) {
    std::string said = why_of(row);
    if (const std::string prefix = judge + " rejects"; said.starts_with(prefix)) {
      said.erase(0, prefix.size());
    }
    return {judge + " rejected " + user + said,
            "see that server's log for " + user + "; adit test radius tries a login by hand"};
  }
  if (row.story.fault() == AuthRejected::Fault::kUnknownUser) {
    return {judge + " has no user " + user,
            "correct the name at the client, or add it to " + judge + ", and adit reload"};
  }
  return {judge + " rejected " + user + ": " + why_of(row),
          "correct the password at the client, or in " + judge + ", and adit reload"};
}

Advice on_refused_methods(const StoryRow& row) {
  const LinkStory& link = row.story.link();
  const std::string offered = offered_methods(link), wanted = wanted_method(link);
  if (wanted.empty()) {
    return {"the client refuses to authenticate by " + offered, "allow " + offered + " at the client"};
  }
  const bool known = link.peer_method.protocol == wire::PppProtocol::kPap || wanted.starts_with("mschap") ||
                     wanted.starts_with("chap") || wanted == "eap";
  return {"the client refuses " + offered + ", and wants " + wanted,
          "allow " + offered + " at the client" + (known ? ", or add " + wanted + " to [auth] methods" : "")};
}

/// What the client did at CCP, which is the cause where encryption is required.
std::string said_of_ccp(const StoryRow& row) {
  const LinkStory& link = row.story.link();
  return link.ccp.rejected                          ? "does not speak CCP"
         : !link.ccp.heard() && link.ccp.asked != 0 ? "did not answer CCP"
         : link.ccp.terminated                      ? "terminated CCP"
         : link.peer_rejects_mppe                   ? "rejected it"
                                                    : "";
}

/// Its address; without one, its prefix.
std::string has_of(const StoryRow& row) {
  const auto& link = row.leases6[static_cast<std::size_t>(control::Ipv6Use::kLink)];
  return row.address.is_none() && link ? to_string(*link) : to_string(row.address);
}

/// Not ended: where it stands.
Advice on_a_living_one(const StoryRow& row) {
  switch (stopped_at(row)) {
    case Gate::kStart:
    case Gate::kCall:
      return {"the client has yet to ask for a call", std::string(describe(EndReason::kStartTimeout).remedy)};
    case Gate::kGre:
      return on_silence(row);
    case Gate::kLcp:
      return {"LCP has yet to open", std::string(describe(EndReason::kLcpTimeout).remedy)};
    case Gate::kAuthentication:
      return {"the login has yet to be decided", std::string(describe(EndReason::kAuthTimeout).remedy)};
    case Gate::kCcp:
    case Gate::kIpcp:
    case Gate::kIpv6cp:
      return {"logged in, and IP has yet to come up",
              std::string(describe(EndReason::kNetworkTimeout).remedy)};
    default:
      break;
  }
  if (row.totals.uplink_packets == 0) {
    return {"up, and no packet has come from the client",
            "see the client's routes and firewall; adit show drops tells whether its packets are dropped"};
  }
  if (row.totals.downlink_packets == 0) {
    return {"up, and no packet has gone to the client",
            "see that the network behind has a route to " + has_of(row)};
  }
  return {"up, with packets both ways", "none is needed"};
}

}  // namespace

Advice advice_of(const StoryRow& row) {
  if (row.reason == EndReason::kNone) {
    return on_a_living_one(row);
  }
  const bool silent = !row.session_id.empty() && !row.story.passed(Gate::kGre) &&
                      row.story.origin != control::CallStory::Origin::kRinging;
  if (row.reason == EndReason::kNoGre ||
      (silent && (row.reason == EndReason::kUserRequest || row.reason == EndReason::kPeerClosed ||
                  row.reason == EndReason::kSetupTimeout))) {
    return on_silence(row);
  }
  if (row.reason == EndReason::kAuthFailed && row.story.verdict() == control::CallStory::Verdict::kRejected) {
    return on_failed_login(row);
  }
  if (row.reason == EndReason::kAuthRefused && row.story.link().offered != 0) {
    return on_refused_methods(row);
  }
  const control::EndReasonText& text = describe(row.reason);
  if (row.reason == EndReason::kMppeRefused && !said_of_ccp(row).empty()) {
    return {"encryption is required, and the client " + said_of_ccp(row), std::string(text.remedy)};
  }
  return {std::string(text.cause) + (row.session.why.empty() ? "" : ": " + why_of(row)),
          std::string(text.remedy)};
}

}  // namespace adit::app
