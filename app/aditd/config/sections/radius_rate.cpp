// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

using control::radius::RateDirection;
using control::radius::RateForm;

}  // namespace

Section radius_rate_section() {
  return {
      .name = "radius-rate",
      .help =
          "Attributes of an Access-Accept that have rate limits, a table each: the first one that is there "
          "counts.\n"
          "Numbers (\"kbit\", \"bit\") that follow each other in this list are one rate: the first that says "
          "a "
          "direction wins,\n"
          "and one that none says has no limit. Without any table: Mikrotik-Rate-Limit, "
          "WISPr-Bandwidth-Max-Up "
          "and\n"
          "WISPr-Bandwidth-Max-Down, Cisco-AVPair, Filter-Id.",
      .optional = true,
      .tables = ADIT_TABLES(radius_rates),
      .keys = {
          ADIT_KEY(kNow, "attribute", "\"WISPr-Bandwidth-Max-Down\"", radius_rates.back().attribute,
                   (TextKind{1, 128}), "Its name in a dictionary."),
          ADIT_KEY(
              kNow, "form", "\"bit\"", radius_rates.back().form,
              (ChoiceKind<RateForm>{{{"mikrotik", RateForm::kMikrotikText},
                                     {"cisco", RateForm::kCiscoAvPair},
                                     {"filter-id", RateForm::kFilterId},
                                     {"kbit", RateForm::kKbit},
                                     {"bit", RateForm::kBit}}}),
              "How the rate is written. Texts: \"mikrotik\" \"2M/10M\", up then down; \"cisco\" "
              "\"lcp:interface-config=rate-limit\n"
              "output 10000000 ...\"; \"filter-id\" \"10240/2048\", kbit/s down then up, other texts say "
              "nothing. "
              "Numbers, or text of\n"
              "digits: \"kbit\" or \"bit\" a second."),
          ADIT_KEY(kNow, "direction", "\"down\"", radius_rates.back().direction,
                   (ChoiceKind<RateDirection>{{{"down", RateDirection::kDown},
                                               {"up", RateDirection::kUp},
                                               {"both", RateDirection::kBoth}}}),
                   "With \"kbit\" and \"bit\": \"down\" to the client, \"up\" from it, or \"both\"."),
      }};
}

}  // namespace adit::app
