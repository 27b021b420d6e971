// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/operator/story_text.hpp"

#include <fmt/core.h>

#include "app/escape.hpp"
#include "controlplane/auth/authenticator.hpp"
#include "controlplane/ppp/lcp.hpp"
#include "dataplane/wire/ccp.hpp"

namespace adit::app {
namespace {

using control::CallStory;
using control::EndReason;
using control::Gate;
using control::LinkStory;
using control::NegotiationStory;
using control::StoryRow;
using wire::to_string;

bool has_ended(const StoryRow& row) {
  return row.reason != EndReason::kNone;
}

/// "MPPE 40/128 stateless and MPPC"; "no MPPE"; "MPPC stateless".
std::string mppe_text(std::uint32_t bits) {
  namespace is = wire::mppe_bits;
  std::string lengths;
  for (const auto& [bit, length] :
       {std::pair(is::k40, "40"), std::pair(is::k56, "56"), std::pair(is::k128, "128")}) {
    if ((bits & bit) != 0) {
      lengths += (lengths.empty() ? "" : "/") + std::string(length);
    }
  }
  const std::string mode = (bits & is::kStateless) != 0 ? " stateless" : " stateful";
  const bool compressed = (bits & is::kMppc) != 0;
  if (lengths.empty()) {
    return compressed ? "MPPC" + mode : "no MPPE";
  }
  return "MPPE " + lengths + mode + (compressed ? " and MPPC" : "");
}

std::string gre_text(const StoryRow& row) {
  const std::string peer = to_string(row.peer);
  if (row.story.passed(Gate::kGre)) {
    return "its first packet";
  }
  if (row.story.gre_dropped) {
    return "it came from " + peer + ", and all of it was dropped";
  }
  return "none from " + peer +
         (row.story.gre_from_elsewhere.is_none()
              ? ""
              : ", but some for this call from " + to_string(row.story.gre_from_elsewhere));
}

/// "; refused it multilink, callback"
std::string refusals_text(const LinkStory& link) {
  std::string text;
  for (const auto& [refused, what] :
       {std::pair(link.refused_multilink, "multilink"), std::pair(link.refused_callback, "callback"),
        std::pair(link.refused_quality, "quality reports")}) {
    if (refused) {
      text += (text.empty() ? "; refused it " : ", ") + std::string(what);
    }
  }
  return text;
}

std::string lcp_text(const StoryRow& row) {
  const LinkStory& link = row.story.link();
  const std::string mru = link.peer_mru == 0 ? "" : fmt::format("; it asked for MRU {}", link.peer_mru);
  const std::string offered = link.offered == 0 ? "" : "; offered " + offered_methods(link);
  if (row.story.passed(Gate::kLcp)) {
    return "open" + mru + offered +
           (wanted_method(link).empty() ? "" : ", it wanted " + wanted_method(link)) + refusals_text(link);
  }
  const std::string wanted = link.peer_rejects_authentication ? ", it rejects authentication"
                             : wanted_method(link).empty()    ? ""
                                                              : ", it wants " + wanted_method(link);
  return exchange_text(link.lcp) + offered + wanted + refusals_text(link);
}

/// What the exchange of EAP has come to without a verdict.
std::string eap_text(const LinkStory& link) {
  if (!link.eap_identified) {
    return "the client did not answer EAP's Identity";
  }
  if (link.eap_offered == wire::EapType{}) {
    return "EAP: it named itself, and no method was offered";
  }
  std::string text = "EAP: it named itself; offered " + std::string(wire::to_text(link.eap_offered));
  if (link.eap_naks != 0) {
    text += ", it refuses, and wants " + (link.eap_wanted == wire::EapType{}
                                              ? "none"
                                              : fmt::format("{} ({})", wire::to_text(link.eap_wanted),
                                                            static_cast<unsigned>(link.eap_wanted)));
  } else {
    text += ", " + times(link.proofs, "response");
  }
  return text;
}

std::string login_text(const StoryRow& row) {
  const std::string user = user_of(row);
  const std::string who = (user.empty() ? "no name" : user) + " by " + std::string(row.session.tried_method);
  const std::string judge = row.story.judge().empty() ? "aditd" : escape_text(row.story.judge());
  switch (row.story.verdict()) {
    case CallStory::Verdict::kNone:
      if (row.story.link().last_offered == control::AuthMethod::kEap && row.story.link().challenges != 0) {
        return eap_text(row.story.link());
      }
      return row.story.link().proofs == 0 ? "no name and no proof came" : who + ", a malformed proof";
    case CallStory::Verdict::kAsked:
      return who + (has_ended(row) ? ", no verdict came" : ", the verdict has yet to come");
    case CallStory::Verdict::kAccepted:
      return who + ", accepted by " + judge;
    case CallStory::Verdict::kRejected:
      return who + ", rejected by " + judge;
    case CallStory::Verdict::kUnavailable:
      return who + ", nobody answered";
    case CallStory::Verdict::kUnusable:
      return who + ", " + judge + " said neither yes nor no";
  }
  return who;
}

std::string ccp_text(const StoryRow& row) {
  const LinkStory& link = row.story.link();
  if (row.story.passed(Gate::kCcp)) {
    const std::uint32_t one_way = (link.mppe_asked ^ link.peer_mppe_asked) & wire::mppe_bits::kMppc;
    return "open; " + mppe_text(link.mppe_asked & link.peer_mppe_asked) +
           (one_way == 0                       ? ""
            : (link.mppe_asked & one_way) != 0 ? ", MPPC from the client alone"
                                               : ", MPPC to the client alone");
  }
  if (link.ccp.asked == 0 && !link.ccp.heard()) {
    return "not negotiated";
  }
  std::string text = "asked for " + mppe_text(link.mppe_asked) + ": " + exchange_text(link.ccp);
  if (link.ccp.peer_asked != 0) {
    text += "; it asked for " + mppe_text(link.peer_mppe_asked);
  }
  if (link.peer_rejects_mppe) {
    text += "; it rejects MPPE";
  } else if (link.peer_mppe_wanted != 0) {
    text += "; it wants " + mppe_text(link.peer_mppe_wanted);
  }
  return text + (link.ccp.terminated ? "; it terminated CCP" : "");
}

/// Where it ended is between login and CCP.
bool has_no_address(const StoryRow& row) {
  return row.reason == EndReason::kPoolEmpty || row.reason == EndReason::kPoolUnknown ||
         row.reason == EndReason::kAddressInUse;
}

std::string ipcp_text(const StoryRow& row) {
  const LinkStory& link = row.story.link();
  if (has_no_address(row)) {
    return "no address for it";
  }
  const std::string asked = link.ipcp.peer_asked == 0 ? ""
                            : link.peer_address_asked.is_none()
                                ? ", any asked for"
                                : ", " + to_string(link.peer_address_asked) + " asked for";
  const std::string mobile = link.refused_mobile ? "; refused it Mobile IP" : "";
  const std::string address = row.address.is_none() ? to_string(link.address_given) : to_string(row.address);
  if (row.story.passed(Gate::kIpcp)) {
    return "open; " + address + " given" + asked + mobile;
  }
  const bool returned = row.address.is_none() && row.story.passed(Gate::kIpv6cp);
  return exchange_text(link.ipcp) + (returned ? "; it does without" : "; " + address + " is its address") +
         asked + mobile;
}

std::string text_at(Gate gate, const StoryRow& row) {
  const bool passed = row.story.passed(gate);
  switch (gate) {
    case Gate::kTcp:
      return row.local.is_none() ? "accepted" : "accepted at " + to_string(row.local);
    case Gate::kStart:
      return passed ? "answered" : "no Start-Control-Connection-Request";
    case Gate::kCall:
      return !passed ? "no Outgoing-Call-Request"
             : row.session_id.empty()
                 ? fmt::format("refused; its call {}", row.peer_id.value)
                 : fmt::format("call {} here, {} there", row.local_id.value, row.peer_id.value) +
                       (row.story.origin == CallStory::Origin::kAskedFor  ? ""
                        : row.story.origin == CallStory::Origin::kRinging ? ", brought in, not connected"
                                                                          : ", brought in");
    case Gate::kGre:
      return gre_text(row);
    case Gate::kLcp:
      return lcp_text(row);
    case Gate::kAuthentication:
      return login_text(row);
    case Gate::kCcp:
      return ccp_text(row);
    case Gate::kIpcp:
      return ipcp_text(row);
    case Gate::kIpv6cp:
      return ipv6_text(row);
    case Gate::kEnd:
      break;
  }
  return std::string(to_text(row.reason)) + (row.session.why.empty() ? "" : ": " + why_of(row));
}

struct GateName {
  std::string_view name, title;
};
constexpr std::array<GateName, control::kGates> kNames{{{"tcp", "TCP"},
                                                        {"sccrq", "SCCRQ"},
                                                        {"ocrq", "OCRQ"},
                                                        {"gre", "GRE"},
                                                        {"lcp", "LCP"},
                                                        {"login", "login"},
                                                        {"ccp", "CCP"},
                                                        {"ipcp", "IPCP"},
                                                        {"ipv6cp", "IPv6CP"},
                                                        {"end", "end"}}};

/// A call without encryption skips CCP; one that has no address has not come so far.
bool skips_ccp(const StoryRow& row) {
  return !row.story.passed(Gate::kCcp) && row.reason != EndReason::kMppeRefused &&
         (row.story.ip_has_been_up() || row.story.link().ipcp.asked != 0 || has_no_address(row) ||
          (row.story.link().ccp.asked == 0 && row.story.passed(Gate::kAuthentication)));
}

/// IPv6CP comes and goes beside IPCP, and stops a call only where it is required; with it, IPCP stops none.
bool is_skipped(Gate gate, const StoryRow& row) {
  switch (gate) {
    case Gate::kCcp:
      return skips_ccp(row);
    case Gate::kIpcp:
      return !row.story.passed(gate) &&
             (row.reason == EndReason::kIpv6Failed || row.story.passed(Gate::kIpv6cp));
    case Gate::kIpv6cp:
      return !row.story.passed(gate) && row.story.ipv6.terms != control::Ipv6Story::Terms::kRequired;
    default:
      return false;
  }
}

GateText::State state_of(Gate gate, Gate stopped, const StoryRow& row) {
  if (gate == stopped) {
    return has_ended(row) ? GateText::State::kFailed : GateText::State::kWaiting;
  }
  const bool beside = gate == Gate::kIpv6cp || gate == Gate::kIpcp;
  return beside && !row.story.passed(gate) ? GateText::State::kWithout : GateText::State::kPassed;
}

GateText data_text(const StoryRow& row) {
  const auto packets = [](std::uint64_t count, std::string_view way, std::optional<control::Duration> first) {
    return fmt::format("{} packet{} {} the client", count, count == 1 ? "" : "s", way) +
           (first ? fmt::format(", the first at {:.3f} s", static_cast<double>(first->count()) / 1000) : "");
  };
  GateText data{"data", "data", GateText::State::kPassed};
  data.text = packets(row.totals.uplink_packets, "from", row.story.first_uplink()) + "; " +
              packets(row.totals.downlink_packets, "to", row.story.first_downlink()) +
              (row.totals.drops == 0 ? "" : ", " + std::to_string(row.totals.drops) + " dropped");
  return data;
}

}  // namespace

std::string_view to_text(GateText::State state) {
  switch (state) {
    case GateText::State::kPassed:
      return "passed";
    case GateText::State::kFailed:
      return "failed";
    case GateText::State::kWaiting:
      return "waiting";
    case GateText::State::kWithout:
      return "without";
    case GateText::State::kNotReached:
      break;
  }
  return "not_reached";
}

std::string times(unsigned count, std::string_view what) {
  return fmt::format("{}{} {}{}", count == 255 ? "more than " : "", count, what, count == 1 ? "" : "s");
}

std::string exchange_text(const NegotiationStory& story) {
  if (story.rejected) {
    return "the client does not speak the protocol";
  }
  if (!story.heard()) {
    return times(story.asked, "request") + " of ours, no answer, none of its own";
  }
  return times(story.asked, "request") + " of ours, " +
         (story.acknowledged ? "acknowledged"
          : story.refused    ? times(story.refused, "refusal")
                             : "no answer") +
         "; " +
         (story.peer_asked == 0 ? "none of its own"
                                : times(story.peer_asked, "request") + " of its own" +
                                      (story.acknowledges ? ", acknowledged" : ", none acknowledged"));
}

std::string offered_methods(const LinkStory& link) {
  std::string text;
  for (const control::AuthMethod method : control::kAuthMethods) {
    if ((link.offered >> static_cast<unsigned>(method) & 1) != 0) {
      text += (text.empty() ? "" : ", ") + std::string(control::to_text(method));
    }
  }
  return text;
}

std::string wanted_method(const LinkStory& link) {
  if (!link.peer_named_method) {
    return "";
  }
  for (const control::AuthMethod method : control::kAuthMethods) {
    if (control::on_the_wire(method) == link.peer_method) {
      return std::string(control::to_text(method));
    }
  }
  return fmt::format("protocol {:04x}", static_cast<unsigned>(link.peer_method.protocol));
}

std::string user_of(const StoryRow& row) {
  return escape_octets(row.session.user.empty() ? row.session.claimed : row.session.user);
}

std::string why_of(const StoryRow& row) {
  return escape_text(row.session.why);
}

Gate stopped_at(const StoryRow& row) {
  for (std::size_t gate = 0; gate < static_cast<std::size_t>(Gate::kEnd); ++gate) {
    if (!row.story.passed(Gate(gate)) && !is_skipped(Gate(gate), row)) {
      return Gate(gate);
    }
  }
  return Gate::kEnd;
}

std::vector<GateText> gates_of(const StoryRow& row) {
  std::vector<GateText> gates;
  const Gate stopped = stopped_at(row);
  for (std::size_t at = 0; at < static_cast<std::size_t>(Gate::kEnd); ++at) {
    const Gate gate{static_cast<std::uint8_t>(at)};
    if (gate == Gate::kIpv6cp && !tells_of_ipv6(row)) {
      continue;
    }
    GateText text{kNames[at].name, kNames[at].title};
    text.after = row.story.after(gate);
    if (gate <= stopped && !(gate == Gate::kCcp && has_no_address(row))) {
      text.text = text_at(gate, row);
      text.state = state_of(gate, stopped, row);
    }
    gates.push_back(std::move(text));
  }
  if (row.story.ip_has_been_up()) {
    gates.push_back(data_text(row));
  }
  if (has_ended(row)) {
    GateText end{"end", "end", GateText::State::kPassed};
    end.after = row.story.after(Gate::kEnd);
    end.text = text_at(Gate::kEnd, row);
    gates.push_back(std::move(end));
  }
  return gates;
}

}  // namespace adit::app
