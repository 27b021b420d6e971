// SPDX-License-Identifier: Apache-2.0
#include "bench/pipeline_rig.hpp"

#include <emmintrin.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "crypto/mppe_rekey.hpp"
#include "dataplane/wire/ethernet.hpp"
#include "dataplane/wire/gre.hpp"
#include "dataplane/wire/ipv4.hpp"
#include "dataplane/wire/ipv6.hpp"
#include "dataplane/wire/mppe.hpp"
#include "dataplane/wire/ppp.hpp"
#include "tests/crypto/mppc/corpus.hpp"

namespace adit::bench {
namespace {

using wire::Ipv4Address;

constexpr unsigned kRingSize = 4096;
constexpr unsigned kPoolSize = 8191;
constexpr std::uint16_t kQueues = PipelineRig::kMaxWorkers;
constexpr std::uint64_t kNow =
    1'000'000'000'000;  // the worker's clock stands still: bare acks are sent by packet count only
constexpr std::uint32_t kAccessIfindex = 1;
constexpr std::uint32_t kCoreIfindex = 2;
constexpr std::uint32_t kIdsPerAddress = 1U << 15;
constexpr Ipv4Address kServer(192, 0, 2, 1);
constexpr Ipv4Address kPeers(172, 16, 0, 0);
constexpr Ipv4Address kSubscribers(10, 64, 0, 0);
constexpr Ipv4Address kHost(203, 0, 113, 5);
constexpr wire::Ipv6Address kHost6{0x2001'0db9'0000'0000, 5};
constexpr wire::Ipv6Address kRouter6 = wire::link_local(0xff);
constexpr wire::MacAddress kOurMac{2, 0, 0, 0, 0, 1};
constexpr wire::MacAddress kTheirMac{2, 0, 0, 0, 0, 2};

struct Ports {
  rte_mempool* pool = nullptr;
  std::array<std::uint16_t, 2> ids{};  ///< access, core
  std::array<std::array<rte_ring*, kQueues>, 2> receive{};
  std::array<std::array<rte_ring*, kQueues>, 2> transmit{};
};

void require(bool condition, const char* what) {
  if (!condition) {
    std::fprintf(stderr, "pipeline_bench: %s failed; is there enough memory?\n", what);
    std::exit(1);
  }
}

Ports make_ports() {
  Ports ports;
  ports.pool =
      rte_pktmbuf_pool_create("packets", kPoolSize, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
  require(ports.pool != nullptr, "making the packet pool");
  for (std::size_t side = 0; side < 2; ++side) {
    const std::string name = side == 0 ? "access" : "core";
    for (std::uint16_t queue = 0; queue < kQueues; ++queue) {
      const std::string suffix = name + std::to_string(queue);
      const auto make_ring = [&](const char* way) {
        rte_ring* ring =
            rte_ring_create((way + suffix).c_str(), kRingSize, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
        require(ring != nullptr, "making rings");
        return ring;
      };
      ports.receive[side][queue] = make_ring("rx_");
      ports.transmit[side][queue] = make_ring("tx_");
    }
    const int id = rte_eth_from_rings(name.c_str(), ports.receive[side].data(), kQueues,
                                      ports.transmit[side].data(), kQueues, SOCKET_ID_ANY);
    require(id >= 0, "making a ring port");
    ports.ids[side] = static_cast<std::uint16_t>(id);
    rte_eth_conf conf{};
    require(rte_eth_dev_configure(ports.ids[side], kQueues, kQueues, &conf) == 0, "configuring a ring port");
    for (std::uint16_t queue = 0; queue < kQueues; ++queue) {
      require(rte_eth_rx_queue_setup(ports.ids[side], queue, kRingSize, SOCKET_ID_ANY, nullptr, ports.pool) ==
                      0 &&
                  rte_eth_tx_queue_setup(ports.ids[side], queue, kRingSize, SOCKET_ID_ANY, nullptr) == 0,
              "setting up queues");
    }
    require(rte_eth_dev_start(ports.ids[side]) == 0, "starting a ring port");
  }
  return ports;
}

Ports& ports() {
  static Ports all = make_ports();
  return all;
}

std::size_t hugepage_octets_free() {
  std::ifstream meminfo("/proc/meminfo");
  std::string key;
  std::size_t value = 0;
  std::size_t pages = 0;
  std::string rest;
  while (meminfo >> key >> value && std::getline(meminfo, rest)) {
    if (key == "HugePages_Free:") {
      pages = value;
    } else if (key == "Hugepagesize:") {
      return pages * value * 1024;
    }
  }
  return 0;
}

Ipv4Address local_of(std::uint32_t number) {
  return Ipv4Address(kServer.value + number / kIdsPerAddress);
}
std::uint16_t id_of(std::uint32_t number) {
  return static_cast<std::uint16_t>(number % kIdsPerAddress + 1);
}
Ipv4Address peer_of(std::uint32_t number) {
  return Ipv4Address(kPeers.value + number);
}
Ipv4Address subscriber_of(std::uint32_t number) {
  return Ipv4Address(kSubscribers.value + number);
}

/// The /64 of a call's link, and the /56 behind it.
wire::Ipv6Prefix link_of(std::uint32_t number) {
  return {.address = {0x2001'0db8'0000'0000 + std::uint64_t{number}, 0}, .length = 64};
}
wire::Ipv6Prefix delegated_to(std::uint32_t number) {
  return {.address = {0x2001'0dba'0000'0000 + (std::uint64_t{number} << 8), 0}, .length = 56};
}
/// A host on the link or, with every other call, behind the subscriber's router.
wire::Ipv6Address subscriber6_of(std::uint32_t number) {
  return number % 2 == 0 ? wire::Ipv6Address{link_of(number).address.high, 0x42}
                         : wire::Ipv6Address{delegated_to(number).address.high | 7, 0x42};
}

void write_ip(std::uint8_t* at, Ipv4Address from, Ipv4Address to, std::uint8_t protocol, std::size_t octets) {
  wire::Ipv4Header header;
  header.source = from;
  header.destination = to;
  header.total_length = static_cast<std::uint16_t>(octets);
  header.ttl = 64;
  header.protocol = protocol;
  wire::write_ipv4(at, header);
}

void write_inner_header(std::uint8_t* at, Traffic traffic, InnerIp family, std::uint32_t number,
                        std::size_t octets) {
  const bool up = traffic == Traffic::kUplink;
  if (family == InnerIp::kIpv4) {
    const Ipv4Address subscriber = subscriber_of(number);
    write_ip(at, up ? subscriber : kHost, up ? kHost : subscriber, wire::kIpProtocolUdp, octets);
    return;
  }
  const wire::Ipv6Address subscriber = subscriber6_of(number);
  wire::write_ipv6(at, {.source = up ? subscriber : kHost6,
                        .destination = up ? kHost6 : subscriber,
                        .payload_length = static_cast<std::uint16_t>(octets - wire::kIpv6Size),
                        .next_header = wire::kIpProtocolUdp,
                        .hop_limit = 64});
}

wire::EtherType ether_type_of(InnerIp family) {
  return family == InnerIp::kIpv4 ? wire::EtherType::kIpv4 : wire::EtherType::kIpv6;
}
wire::PppProtocol protocol_of(InnerIp family) {
  return family == InnerIp::kIpv4 ? wire::PppProtocol::kIpv4 : wire::PppProtocol::kIpv6;
}

}  // namespace

bool start_eal() {
  constexpr std::size_t kWanted = 640UL << 20;
  const bool huge = hugepage_octets_free() >= kWanted;
  std::vector<std::string> arguments{"pipeline_bench",
                                     "--no-pci",
                                     "--no-telemetry",
                                     "-l",
                                     "0",
                                     "--no-shconf",
                                     "--file-prefix=b" + std::to_string(getpid()),
                                     "--log-level=lib.eal:4"};
  if (huge) {
    arguments.insert(arguments.end(), {"--in-memory"});
    std::erase(arguments, "--no-shconf");
  } else {
    arguments.insert(arguments.end(), {"--no-huge", "-m", "640"});
  }
  std::fprintf(stderr, "pipeline_bench: %s\n",
               huge ? "hugepages" : "no hugepages (4 KiB pages): rows with many calls pay for TLB misses");
  std::vector<char*> argv;
  for (std::string& argument : arguments) {
    argv.push_back(argument.data());
  }
  return rte_eal_init(static_cast<int>(argv.size()), argv.data()) >= 0;
}

PipelineRig::PipelineRig(std::uint32_t calls, Coding coding, std::uint16_t workers)
    : coding_(coding), peers_(calls), walk_(calls) {
  if (coding == Coding::kMppc) {
    constexpr std::size_t kPages = 256;  // enough that no branch predictor learns them
    crypto::test::Corpus html("html");
    for (std::size_t page = 0; page < kPages; ++page) {
      pages_.push_back(html.packet(1500));
    }
  }
  const std::vector<dataplane::Port> own{
      {.id = ports().ids[0], .role = dataplane::PortRole::kAccess, .ifindex = kAccessIfindex, .mac = kOurMac},
      {.id = ports().ids[1], .role = dataplane::PortRole::kCore, .ifindex = kCoreIfindex, .mac = kOurMac}};
  const std::vector<dataplane::RouteEntry> routes{
      {.prefix = kPeers,
       .length = 12,
       .paths = {{.ifindex = kAccessIfindex, .gateway = Ipv4Address(192, 0, 2, 254)}}},
      {.prefix = {},
       .length = 0,
       .paths = {{.ifindex = kCoreIfindex, .gateway = Ipv4Address(198, 51, 100, 2)}}}};
  const std::vector<dataplane::NeighbourEntry> neighbours{
      {kAccessIfindex, Ipv4Address(192, 0, 2, 254), kTheirMac},
      {kCoreIfindex, Ipv4Address(198, 51, 100, 2), kTheirMac}};
  dataplane::DataPlaneResources resources{
      .sockets = std::vector<int>(workers, SOCKET_ID_ANY), .ports = {}, .pool = ports().pool};
  for (const dataplane::Port& port : own) {
    resources.ports.push_back({.port = port, .rx_queues = workers, .tx_queues = workers});
  }
  const dataplane::Settings settings{.max_calls = calls, .gateway = Ipv4Address(10, 0, 0, 1)};
  if (const char* where = std::getenv("ADIT_BENCH_CALLS");
      where != nullptr && std::string_view(where) == "shared") {
    place_calls(settings, workers);
    resources.call_memory = &*call_memory_;
  }
  auto plane = dataplane::DataPlane<dataplane::Worker>::create(settings, std::move(resources));
  require(plane.has_value(), "making the workers");
  plane_ = std::move(*plane);
  const std::vector<dataplane::RouteEntry6> routes6{
      {.prefix = {}, .length = 0, .paths = {{.ifindex = kCoreIfindex, .gateway = kRouter6}}}};
  const std::vector<dataplane::NeighbourEntry6> neighbours6{{kCoreIfindex, kRouter6, kTheirMac}};
  plane_->publish(std::make_unique<dataplane::NextHops>(
      routes, neighbours, own, std::span<const wire::Ipv4Prefix>{},
      dataplane::Ipv6Routes{.routes = routes6, .neighbours = neighbours6}));
  for (std::uint32_t number = 0; number < calls; ++number) {
    install(number);
  }
  std::iota(walk_.begin(), walk_.end(), 0U);
  std::shuffle(walk_.begin(), walk_.end(), std::mt19937(2637));
  if (workers > 1) {
    partner_ = std::make_unique<Partner>(*plane_->workers()[1], 1);
  }
  if (calls >= kBatch * workers) {
    spread_acknowledgements();
  }
}

void PipelineRig::place_calls(const dataplane::Settings& settings, std::uint16_t workers) {
  const auto shape = dataplane::call_tables_shape(settings, workers);
  auto made =
      app::SharedMemory::create("adit_calls", dataplane::CallMemory::octets_for(shape),
                                rte_eal_has_hugepages() != 0 ? app::Pages::kHuge : app::Pages::kOrdinary);
  require(made.has_value(), made ? "" : made.error().c_str());
  call_octets_.emplace(std::move(*made));
  auto memory = dataplane::CallMemory::create(call_octets_->octets(), shape);
  require(memory.has_value(), memory ? "" : memory.error().c_str());
  call_memory_ = *memory;
}

/// Calls that are visited in turn would all owe their acknowledgements at the same time: a row of 65,536 calls measured
/// either none or, one time in eight, nothing but them (a `commit` of 159 cycles in place of 7).
void PipelineRig::spread_acknowledgements() {
  constexpr std::uint32_t kPackets = 8;  // contract::AckPolicy::bare_after_packets
  const std::vector<std::uint32_t> all = walk_;
  for (std::uint32_t packets = 1; packets < kPackets; ++packets) {
    std::erase_if(walk_, [&](std::uint32_t number) { return number / workers() % kPackets < packets; });
    step_ = 0;
    for (std::size_t made = 0; made < walk_.size(); made += kBatch * workers()) {
      make(Traffic::kUplink, 64);
      run();
      require(collect(), "the packets that spread acknowledgements");
    }
  }
  walk_ = all;
  step_ = 0;
}

std::uint16_t PipelineRig::worker_of(std::uint32_t number) const {
  return static_cast<std::uint16_t>(number % workers());
}

contract::CallRef PipelineRig::ref_of(std::uint32_t number) const {
  return {{worker_of(number)}, static_cast<std::uint32_t>(number / workers()), 1};
}

PipelineRig::~PipelineRig() {
  static_cast<void>(collect());
}

void PipelineRig::tell(std::uint32_t number, const contract::ToWorker& message) {
  const std::uint16_t worker = worker_of(number);
  while (!plane_->mailbox({worker}).to_worker.push(message)) {
    plane_->worker({worker}).poll_once(kNow);
  }
}

void PipelineRig::install(std::uint32_t number) {
  const contract::CallRef call = ref_of(number);
  tell(number, contract::InstallCall{.call = call,
                                     .local = local_of(number),
                                     .peer = peer_of(number),
                                     .local_id = wire::LocalCallId(id_of(number)),
                                     .peer_id = wire::PeerCallId(id_of(number))});
  require(
      plane_->index().map_call(local_of(number), peer_of(number), wire::LocalCallId(id_of(number)), call) &&
          plane_->index().map_subscriber(subscriber_of(number), call) &&
          plane_->index().map_route(link_of(number), call) &&
          plane_->index().map_route(delegated_to(number), call),
      "making the call index");
  if (coding_ != Coding::kClear) {
    crypto::MppeChain& chain = peers_[number].chain;
    for (std::size_t i = 0; i < chain.start_key.size(); ++i) {
      chain.start_key[i] =
          static_cast<std::uint8_t>(number >> (i % 4 * 8)) ^ static_cast<std::uint8_t>(i * 29);
    }
    crypto::mppe_new_key_from_sha(chain.start_key, chain.start_key, chain.length, chain.session_key);
    for (const auto direction : {contract::Direction::kReceive, contract::Direction::kSend}) {
      tell(number,
           contract::EnableMppe{call, direction, contract::MppeMode{.compressed = coding_ == Coding::kMppc},
                                chain.start_key, chain.session_key});
    }
  }
  tell(number, contract::EnableIp{.call = call,
                                  .subscriber = subscriber_of(number),
                                  .peer_mru = 1500,
                                  .require_mppe = coding_ != Coding::kClear});
  tell(number, contract::EnableIpv6{.call = call,
                                    .peer_mru = 1500,
                                    .require_mppe = coding_ != Coding::kClear,
                                    .delegated_length = delegated_to(number).length,
                                    .interface_id = 0x42,
                                    .link_prefix = link_of(number).address.high,
                                    .delegated = delegated_to(number).address.high});
  plane_->worker({worker_of(number)}).poll_once(kNow);
}

std::uint32_t PipelineRig::next_call() {
  const std::uint32_t number = walk_[step_];
  step_ = step_ + 1 == walk_.size() ? 0 : step_ + 1;
  return number;
}

void PipelineRig::make(Traffic traffic, InnerIp family, std::size_t inner_octets, Arrival arrival) {
  std::vector<rte_mbuf*> frames(kBatch * workers());
  require(rte_pktmbuf_alloc_bulk(ports().pool, frames.data(), static_cast<unsigned>(frames.size())) == 0,
          "taking packets");
  std::array<std::vector<rte_mbuf*>, kQueues> queues;
  jobs_.clear();
  job_calls_.clear();
  for (rte_mbuf* mbuf : frames) {
    std::uint32_t number = next_call();
    while (queues[worker_of(number)].size() == kBatch) {
      number = next_call();  // that worker has its share
    }
    queues[worker_of(number)].push_back(mbuf);
    auto* at = rte_pktmbuf_mtod(mbuf, std::uint8_t*);
    const std::size_t size = traffic == Traffic::kUplink ? write_uplink(at, number, family, inner_octets)
                                                         : write_downlink(at, number, family, inner_octets);
    mbuf->data_len = static_cast<std::uint16_t>(size);
    mbuf->pkt_len = static_cast<std::uint32_t>(size);
  }
  encrypt();
  made_ = frames;
  for (std::size_t owner = 0; owner < workers(); ++owner) {
    const std::size_t queue = arrival == Arrival::kAtOwner ? owner : (owner + 1) % workers();
    rte_ring* ring = ports().receive[traffic == Traffic::kUplink ? 0 : 1][queue];
    require(rte_ring_enqueue_bulk(ring, reinterpret_cast<void**>(queues[owner].data()), kBatch, nullptr) ==
                kBatch,
            "queueing");
  }
}

void PipelineRig::evict() const {
  for (const rte_mbuf* mbuf : made_) {
    const auto flush = [](const void* from, std::size_t octets) {
      for (std::size_t at = 0; at < octets; at += dataplane::kCacheLine) {
        _mm_clflush(static_cast<const char*>(from) + at);
      }
    };
    flush(rte_pktmbuf_mtod(mbuf, const void*), mbuf->data_len + dataplane::kCacheLine);
    flush(mbuf, sizeof *mbuf);
  }
  _mm_mfence();
}

void PipelineRig::write_inner(std::uint8_t* at, Traffic traffic, InnerIp family, std::uint32_t number,
                              std::size_t octets) {
  if (coding_ == Coding::kMppc) {
    std::copy_n(pages_[next_page_++ % pages_.size()].begin() + 2, octets, at);  // behind the PPP protocol
  }
  write_inner_header(at, traffic, family, number, octets);
}

std::size_t PipelineRig::write_downlink(std::uint8_t* at, std::uint32_t number, InnerIp family,
                                        std::size_t inner_octets) {
  std::ranges::copy(wire::LinkHeader(kOurMac, kTheirMac, {}, ether_type_of(family)).octets(), at);
  write_inner(at + wire::kEthernetSize, Traffic::kDownlink, family, number, inner_octets);
  return wire::kEthernetSize + inner_octets;
}

std::size_t PipelineRig::write_uplink(std::uint8_t* at, std::uint32_t number, InnerIp family,
                                      std::size_t inner_octets) {
  PeerEnd& peer = peers_[number];
  constexpr std::size_t kGreAt = wire::kEthernetSize + wire::kIpv4Size;
  std::uint8_t* ppp = at + kGreAt + wire::gre_header_size(true, false);
  std::size_t size = 0;
  if (coding_ == Coding::kClear) {
    size = wire::write_ppp(ppp, protocol_of(family), {});
    write_inner(ppp + size, Traffic::kUplink, family, number, inner_octets);
    size += inner_octets;
  } else {
    size = wire::write_ppp(ppp, wire::PppProtocol::kMppe, {});
    wire::MppeHeader header{.count = wire::CoherencyCount(peer.count++), .flushed = true};
    std::uint8_t* const plaintext = ppp + size + wire::kMppeHeaderSize;
    std::size_t plain = wire::write_ppp_protocol(plaintext, protocol_of(family), false);
    write_inner(plaintext + plain, Traffic::kUplink, family, number, inner_octets);
    plain += inner_octets;
    if (coding_ == Coding::kMppc) {
      std::array<std::uint8_t, 2048> compressed;
      if (const std::size_t made = crypto::mppc_compress(scratch_, {plaintext, plain}, compressed);
          made != 0) {
        header.compressed = true;
        plain = made;
        std::copy_n(compressed.begin(), made, plaintext);
      }
    }
    wire::write_mppe(ppp + size, header);
    jobs_.push_back(
        {.chain = &peer.chain, .changes = 1, .size = static_cast<std::uint16_t>(plain), .data = plaintext});
    job_calls_.push_back(number);
    size += wire::kMppeHeaderSize + plain;
  }
  wire::write_gre(at + kGreAt, wire::PeerCallId(id_of(number)), static_cast<std::uint16_t>(size),
                  wire::GreSeq(peer.sequence++), std::nullopt);
  size += wire::gre_header_size(true, false);
  std::ranges::copy(wire::LinkHeader(kOurMac, kTheirMac, {}, wire::EtherType::kIpv4).octets(), at);
  write_ip(at + wire::kEthernetSize, peer_of(number), local_of(number), wire::kIpProtocolGre,
           size + wire::kIpv4Size);
  return kGreAt + size;
}

/// The peers' side of MPPE. When calls are fewer than kBatch, jobs of one call are a whole walk apart, so each
/// round is a batch.
void PipelineRig::encrypt() {
  for (std::size_t begin = 0; begin < jobs_.size();) {
    const std::size_t size = std::min<std::size_t>(jobs_.size() - begin, walk_.size());
    crypto::mppe_crypt({jobs_.data() + begin, size});
    for (std::size_t i = begin; i < begin + size; ++i) {
      peers_[job_calls_[i]].chain.session_key = jobs_[i].key;
    }
    begin += size;
  }
}

std::uint64_t PipelineRig::run() {
  const std::uint64_t began = rte_rdtsc();
  for (bool work = true; work;) {
    work = false;
    for (const auto& worker : plane_->workers()) {
      work = worker->poll_once(kNow) || work;
    }
  }
  return rte_rdtsc() - began;
}

/// Busy between rounds as well, as a poll-mode worker is: a core that halts meanwhile, or that others use, begins each
/// round with cold caches.
PipelineRig::Partner::Partner(dataplane::Worker& worker, int cpu)
    : thread_([this, &worker, cpu](const std::stop_token& stop) {
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        pthread_setaffinity_np(pthread_self(), sizeof one, &one);  // else it would share the main lcore's CPU
        require(rte_thread_register() == 0,
                "registering a worker's thread");  // which gives it a cache of packet buffers
        for (std::uint64_t done = 0; !stop.stop_requested();) {
          if (asked_.load(std::memory_order_acquire) == done) {
            rte_pause();
            continue;
          }
          while (worker.poll_once(kNow)) {
          }
          ended_ = rte_rdtsc();
          done_.store(++done, std::memory_order_release);
        }
        rte_thread_unregister();
      }) {}

std::uint64_t PipelineRig::Partner::wait() const {
  while (done_.load(std::memory_order_acquire) != asked_.load(std::memory_order_relaxed)) {
    rte_pause();
  }
  return ended_;
}

std::uint64_t PipelineRig::run_in_parallel() {
  const std::uint64_t began = rte_rdtsc();
  if (partner_) {
    partner_->start();
  }
  while (worker().poll_once(kNow)) {
  }
  const std::uint64_t ended = rte_rdtsc();
  return std::max(ended, partner_ ? partner_->wait() : ended) - began;
}

bool PipelineRig::collect() {
  std::array<void*, 256> objects;
  for (rte_ring* ring :
       {ports().transmit[0][0], ports().transmit[0][1], ports().transmit[1][0], ports().transmit[1][1]}) {
    for (unsigned count = 1; count != 0;) {
      count = rte_ring_dequeue_burst(ring, objects.data(), objects.size(), nullptr);
      rte_pktmbuf_free_bulk(reinterpret_cast<rte_mbuf**>(objects.data()), count);
    }
  }
  std::uint64_t total = 0;
  for (const auto& worker : plane_->workers()) {
    total += worker->counters().uplink_packets.read() + worker->counters().downlink_packets.read();
  }
  return total - std::exchange(forwarded_, total) == kBatch * workers();
}

}  // namespace adit::bench
