// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "app/aditd/config/section.hpp"

namespace adit::app {
namespace {

constexpr std::uint64_t kMaxPoolAddresses = std::uint64_t{1} << 22;

bool contains(const control::AddressRange& range, wire::Ipv4Address address) {
  return address >= range.first && address <= range.last;
}

struct PoolRange {
  control::AddressRange range;
  std::string pool;
  toml::source_position at;
  [[nodiscard]] std::string text() const {
    return in_quotes(wire::to_string(range.first) + '-' + wire::to_string(range.last));
  }
};

std::vector<PoolRange> usable_ranges(const Config& config, const Places& places) {
  std::vector<PoolRange> ranges;
  const auto& pools = config.control.ip.pools;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const std::string key = "ip-pool." + std::to_string(i) + ".ranges";
    for (std::size_t j = 0; j < pools[i].ranges.size(); ++j) {
      ranges.push_back({pools[i].ranges[j], pools[i].name, element_position(places, key, j)});
    }
  }
  return ranges;
}

void check_ranges(const Config& config, const Places& places, Problems& problems) {
  std::vector<PoolRange> ranges = usable_ranges(config, places);
  std::sort(ranges.begin(), ranges.end(),
            [](const PoolRange& a, const PoolRange& b) { return a.range.first < b.range.first; });
  std::uint64_t total = 0;
  const PoolRange* widest = nullptr;  // the one with the highest end so far
  for (const PoolRange& range : ranges) {
    total += std::uint64_t{range.range.last.value} - range.range.first.value + 1;
    if (widest != nullptr && range.range.first <= widest->range.last) {
      problems.error(range.at, "ip-pool.ranges", range.text(),
                     "overlaps " + widest->text() + " of pool " + in_quotes(widest->pool),
                     "give every address to one pool");
    }
    if (widest == nullptr || range.range.last > widest->range.last) {
      widest = &range;
    }
    if (!config.control.ip.gateway.is_none() && contains(range.range, config.control.ip.gateway)) {
      problems.error(range.at, "ip-pool.ranges", range.text(),
                     "holds ip.gw-ip-address " + wire::to_string(config.control.ip.gateway),
                     "leave that address out of the range");
    }
    for (const wire::Ipv4Address bound : config.bind) {
      if (contains(range.range, bound)) {
        problems.error(range.at, "ip-pool.ranges", range.text(), "holds pptp.bind " + wire::to_string(bound),
                       "leave that address out of the range");
      }
    }
  }
  if (total > kMaxPoolAddresses) {
    problems.error(position(places, "ip-pool"), "ip-pool.ranges", "",
                   "have " + std::to_string(total) + " addresses together",
                   "keep to " + std::to_string(kMaxPoolAddresses) + " (a /10)");
  }
}

}  // namespace

Section ip_pool_section() {
  return {
      .name = "ip-pool",
      .help = "Pools of client addresses: one table per pool. They must not overlap.",
      .tables = ADIT_TABLES(control.ip.pools),
      .keys = {
          ADIT_KEY(kNextStart, "name", "", control.ip.pools.back().name, (TextKind{1, 63, /*ascii=*/false}),
                   "Users without a pool of their own use \"default\"."),
          ADIT_KEY(
              kNextStart, "ranges", "[\"10.64.0.2-10.64.255.254\"]", control.ip.pools.back().ranges,
              (ListKind<RangeKind>{{}, "write [\"10.64.0.2-10.64.255.254\"]"}),
              "Ranges \"first-last\", \"10.64.0.2-254\", prefixes \"10.64.0.0/16\" (less their first and "
              "last address)."),
      }};
}

void check_pools(const Config& config, const Places& places, Problems& problems) {
  if (config.control.ip.gateway.is_none() && places.usable("ip.gw-ip-address") && places.usable("ip")) {
    problems.error({0, 0}, "ip.gw-ip-address", "", "missing",
                   "give our end of the links: gw-ip-address = \"10.64.0.1\"");
  }
  if (!places.usable("ip-pool")) {
    return;
  }
  const auto& pools = config.control.ip.pools;
  bool has_default = false;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    const std::string place = "ip-pool." + std::to_string(i);
    const auto end = pools.begin() + static_cast<std::ptrdiff_t>(i);
    const auto same = [&](const control::PoolSettings& other) { return other.name == pools[i].name; };
    if (std::any_of(pools.begin(), end, same) && places.usable(place + ".name")) {
      problems.error(position(places, place), "ip-pool.name", in_quotes(pools[i].name),
                     "is another pool's name already",
                     "give it a name of its own, or add the ranges to that pool");
    }
    if (pools[i].ranges.empty() && places.usable(place + ".ranges")) {
      problems.error(position(places, place), "ip-pool.ranges", "", "missing or empty",
                     "give it addresses: ranges = [\"10.64.0.2-10.64.255.254\"]");
    }
    has_default = has_default || pools[i].name == "default" || !places.usable(place + ".name");
  }
  if (!has_default) {
    problems.warning(position(places, "ip-pool"), "ip-pool", "", "there is no pool \"default\"",
                     "without one, only users with an address or a pool of their own can connect");
  }
  check_ranges(config, places, problems);
}

}  // namespace adit::app
