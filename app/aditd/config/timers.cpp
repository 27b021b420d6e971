// SPDX-License-Identifier: Apache-2.0
// Deadlines that run beside each other: where the longer one of a pair is not longer, it cuts the other off, and that
// is no use to anybody.
#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using control::Duration;

struct TimerPair {
  const char* shorter;
  Duration (*shorter_of)(const Config&);
  const char* longer;
  Duration (*longer_of)(const Config&);
  std::string_view else_what;  ///< happens if it is not
};

#define ADIT_TIMER(field) [](const Config& c) { return c.control.field; }
constexpr TimerPair kPairs[] = {
    {"auth.timeout", ADIT_TIMER(auth.timeout), "ppp.setup-timeout", ADIT_TIMER(ppp.setup_timeout),
     "calls end before their verdict is due"},
    {"auth.timeout", ADIT_TIMER(auth.timeout), "pptp.login-timeout", ADIT_TIMER(pptp.login_timeout),
     "connections end before their verdict is due"},
    {"ppp.lcp-timeout", ADIT_TIMER(ppp.lcp_timeout), "ppp.setup-timeout", ADIT_TIMER(ppp.setup_timeout),
     "a slow LCP leaves no time to log in"},
    {"ppp.timeout", ADIT_TIMER(ppp.timeout), "ppp.lcp-timeout", ADIT_TIMER(ppp.lcp_timeout),
     "no Configure-Request is repeated"},
    {"pptp.start-timeout", ADIT_TIMER(pptp.start_timeout), "pptp.login-timeout",
     ADIT_TIMER(pptp.login_timeout), "a slow client has no time to log in"},
    {"pptp.call-timeout", ADIT_TIMER(pptp.call_timeout), "pptp.login-timeout", ADIT_TIMER(pptp.login_timeout),
     "a slow client has no time to log in"},
};
#undef ADIT_TIMER

/// The problem is the one that the file sets, the shorter one if it sets both.
void tell(const TimerPair& pair, const Config& config, const Places& places, Problems& problems) {
  const bool at_shorter = places.find(pair.shorter) != nullptr || places.find(pair.longer) == nullptr;
  const char* key = at_shorter ? pair.shorter : pair.longer;
  const char* other = at_shorter ? pair.longer : pair.shorter;
  const Duration value = at_shorter ? pair.shorter_of(config) : pair.longer_of(config);
  const Duration limit = at_shorter ? pair.longer_of(config) : pair.shorter_of(config);
  problems.warning(
      position(places, key), key, in_quotes(show_duration(value)),
      std::string(at_shorter ? "is not less than " : "is not more than ") + other + " = " +
          show_duration(limit) + ": " + std::string(pair.else_what),
      at_shorter ? "lower it, or raise " + std::string(other) : "raise it, or lower " + std::string(other));
}

}  // namespace

void check_timers(const Config& config, const Places& places, Problems& problems) {
  for (const TimerPair& pair : kPairs) {
    if (places.usable(pair.shorter) && places.usable(pair.longer) &&
        pair.shorter_of(config) >= pair.longer_of(config)) {
      tell(pair, config, places, problems);
    }
  }
}

}  // namespace adit::app
