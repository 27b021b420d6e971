// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/aditd/config/section.hpp"
#include "controlplane/ipv6/ipv6_link_host.hpp"

namespace adit::app {
namespace {

using control::Ipv6Policy;
using control::Ipv6PoolSettings;
using control::Ipv6Use;
using namespace std::chrono_literals;

constexpr std::size_t kMostServers = 4;  // so that an advertisement has room for them
constexpr std::uint8_t kLinkLength = 64, kAddressLength = 128, kDelegatedLength = 56;
constexpr std::uint8_t kShortestDelegated = 48;

constexpr std::uint8_t length_for(Ipv6Use use) {
  return use == Ipv6Use::kLink ? kLinkLength : use == Ipv6Use::kAddress ? kAddressLength : kDelegatedLength;
}

void complete_lengths(Config& config) {
  for (Ipv6PoolSettings& pool : config.control.ipv6.pools) {
    pool.length = pool.length == 0 ? length_for(pool.use) : pool.length;
  }
}

void check_lengths(const Ipv6PoolSettings& pool, const std::string& place, const Places& places,
                   Problems& problems) {
  if (!places.usable(place + ".length") || !places.usable(place + ".use")) {
    return;
  }
  const bool is_set = places.find(place + ".length") != nullptr;
  const toml::source_position at = position(places, is_set ? place + ".length" : place);
  const std::string shown = std::to_string(pool.length);
  const std::string with_use = "is no length with use = " + in_quotes(to_text(pool.use));
  if (pool.use == Ipv6Use::kDelegate) {
    if (pool.length < kShortestDelegated || pool.length > kLinkLength) {
      return problems.error(at, "ipv6-pool.length", shown, with_use,
                            "write 48 to 64: what a subscriber gets for the network behind it");
    }
  } else if (pool.length != length_for(pool.use)) {
    return problems.error(at, "ipv6-pool.length", shown, with_use,
                          "write " + std::to_string(length_for(pool.use)) + ", or leave it out");
  }
  if (places.find(place + ".prefix") != nullptr && places.usable(place + ".prefix") &&
      pool.length < pool.prefix.length) {
    problems.error(at, "ipv6-pool.length", shown,
                   "is shorter than the pool's prefix " + wire::to_string(pool.prefix),
                   "give the pool a prefix that has room for several of that length");
  }
}

void check_names(const Config& config, const Places& places, Problems& problems) {
  const auto& pools = config.control.ipv6.pools;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const std::string place = "ipv6-pool." + std::to_string(i);
    const auto end = pools.begin() + static_cast<std::ptrdiff_t>(i);
    const auto same = [&](const Ipv6PoolSettings& other) {
      return other.name == pools[i].name && other.use == pools[i].use;
    };
    if (places.usable(place + ".name") && places.usable(place + ".use") &&
        std::any_of(pools.begin(), end, same)) {
      problems.error(
          position(places, place), "ipv6-pool.name", in_quotes(pools[i].name),
          "is the name of another pool with use = " + in_quotes(to_text(pools[i].use)) + " already",
          "give it a name of its own, or the other one a shorter prefix");
    }
  }
}

/// Of two prefixes that overlap, one holds the other; sorted, it comes before what it holds.
void check_overlaps(const Config& config, const Places& places, Problems& problems) {
  struct Placed {
    const Ipv6PoolSettings* pool;
    std::string place;
  };
  std::vector<Placed> sorted;
  const auto& pools = config.control.ipv6.pools;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const std::string place = "ipv6-pool." + std::to_string(i) + ".prefix";
    if (places.find(place) != nullptr && places.usable(place)) {
      sorted.push_back({&pools[i], place});
    }
  }
  std::ranges::stable_sort(sorted, {}, [](const Placed& one) { return one.pool->prefix; });
  const Ipv6PoolSettings* outer = nullptr;
  for (const Placed& one : sorted) {
    if (outer != nullptr && outer->prefix.contains(one.pool->prefix)) {
      problems.error(position(places, one.place), "ipv6-pool.prefix",
                     in_quotes(wire::to_string(one.pool->prefix)),
                     "overlaps " + in_quotes(wire::to_string(outer->prefix)) + " of pool " +
                         in_quotes(outer->name) + " with use = " + in_quotes(to_text(outer->use)),
                     "give every prefix to one pool");
    } else {
      outer = one.pool;
    }
  }
}

