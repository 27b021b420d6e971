// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/aditd/config/section.hpp"
#include "app/config_values.hpp"

namespace adit::app {
namespace {

using control::MppcPolicy;
using control::MppePolicy;
using control::StatefulPolicy;
using namespace std::chrono_literals;

const NumberKind<std::uint16_t> kMtu{128, 1500};
const NumberKind<std::uint32_t> kRetries{1, 255};
const NumberKind<std::uint32_t> kMebibytes{1, 65'536};

}  // namespace

Section ppp_section() {
  return {
      .name = "ppp",
      .help = "Links (RFC 1661).",
      .keys = {
          ADIT_KEY(
              kNewCalls, "mru", "", control.ppp.mru, kMtu,
              "Our MRU, asked of the client. 1,436 leaves room for IP, GRE, PPP and MPPE in 1,500 octets."),
          ADIT_KEY(kNewCalls, "mtu", "", control.ppp.mtu, kMtu,
                   "The largest IP packet that we send to a client, however large its MRU."),
          ADIT_KEY(kNewCalls, "min-mtu", "", control.ppp.min_mtu, kMtu,
                   "The smallest MRU of a client that we agree to."),
          ADIT_KEY(kNewCalls, "accomp", "", control.ppp.accomp, kAllowDeny,
                   "Offer Address-and-Control-Field-Compression: \"allow\" or \"deny\"."),
          ADIT_KEY(kNewCalls, "pcomp", "", control.ppp.pcomp, kAllowDeny,
                   "Offer Protocol-Field-Compression: \"allow\" or \"deny\"."),
          ADIT_KEY(kNewCalls, "mppe", "", control.ppp.mppe,
                   (ChoiceKind<MppePolicy>{{{"deny", MppePolicy::kDeny},
                                            {"allow", MppePolicy::kAllow},
                                            {"prefer", MppePolicy::kPrefer},
                                            {"require", MppePolicy::kRequire}}}),
                   "Encryption (MPPE): \"deny\" refuses it, \"allow\" lets the client ask, \"prefer\" asks "
                   "for it, "
                   "\"require\"\n"
                   "passes no IP without. It needs an MS-CHAP method below."),
          ADIT_KEY(
              kNewCalls, "mppe-key-lengths", "", control.ppp.mppe_key_lengths,
              (ListKind<KeyLengthKind>{{}, "write [128]"}),
              "Bits of its keys that may be agreed on: 40, 56, 128. The longest that the client supports is "
              "used.\n"
              "128 bits of MPPE are weak; 40 and 56 are weaker still, and fall to a brute-force search."),
          ADIT_KEY(kNextStart, "mppe-stateful", "", control.ppp.mppe_stateful,
                   (ChoiceKind<StatefulPolicy>{{{"deny", StatefulPolicy::kDeny},
                                                {"allow", StatefulPolicy::kAllow},
                                                {"prefer", StatefulPolicy::kPrefer}}}),
                   "Stateful mode, one key per 256 packets: \"deny\" refuses it, "
                   "\"allow\" takes "
                   "it when the client\n"
                   "insists, \"prefer\" asks for it (pppd hangs up then, unless it has mppe-stateful). A "
                   "lost packet costs a round\ntrip of others, and RFC 3078 advises against it over the "
                   "Internet. Needs some 600 octets a "
                   "session more."),
          ADIT_KEY(
              kNextStart, "mppc", "", control.ppp.mppc,
              (ChoiceKind<MppcPolicy>{{{"deny", MppcPolicy::kDeny},
                                       {"stateless", MppcPolicy::kStateless},
                                       {"allow", MppcPolicy::kAllow}}}),
              "Compression (MPPC), with MPPE or without: \"deny\" refuses it, \"stateless\" asks for it, "
              "each packet by\nitself, \"allow\" also takes it over packets when the client insists: a lost "
              "packet then costs a round trip of\nothers. Compressed before they are encrypted, packets "
              "tell by their lengths what is in them: who can put text\nof his own beside a secret can guess "
              "it (CRIME). And what TLS has encrypted does not shrink."),
          ADIT_KEY(
              kNextStart, "mppc-memory", "", mppc_memory_mib, kMebibytes,
              "MiB for what \"allow\" remembers, 25 KB a session that uses it; where it is used up, others "
              "are compressed\npacket by packet. Taken at start, and only with \"allow\"."),
          ADIT_KEY(kNewCalls, "timeout", "", control.ppp.timeout, (DurationKind{100ms, 1min}),
                   "Before a request is repeated (RFC 1661's restart timer); the first repeats come after "
                   "0.3, 0.6, 1.2 "
                   "and 2.4 s."),
          ADIT_KEY(kNewCalls, "max-configure", "", control.ppp.max_configure, kRetries,
                   "Configure-Requests without an answer."),
          ADIT_KEY(kNewCalls, "max-failure", "", control.ppp.max_failure, kRetries,
                   "Configure-Naks before we reject instead."),
          ADIT_KEY(kNewCalls, "max-terminate", "", control.ppp.max_terminate, kRetries,
                   "Terminate-Requests without an answer."),
          ADIT_KEY(kNewCalls, "lcp-echo-interval", "", control.ppp.lcp_echo_interval, (DurationKind{0s, 24h}),
                   "Silence on a link before an LCP Echo-Request. 0: none are sent, dead links stay."),
          ADIT_KEY(kNewCalls, "lcp-echo-failure", "", control.ppp.lcp_echo_failure, kRetries,
                   "Unanswered ones in a row that end the call."),
          ADIT_KEY(kNewCalls, "lcp-timeout", "", control.ppp.lcp_timeout, (DurationKind{1s, 1h}),
                   "From the start of the call until LCP is open."),
          ADIT_KEY(kNewCalls, "setup-timeout", "", control.ppp.setup_timeout, (DurationKind{1s, 1h}),
                   "From the start of the call until IP is up."),
      }};
}

void check_mppe(const Config& config, const Places& places, Problems& problems) {
  if (!places.usable("ppp.mppe-key-lengths") || !places.usable("ppp")) {
    return;
  }
  const auto& lengths = config.control.ppp.mppe_key_lengths;
  const toml::source_position at = position(places, "ppp.mppe-key-lengths");
  if (lengths.empty()) {
    problems.error(at, "ppp.mppe-key-lengths", "[]", "is empty", "write [128], or set mppe = \"deny\"");
  }
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const auto end = lengths.begin() + static_cast<std::ptrdiff_t>(i);
    if (std::find(lengths.begin(), end, lengths[i]) != end) {
      problems.error(element_position(places, "ppp.mppe-key-lengths", i), "ppp.mppe-key-lengths",
                     KeyLengthKind().show(lengths[i]), "is there twice", "list each length once");
    }
  }
  if (std::any_of(lengths.begin(), lengths.end(),
                  [](contract::MppeStrength length) { return length != contract::MppeStrength::k128; })) {
    problems.warning(at, "ppp.mppe-key-lengths", "",
                     "keys of 40 and 56 bits fall to a search through all of them",
                     "keep to [128] if clients can");
  }
}

void check_mppc(const Config& config, const Places& places, Problems& problems) {
  const auto& ppp = config.control.ppp;
  if (ppp.mppc != MppcPolicy::kDeny && ppp.mppe != MppePolicy::kDeny && places.usable("ppp.mppc")) {
    problems.warning(
        position(places, "ppp.mppc"), "ppp.mppc", "",
        "packets that are compressed before they are encrypted tell by their lengths what is in them",
        "leave it at \"deny\" unless a slow line needs it");
  }
}

void check_mtu(const Config& config, const Places& places, Problems& problems) {
  const auto& ppp = config.control.ppp;
  for (const auto& [key, value] : {std::pair("ppp.mtu", ppp.mtu), std::pair("ppp.mru", ppp.mru)}) {
    if (ppp.min_mtu > value && places.usable("ppp.min-mtu") && places.usable(key)) {
      const bool is_set = places.find("ppp.min-mtu") != nullptr;
      problems.error(
          position(places, is_set ? "ppp.min-mtu" : key), "ppp.min-mtu", std::to_string(ppp.min_mtu),
          "is more than " + std::string(key) + " = " + std::to_string(value), "lower it to that or less");
    }
  }
}

}  // namespace adit::app
