// SPDX-License-Identifier: Apache-2.0
#include "app/aditd/runtime.hpp"

#include <rte_eal.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include <unordered_set>

#include <rte_lcore.h>

#include <algorithm>

#include "app/host/host_ports.hpp"

namespace adit::app {

using dataplane::OpenPort;

namespace {

std::vector<wire::Ipv4Prefix> host_prefixes(std::span<const wire::Ipv4Address> addresses) {
  std::vector<wire::Ipv4Prefix> prefixes;
  for (const wire::Ipv4Address address : addresses) {
    prefixes.push_back({.address = address, .length = 32});
  }
  return prefixes;
}

std::vector<wire::Ipv4Prefix> pool_prefixes(const control::IpSettings& ip) {
  std::vector<wire::Ipv4Prefix> prefixes;
  for (const control::PoolSettings& pool : ip.pools) {
    for (const control::AddressRange& range : pool.ranges) {
      const auto more = prefixes_of_range(range.first, range.last);
      prefixes.insert(prefixes.end(), more.begin(), more.end());
    }
  }
  return prefixes;
}

std::vector<wire::Ipv6Prefix> pool_prefixes(const control::Ipv6Settings& ipv6) {
  std::vector<wire::Ipv6Prefix> prefixes;
  if (ipv6.mode != control::Ipv6Policy::kDeny) {
    for (const control::Ipv6PoolSettings& pool : ipv6.pools) {
      prefixes.push_back(pool.prefix);
    }
  }
  return prefixes;
}

dataplane::Subscribers subscribers_of(const control::Settings& settings) {
  dataplane::Subscribers subscribers{.ipv4 = pool_prefixes(settings.ip)};
  if (settings.ipv6.mode != control::Ipv6Policy::kDeny) {
    for (const control::Ipv6PoolSettings& pool : settings.ipv6.pools) {
      subscribers.ipv6.push_back({.prefix = pool.prefix, .length = pool.length});
    }
  }
  return subscribers;
}

/// On huge pages where DPDK has some and there are enough: with 4 KiB pages every packet of a call that is not in the caches
/// pays for TLB misses as well.
std::expected<SharedMemory, std::string> create_call_memory(std::size_t octets) {
  if (rte_eal_has_hugepages() != 0) {
    if (auto made = SharedMemory::create("adit_calls", octets, Pages::kHuge)) {
      return made;
    }
  }
  return SharedMemory::create("adit_calls", octets, Pages::kOrdinary);
}

}  // namespace

std::expected<std::unique_ptr<Runtime>, std::string> Runtime::start(const Config& config,
                                                                    const EalInit& eal) {
  std::unique_ptr<Runtime> runtime(new Runtime());
  runtime->lcores_ = eal.worker_lcores;
  if (auto opened = runtime->open(config); !opened) {
    return std::unexpected(std::move(opened.error()));
  }
  if (auto built = runtime->build(config); !built) {
    return std::unexpected(std::move(built.error()));
  }
  if (auto launched = runtime->data_plane_->launch(runtime->lcores_); !launched) {
    return std::unexpected(std::move(launched.error()));
  }
  return runtime;
}

std::expected<void, std::string> Runtime::open(const Config& config) {
  const auto workers = static_cast<std::uint32_t>(lcores_.size());
  stateful_mppe_ = config.data_plane.stateful_mppe;
  auto wake = WorkerWake::open();
  if (!wake) {
    return std::unexpected(std::move(wake.error()));
  }
  wake_ = std::move(*wake);
  auto ports = open_host_ports(config.ports, workers, subscribers_of(config.control));
  if (!ports) {
    return std::unexpected(std::move(ports.error()));
  }
  ports_ = std::move(*ports);
  port_supervisor_.emplace(ports_, [this] { return data_plane_->iterations(); });
  if (auto shared = share_with_kernel(); !shared) {
    return shared;
  }
  steering_.emplace(ports_, static_cast<std::uint16_t>(workers));
  auto maps = XdpMaps::fill(ports_, host_prefixes(config.bind), pool_prefixes(config.control.ip),
                            pool_prefixes(config.control.ipv6));
  if (!maps) {
    return std::unexpected(std::move(maps.error()));
  }
  xdp_ = std::move(*maps);
  return announce_from(config);
}

std::expected<void, std::string> Runtime::share_with_kernel() {
  if (std::ranges::none_of(ports_, [](const OpenPort& open) { return open.port.punts; })) {
    return {};
  }
  kernel_rings_ = std::make_unique<dataplane::KernelRings>();
  if (!kernel_rings_->valid()) {
    return std::unexpected("no DPDK memory for the kernel's frames; reserve more hugepages");
  }
  auto made = KernelPorts::open(ports_, *kernel_rings_);
  if (!made) {
    return std::unexpected(std::move(made.error()));
  }
  kernel_ports_.emplace(std::move(*made));
  return {};
}

std::expected<void, std::string> Runtime::announce_from(const Config& config) {
  if (config.announce == Announce::kOff) {
    return {};
  }
  const auto core = std::ranges::find_if(
      ports_, [](const OpenPort& open) { return open.port.role != dataplane::PortRole::kAccess; });
  const bool each = config.announce == Announce::kSubscribers;
  auto announced = SubscriberRoutes::open(core->port.table, each);
  if (!announced) {
    return std::unexpected(std::move(announced.error()));
  }
  subscriber_routes_ = std::move(*announced);
  if (!each) {
    for (const wire::Ipv4Prefix& prefix : pool_prefixes(config.control.ip)) {
      subscriber_routes_->add_lasting(prefix);
    }
    for (const wire::Ipv6Prefix& prefix : pool_prefixes(config.control.ipv6)) {
      subscriber_routes_->add_lasting(prefix);
    }
  }
  return {};
}

std::expected<void, std::string> Runtime::place_calls(const dataplane::Settings& settings,
                                                      std::span<const int> sockets) {
  const auto shape = dataplane::call_tables_shape(settings, static_cast<std::uint16_t>(sockets.size()));
  const std::size_t octets = dataplane::CallMemory::octets_for(shape);
  auto made = create_call_memory(octets);
  if (!made) {
    return std::unexpected(std::move(made.error()));
  }
  call_octets_.emplace(std::move(*made));
  const std::size_t block = octets / sockets.size();
  for (std::size_t worker = 0; worker < sockets.size(); ++worker) {
    SharedMemory::prefer_node(call_octets_->octets().subspan(worker * block, block), sockets[worker]);
  }
  auto memory = dataplane::CallMemory::create(call_octets_->octets(), shape);
  if (!memory) {
    return std::unexpected(std::move(memory.error()));
  }
  call_memory_ = *memory;
  return {};
}

std::expected<void, std::string> Runtime::build(const Config& config) {
  std::vector<int> sockets;
  for (const unsigned lcore : lcores_) {
    sockets.push_back(static_cast<int>(rte_lcore_to_socket_id(lcore)));
  }
  if (auto placed = place_calls(config.data_plane, sockets); !placed) {
    return placed;
  }
  auto built = dataplane::DataPlane<dataplane::Worker>::create(config.data_plane,
                                                               {.sockets = std::move(sockets),
                                                                .ports = dataplane::queues_of(ports_),
                                                                .pool = ports_.front().pool,
                                                                .control_wake_fd = wake_.fd(),
                                                                .kernel = kernel_rings_.get(),
                                                                .paused_ports = &port_supervisor_->paused(),
                                                                .call_memory = &*call_memory_});
  if (!built) {
    return std::unexpected(std::move(built.error()));
  }
  data_plane_ = std::move(*built);
  for (const wire::Ipv4Address address : config.bind) {
    if (!data_plane_->index().add_local_address(address)) {
      return std::unexpected("no room in the call index for " + to_string(address) +
                             "; bind fewer addresses");
    }
  }
  return {};
}

Runtime::~Runtime() {
  data_plane_.reset();
  kernel_ports_.reset();
  kernel_rings_.reset();
  dataplane::close_ports(ports_);
}

std::vector<MemoryRow> Runtime::memory() const {
  const std::uint64_t calls = std::uint64_t{data_plane_->slots_per_worker()} * worker_count();
  std::uint64_t acks = 0;
  std::uint64_t windows = 0;
  std::uint64_t histories = 0;
  for (const auto& worker : data_plane_->workers()) {
    acks += worker->ack_octets();
    windows += worker->reorder_octets();
    histories += worker->calls().history_octets();
  }
  std::uint64_t buffers = 0;
  std::uint64_t buffer_octets = 0;
  std::unordered_set<const rte_mempool*> pools;
  for (const OpenPort& port : ports_) {
    if (pools.insert(port.pool).second) {
      buffers += port.pool->size;
      buffer_octets += std::uint64_t{port.pool->size} *
                       (port.pool->header_size + port.pool->elt_size + port.pool->trailer_size);
    }
  }
  return {
      {.table = "calls",
       .entries = calls,
       .octets = calls * dataplane::CallTable::octets_per_call(stateful_mppe_)},
      {.table = kMppcHistories, .entries = histories / sizeof(dataplane::StatefulMppc), .octets = histories},
      {.table = "acknowledgement queues", .octets = acks},
      {.table = "reorder windows", .octets = windows},
      {.table = "call and subscriber indexes", .octets = data_plane_->index().octets()},
      {.table = "routes", .used = route_count_, .entries = route_count_, .octets = route_octets_},
      {.table = "mailboxes", .octets = worker_count() * sizeof(contract::Mailbox)},
      {.table = "packet buffers", .entries = buffers, .octets = buffer_octets}};
}

std::vector<RingDepth> Runtime::rings(contract::WorkerId worker) const {
  const contract::Mailbox& box = *data_plane_->mailboxes()[worker.value];
  const auto of = [](std::string_view name, const auto& ring) {
    return RingDepth{name, ring.depth(), ring.capacity()};
  };
  const rte_ring& handoff = data_plane_->handoff(worker);
  return {of("to_worker", box.to_worker),
          of("frames_to_worker", box.frames_to_worker),
          of("to_control", box.to_control),
          of("frames_to_control", box.frames_to_control),
          {"handoff", rte_ring_count(&handoff), rte_ring_get_capacity(&handoff)}};
}

std::optional<contract::CallTotals> Runtime::totals(const contract::CallRef& call) const {
  return worker(call.worker).calls().totals(call);
}

contract::FirstPackets Runtime::first_packets(const contract::CallRef& call) const {
  const auto& owner = worker(call.worker);
  return owner.calls().first_packets(call, owner.clock());
}

}  // namespace adit::app