/// RFC 4861 §6.2.1: AdvDefaultLifetime is 0, or at least MaxRtrAdvInterval.
void check_lifetime(const Config& config, const Places& places, Problems& problems) {
  const control::Ipv6Settings& ipv6 = config.control.ipv6;
  if (!places.usable("ipv6.ra-lifetime") || !places.usable("ipv6.ra-interval") ||
      ipv6.ra_lifetime == control::Duration(0) || ipv6.ra_lifetime >= ipv6.ra_interval) {
    return;
  }
  problems.error(position(places, "ipv6.ra-lifetime"), "ipv6.ra-lifetime",
                 in_quotes(show_duration(ipv6.ra_lifetime)),
                 "is less than ipv6.ra-interval = " + show_duration(ipv6.ra_interval) +
                     ": clients would lose their default route between two advertisements",
                 "write three times the interval, or 0 for no default route");
}

void check_count(std::size_t count, const std::string& key, std::string_view what, const Places& places,
                 Problems& problems) {
  if (count > kMostServers && places.usable(key)) {
    problems.error(position(places, key), key, "", "lists " + std::to_string(count) + ' ' + std::string(what),
                   "keep to " + std::to_string(kMostServers));
  }
}

/// They go into every Router Advertisement and answer by DHCPv6, each name with an octet more than its text at either end.
void check_domains(const Config& config, const Places& places, Problems& problems) {
  std::size_t octets = 0;
  for (const std::string& domain : config.control.ipv6.domain) {
    octets += domain.size() + 2;
  }
  if (octets > control::kMaxDomainOctets && places.usable("ipv6.domain")) {
    problems.error(
        position(places, "ipv6.domain"), "ipv6.domain", "", "takes " + std::to_string(octets) + " octets",
        "keep to fewer or shorter names, " + std::to_string(control::kMaxDomainOctets) + " octets together");
  }
}

}  // namespace

Section ipv6_section() {
  return {
      .name = "ipv6",
      .help = "IPv6 for clients, beside IPv4 over the same link. The tunnel itself is IPv4.",
      .optional = true,
      .keys = {
          ADIT_KEY(kNextStart, "mode", "\"allow\"", ipv6_mode,
                   (ChoiceKind<std::optional<Ipv6Policy>>{{{"deny", Ipv6Policy::kDeny},
                                                           {"allow", Ipv6Policy::kAllow},
                                                           {"prefer", Ipv6Policy::kPrefer},
                                                           {"require", Ipv6Policy::kRequire}}}),
                   "\"deny\"; \"allow\" for clients that ask; \"prefer\" asks them; \"require\" ends calls "
                   "without it. Left out, it is\n"
                   "\"allow\" once there is an [[ipv6-pool]], else \"deny\"."),
          ADIT_KEY(kNextStart, "gw-link-local", "", control.ipv6.gateway_id, LinkLocalKind{},
                   "Our end of every link: the clients' gateway."),
          ADIT_KEY(kNewCalls, "ra-interval", "", control.ipv6.ra_interval, (DurationKind{4s, 1800s}),
                   "The longest time between two Router Advertisements to a client."),
          ADIT_KEY(kNewCalls, "ra-lifetime", "", control.ipv6.ra_lifetime, (DurationKind{0s, 9000s}),
                   "How long a client keeps us as its default router after one. 0: it has none in us."),
          ADIT_KEY(kNewCalls, "dns", "[\"2001:db8:53::53\"]", control.ipv6.dns,
                   (ListKind<Ipv6Kind>{{}, "write [\"2001:db8:53::53\"]"}),
                   "DNS servers, at most 4, told by Router Advertisements and by DHCPv6."),
          ADIT_KEY(kNewCalls, "domain", "", control.ipv6.domain,
                   (ListKind<DomainKind>{{}, "write [\"example.net\"]"}),
                   "Domains to search in, at most 4, told in the same way."),
          ADIT_KEY(kNewCalls, "dhcpv6", "", control.ipv6.dhcpv6, BoolKind{},
                   "Answer DHCPv6: addresses, and prefixes for the networks behind clients."),
      }};
}

