// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/section.hpp"

namespace adit::app {

Section mss_section() {
  return {.name = "mss",
          .keys = {
              ADIT_KEY(kNextStart, "clamp", "", data_plane.policy.clamp_mss, BoolKind{},
                       "Lower the MSS option of TCP SYNs, both ways, to what fits a tunnel."),
          }};
}

Section routes_section() {
  return {.name = "routes",
          .help = "What routing daemons on this machine learn of subscribers.",
          .keys = {
              ADIT_KEY(kNextStart, "announce", "", announce,
                       (ChoiceKind<Announce>{{{"off", Announce::kOff},
                                              {"pools", Announce::kPools},
                                              {"subscribers", Announce::kSubscribers}}}),
                       "Blackhole routes of protocol 77 in the kernel's table, for BIRD or FRR to learn and "
                       "announce:\n"
                       "\"pools\" one a pool range, as long as aditd runs; \"subscribers\" one a subscriber, "
                       "as long as "
                       "it is up."),
          }};
}

Section shaper_section() {
  return {.name = "shaper",
          .help = "Rate limits of calls, changed in place by `adit shaper`.",
          .keys = {
              ADIT_KEY(kNewCalls, "rate", "", control.rate, KbitKind{},
                       "Rate limit of users that have none of their own (fifth column of chap-secrets), in "
                       "kbit/s of IP:\n"
                       "10240 for both directions, \"10240/2048\" for down and up. \"\": none."),
              ADIT_KEY(kNextStart, "down-burst-factor", "", data_plane.policy.burst.down_ms,
                       (FactorKind{10, 10'000}),
                       "What may pass at once after a pause: the rate times this, in seconds (accel-ppp: the "
                       "same), and\n"
                       "at least ten packets. TCP fills the rate at round trips up to it."),
              ADIT_KEY(kNextStart, "up-burst-factor", "", data_plane.policy.burst.up_ms,
                       (FactorKind{10, 10'000}), "The same, from clients."),
          }};
}

}  // namespace adit::app
