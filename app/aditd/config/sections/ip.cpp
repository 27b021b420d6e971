// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using dataplane::CopyDscp;
using namespace std::chrono_literals;

}  // namespace

Section ip_section() {
  return {
      .name = "ip",
      .help = "Addresses.",
      .keys = {
          ADIT_KEY(kNextStart, "gw-ip-address", "\"10.64.0.1\"", control.ip.gateway, Ipv4Kind{},
                   "Our end of every link: the clients' gateway. Not an address of a pool."),
          ADIT_KEY(
              kNextStart, "copy-dscp", "", data_plane.policy.copy_dscp,
              (ChoiceKind<CopyDscp>{{{"off", {}},
                                     {"down", {.down = true}},
                                     {"up", {.up = true}},
                                     {"both", {.down = true, .up = true}}}}),
              "Copy a packet's DSCP into its tunnel header on the way to a client (\"down\"), out of it on "
              "the way\n"
              "from one (\"up\"), \"both\", or \"off\". ECN is never copied."),
          ADIT_KEY(kNextStart, "subscriber-to-subscriber", "", data_plane.policy.between_subscribers,
                   kAllowDeny,
                   "Packets from one client to another: \"allow\", without a detour, or \"deny\"."),
          ADIT_KEY(kNewCalls, "address-required", "", control.ip.address_required, BoolKind{},
                   "A client that does not take its address, though it has been told it ([ppp] max-configure "
                   "times), is ended\n"
                   "(address_refused), or has IPv6 alone. false: one that names no address at all is taken "
                   "to have it."),
          ADIT_KEY(kNextStart, "quarantine", "", control.ip.quarantine, (DurationKind{0s, 24h}),
                   "How long a call ID or an address rests before it is given out again, as long as there "
                   "are others."),
      }};
}

Section dns_section() {
  return {
      .name = "dns",
      .keys = {
          ADIT_KEY(kNewCalls, "dns1", "\"198.51.100.53\"", control.ip.dns1, Ipv4Kind{true},
                   "Given to clients that ask."),
          ADIT_KEY(kNewCalls, "dns2", "\"198.51.100.54\"", control.ip.dns2, Ipv4Kind{true}, "The second."),
      }};
}

Section wins_section() {
  return {
      .name = "wins",
      .keys = {
          ADIT_KEY(kNewCalls, "wins1", "", control.ip.wins1, Ipv4Kind{true}, "Given to clients that ask."),
          ADIT_KEY(kNewCalls, "wins2", "", control.ip.wins2, Ipv4Kind{true}, "The second."),
      }};
}

}  // namespace adit::app