Section ipv6_pool_section() {
  return {
      .name = "ipv6-pool",
      .help = "Pools of IPv6 prefixes: one table per pool. They must not overlap.",
      .more = "#[[ipv6-pool]]\n#prefix = \"2001:db8:100::/40\"\n#use = \"delegate\"\n",
      .optional = true,
      .tables = {.count = [](const Config& c) { return c.control.ipv6.pools.size(); },
                 .resize =
                     [](Config& c, std::size_t count) {
                       c.control.ipv6.pools.resize(count, Ipv6PoolSettings{.prefix = {}, .length = 0});
                     }},
      .complete = &complete_lengths,
      .keys = {
          ADIT_KEY(kNextStart, "name", "", control.ipv6.pools.back().name, (TextKind{1, 63, /*ascii=*/false}),
                   "Users without a pool of their own use \"default\" of each use."),
          ADIT_KEY(kNextStart, "prefix", "\"2001:db8:64::/48\"", control.ipv6.pools.back().prefix,
                   Ipv6PrefixKind{}, "What is given away lies in it."),
          ADIT_KEY(kNextStart, "length", "", control.ipv6.pools.back().length,
                   (NumberKind<std::uint8_t>{0, 128}),
                   "Of what one client gets. 0: 64 for a link, 128 for an address, 56 to delegate, for "
                   "which 48 to 64 can be."),
          ADIT_KEY(kNextStart, "use", "\"link\"", control.ipv6.pools.back().use,
                   (ChoiceKind<Ipv6Use>{{{"link", Ipv6Use::kLink},
                                         {"address", Ipv6Use::kAddress},
                                         {"delegate", Ipv6Use::kDelegate}}}),
                   "\"link\": the /64 of a client's link, told by Router Advertisements. \"address\": "
                   "its own address, by DHCPv6.\n"
                   "\"delegate\": the network behind it, by DHCPv6."),
      }};
}

void check_ipv6(const Config& config, const Places& places, Problems& problems) {
  check_lifetime(config, places, problems);
  check_count(config.control.ipv6.dns.size(), "ipv6.dns", "servers", places, problems);
  check_count(config.control.ipv6.domain.size(), "ipv6.domain", "domains", places, problems);
  check_domains(config, places, problems);
  if (!places.usable("ipv6-pool")) {
    return;
  }
  const auto& pools = config.control.ipv6.pools;
  bool has_link = false;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const std::string place = "ipv6-pool." + std::to_string(i);
    if (places.find(place + ".prefix") == nullptr) {
      problems.error(position(places, place), "ipv6-pool.prefix", "", "missing",
                     "give it prefixes: prefix = \"2001:db8:64::/48\"");
    }
    check_lengths(pools[i], place, places, problems);
    has_link = has_link || !places.usable(place + ".use") || !places.usable(place + ".name") ||
               (pools[i].use == Ipv6Use::kLink && pools[i].name == "default");
  }
  if (!has_link && places.usable("ipv6.mode") && config.control.ipv6.mode != Ipv6Policy::kDeny) {
    problems.warning(position(places, pools.empty() ? "ipv6.mode" : "ipv6-pool"), "ipv6-pool", "",
                     "there is no pool \"default\" with use = \"link\"",
                     "without one, only users with a link or a pool of their own have IPv6");
  }
  check_names(config, places, problems);
  check_overlaps(config, places, problems);
}

}  // namespace adit::app
