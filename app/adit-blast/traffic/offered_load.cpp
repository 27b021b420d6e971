// SPDX-License-Identifier: Apache-2.0
#include "app/adit-blast/traffic/offered_load.hpp"

#include <algorithm>
#include <vector>

#include "app/adit-blast/traffic/probe.hpp"

namespace adit::app::blast {

std::uint16_t largest_packet(const control::ClientSettings& settings) {
  const std::uint16_t mru = settings.profile->mru != 0 ? settings.profile->mru : settings.ppp.mru;
  const bool bare =
      settings.mppe == control::MppePolicy::kDeny && settings.ppp.mppc == control::MppcPolicy::kDeny;
  return static_cast<std::uint16_t>(mru - (bare ? 0 : 4));
}

SizeMix cut(const SizeMix& mix, std::uint16_t largest) {
  SizeMix fits = mix;
  for (auto& [size, weight] : fits.sizes) {
    if (size > largest) {
      size = largest;
      fits.name = mix.name + ", at most " + std::to_string(largest);
    }
  }
  return fits;
}

OfferedLoad make_load(TrafficMode mode, const Rate& up, const Rate& down, const SizeMix& mix,
                      Families families) {
  OfferedLoad load{.mode = mode, .up = up, .down = down, .families = families};
  std::uint32_t total = 0;
  for (const auto& [size, weight] : mix.sizes) {
    total += weight;
  }
  const std::uint32_t slots = std::min<std::uint32_t>(std::max(total, 1U), OfferedLoad::kMaxSizes);
  // Each position goes to the size that is furthest behind its share, so that the sizes are well mixed.
  std::vector<double> owed(mix.sizes.size(), 0);
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    for (std::size_t i = 0; i < owed.size(); ++i) {
      owed[i] += static_cast<double>(mix.sizes[i].second) / total;
    }
    const auto most = static_cast<std::size_t>(std::ranges::max_element(owed) - owed.begin());
    owed[most] -= 1;
    load.sizes[slot] = std::max(mix.sizes[most].first, kLeastProbePacket<Ipv4Probe>);
  }
  load.size_count = slots;
  return load;
}

double offered_pps(const Rate& up, const Rate& down, double octets) {
  double sum = 0;
  for (const Rate& rate : {up, down}) {
    switch (rate.unit) {
      case Rate::Unit::kMaximum:
        return 0;
      case Rate::Unit::kPackets:
        sum += rate.per_second;
        break;
      case Rate::Unit::kBits:
        sum += rate.per_second / (octets * 8);
        break;
    }
  }
  return sum;
}

double mean_size(const SizeMix& mix) {
  double octets = 0, weights = 0;
  for (const auto& [size, weight] : mix.sizes) {
    octets += static_cast<double>(size) * weight;
    weights += weight;
  }
  return weights > 0 ? octets / weights : 0;
}

}  // namespace adit::app::blast
