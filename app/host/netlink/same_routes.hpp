// SPDX-License-Identifier: Apache-2.0
// The kernel's routes of one prefix, metric and table, and which of them count. The families differ: IPv4 has one route
// with several paths, and `ip route append` puts others behind it. IPv6 has a route for each gateway, and those together
// are the multipath: it may be told of in one message or in several, and is taken down gateway by gateway.
// Thread: control. Owner: KernelTable.
#pragma once

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "dataplane/path/next_hops.hpp"

namespace adit::app {

template <wire::IpAddress Address>
class SameRoutes;

template <>
class SameRoutes<wire::Ipv4Address> {
  using Entry = dataplane::RouteEntry;

 public:
  /// `replaces`: NLM_F_REPLACE. False: nothing has changed.
  bool add(const Entry& route, bool replaces) {
    if (!entries_.empty() && replaces) {
      // The kernel sends no RTM_DELROUTE for a replaced route, which is the first of its key.
      entries_.front() = route;
      return true;
    }
    if (std::ranges::any_of(entries_, [&](const Entry& other) { return other.paths == route.paths; })) {
      return false;
    }
    entries_.push_back(route);
    return true;
  }
  bool remove(const Entry& route) {
    return std::erase_if(entries_, [&](const Entry& other) { return other.paths == route.paths; }) > 0;
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  /// There is one.
  [[nodiscard]] Entry chosen() const { return entries_.front(); }

 private:
  std::vector<Entry> entries_;
};

template <>
class SameRoutes<wire::Ipv6Address> {
  using Entry = dataplane::RouteEntry6;
  using Path = dataplane::RoutePath6;

 public:
  bool add(const Entry& route, bool replaces) {
    const std::vector<Path> before = paths_;
    const std::vector<Path> added = paths_of(route);
    key_ = route;
    key_.paths.clear();
    if (replaces) {
      make_way_for(added.front());
    }
    for (const Path& path : added) {
      const auto same = std::ranges::find_if(paths_, [&](const Path& other) { return is_same(path, other); });
      if (same == paths_.end()) {
        paths_.push_back(path);
      } else {
        same->weight = path.weight;
      }
    }
    return paths_ != before;
  }
  bool remove(const Entry& route) {
    return std::erase_if(paths_, [gone = paths_of(route)](const Path& path) {
             return std::ranges::any_of(gone, [&](const Path& one) { return is_same(path, one); });
           }) > 0;
  }
  [[nodiscard]] bool empty() const { return paths_.empty(); }
  /// Gateways share the packets; a network on two links is reached through the first.
  [[nodiscard]] Entry chosen() const {
    Entry all = key_;
    if (paths_.front().ifindex != 0) {
      std::ranges::copy_if(paths_, std::back_inserter(all.paths), has_gateway);
      all.paths = all.paths.empty() ? std::vector{paths_.front()} : std::move(all.paths);
    }
    return all;
  }

 private:
  static std::vector<Path> paths_of(const Entry& route) {
    return route.paths.empty() ? std::vector<Path>(1) : route.paths;
  }
  static bool has_gateway(const Path& path) { return !path.gateway.is_none(); }
  /// One gateway's RTM_DELROUTE has no weight.
  static bool is_same(const Path& a, const Path& b) {
    return a.ifindex == b.ifindex && a.gateway == b.gateway;
  }

  /// Of what is replaced the kernel does not tell: all gateways, or the first of the others, which are a route each.
  void make_way_for(const Path& path) {
    if (has_gateway(path)) {
      std::erase_if(paths_, has_gateway);
    } else if (const auto first = std::ranges::find_if_not(paths_, has_gateway); first != paths_.end()) {
      paths_.erase(first);
    }
  }

  Entry key_;                // without paths
  std::vector<Path> paths_;  // the first come first; one without an interface rejects
};

}  // namespace adit::app
