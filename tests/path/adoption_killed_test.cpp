// SPDX-License-Identifier: Apache-2.0
// A process with a worker under traffic is killed at a moment of chance, and this one adopts its calls over the inherited
// descriptor. The killed one has reported every frame that it sent. The successor's must continue them: no GRE number twice,
// no MPPE key twice, and every packet of either decrypts.
#include "tests/path/adoption_killed.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <random>
#include <set>
#include <thread>

#include "dataplane/wire/mppe.hpp"
#include "tests/path/call_memories.hpp"
#include "tests/path/packets.hpp"
#include "tests/path/world.hpp"

namespace adit::dataplane::path {
namespace {

constexpr CallTablesShape kShape{.workers = 1, .slots = 64};
constexpr std::uint16_t kCalls = 4;  // the last is clear
constexpr std::uint32_t kGeneration = 1;

/// What the worker's process tells, in the order in which it happens: a frame that was sent, or how many packets the client of
/// a call has sent up.
struct Report {
  std::uint16_t call = 0;
  std::uint16_t size = 0;  ///< octets of the frame that follow; 0: `sent_up` counts
  std::uint32_t sent_up = 0;
};

bool is_encrypted(std::uint16_t number) {
  return number + 1 != kCalls;
}

wire::Ipv4Address subscriber(std::uint16_t number) {
  return wire::Ipv4Address(kSubscriber.value + number);
}

std::uint16_t call_of(const Octets& frame) {
  return static_cast<std::uint16_t>(read_sent(frame).ip.destination.value - kClient.value);
}

void put(const void* octets, std::size_t size) {
  if (write(kReportFd, octets, size) != static_cast<ssize_t>(size)) {
    _exit(1);
  }
}

WorldOptions options(const CallMemory& memory) {
  return {.call_memory = &memory};
}

/// Both ways a burst of each call.
void load(World& world, std::vector<Peer>& peers, std::mt19937& random) {
  for (std::uint16_t number = 0; number < kCalls; ++number) {
    const Octets up = inner_packet(subscriber(number), kHost, 60 + random() % 200);
    world.arrive(kAccessSide, is_encrypted(number) ? peers[number].encrypted(up) : peers[number].clear(up));
    for (std::size_t packet = random() % 6; packet > 0; --packet) {
      world.arrive(kCoreSide, core_frame(inner_packet(kHost, subscriber(number), 60 + random() % 800)));
    }
  }
}

/// A client's ear: keys by their number, of which each may be used once.
class Listener {
 public:
  explicit Listener(std::uint16_t number) : encrypted_(is_encrypted(number)) {
    const contract::EnableMppe keys = Peer(number).enable_send({});
    chain_ = {.start_key = keys.start_key, .session_key = keys.session_key};
  }
  void hear(const Octets& frame) {
    const SentGre gre = read_gre(frame);
    if (!gre.sequence) {
      return;  // an acknowledgement alone
    }
    EXPECT_TRUE(sequences_.empty() ||
                wire::GreSeq(*gre.sequence).is_after(wire::GreSeq(*sequences_.rbegin())));
    EXPECT_TRUE(sequences_.insert(*gre.sequence).second) << "GRE number " << *gre.sequence << " twice";
    ++packets;
    const auto ppp = wire::parse_ppp(gre.ppp);
    if (!encrypted_) {
      return;
    }
    ASSERT_TRUE(ppp && ppp->protocol == wire::PppProtocol::kMppe);
    Octets body(gre.ppp.begin() + ppp->header_length, gre.ppp.end());
    const auto header = wire::parse_mppe(body);
    ASSERT_TRUE(header && header->flushed);
    const std::uint32_t steps =
        header->count.steps_from(wire::CoherencyCount(static_cast<std::uint16_t>(key_ - 1)));
    ASSERT_NE(steps, 0U) << "an MPPE key twice";
    ASSERT_LT(steps, 2U * kBurst) << "more keys skipped than packets can have been lost";
    body.erase(body.begin(), body.begin() + 2);
    crypto::MppeJob job{.chain = &chain_,
                        .changes = steps,
                        .size = static_cast<std::uint16_t>(body.size()),
                        .data = body.data()};
    crypto::mppe_crypt({&job, 1});
    chain_.session_key = job.key;
    key_ += steps;
    const auto inner = wire::parse_ppp_protocol(body);
    ASSERT_TRUE(inner && inner->protocol == wire::PppProtocol::kIpv4) << "count " << header->count.value;
  }

  std::size_t packets = 0;

 private:
  bool encrypted_;
  crypto::MppeChain chain_{};
  std::uint32_t key_ = 0;
  std::set<std::uint32_t> sequences_;
};

class Killed : public testing::Test {
 protected:
  void spawn() {
    octets_.emplace(
        app::SharedMemory::create("adit_test_calls", CallMemory::octets_for(kShape), app::Pages::kOrdinary)
            .value());
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    report_ = ends[0];
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_adddup2(&actions, octets_->fd(), kMemoryFd);
    posix_spawn_file_actions_adddup2(&actions, ends[1], kReportFd);
    char self[] = "/proc/self/exe";
    std::string run = kRunWorker;
    char* argv[] = {self, run.data(), nullptr};
    ASSERT_EQ(posix_spawn(&child_, self, &actions, nullptr, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
  }
  /// False: the pipe's end.
  bool read_all(void* into, std::size_t size) {
    auto* at = static_cast<char*>(into);
    while (size > 0) {
      const ssize_t got = read(report_, at, size);
      if (got <= 0) {
        return false;
      }
      at += got;
      size -= static_cast<std::size_t>(got);
    }
    return true;
  }
  bool hear_one() {
    Report report;
    if (!read_all(&report, sizeof report)) {
      return false;
    }
    if (report.size == 0) {
      sent_up_[report.call] = report.sent_up;
      return true;
    }
    Octets frame(report.size);
    if (!read_all(frame.data(), frame.size())) {
      return false;
    }
    listeners_[report.call].hear(frame);
    return true;
  }
  /// Hears reports, kills after `after` of them and some microseconds, and hears what is left in the pipe.
  void kill_after(std::size_t after, std::chrono::microseconds more) {
    for (std::size_t reports = 0; reports < after; ++reports) {
      ASSERT_TRUE(hear_one());
    }
    std::thread killer([this, more] {
      std::this_thread::sleep_for(more);
      kill(child_, SIGKILL);
    });
    while (hear_one()) {
    }
    killer.join();
    int status = 0;
    ASSERT_EQ(waitpid(child_, &status, 0), child_);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
    close(report_);
  }
  /// The calls that were adopted; the others were refused by name.
  std::vector<bool> adopt(World& world) {
    std::vector<bool> adopted;
    CallAdoption adoption = world.worker().adopt_calls(PreviousEnd::kCrashed, {});
    for (std::uint16_t number = 0; number < kCalls; ++number) {
      const contract::CallRef call{{0}, number, kGeneration + number};
      const auto identity = adoption.adopt(call);
      adopted.push_back(identity.has_value());
      if (identity) {
        EXPECT_EQ(identity->peer, wire::Ipv4Address(kClient.value + number));
        EXPECT_TRUE(world.index().map_call(identity->local, identity->peer, identity->local_id, call));
        EXPECT_TRUE(world.index().map_subscriber(identity->subscriber, call));
      } else {
        EXPECT_EQ(identity.error(), AdoptionFault::kKeyHalfWritten) << describe(identity.error()).name;
      }
    }
    EXPECT_EQ(adoption.finish().freed, static_cast<std::uint32_t>(std::ranges::count(adopted, false)));
    return adopted;
  }

  std::optional<app::SharedMemory> octets_;
  std::vector<Listener> listeners_{Listener(0), Listener(1), Listener(2), Listener(3)};
  std::array<std::uint32_t, kCalls> sent_up_{};
  pid_t child_ = 0;
  int report_ = -1;
};

TEST_F(Killed, AtAnyMomentItsCallsGoOnAndNothingIsSentTwice) {
  std::mt19937 random(std::random_device{}());
  constexpr int kRounds = 12;
  int refused = 0;
  std::size_t carried = 0;
  for (int round = 0; round < kRounds; ++round) {
    listeners_ = {Listener(0), Listener(1), Listener(2), Listener(3)};
    sent_up_ = {};
    ASSERT_NO_FATAL_FAILURE(spawn());
    ASSERT_NO_FATAL_FAILURE(kill_after(200 + random() % 2000, std::chrono::microseconds(random() % 3000)));
    carried += listeners_[0].packets;
    Memory memory(std::move(*octets_), kShape);
    World world(options(memory.calls()));
    const std::vector<bool> adopted = adopt(world);
    refused += static_cast<int>(std::ranges::count(adopted, false));
    std::vector<Peer> peers;
    std::vector<bool> heard_up(kCalls);
    for (std::uint16_t number = 0; number < kCalls; ++number) {
      peers.emplace_back(number);
      static_cast<void>(peers[number].enable_receive({}));
      peers[number].lose(sent_up_[number] + 1);  // one more may have arrived than it could tell
    }
    for (int burst = 0; burst < 20; ++burst) {
      load(world, peers, random);
      world.settle();
      for (const Octets& frame : world.sent(kCoreSide)) {
        heard_up[read_sent(frame).ip.source.value - kSubscriber.value] = true;
      }
      for (const Octets& frame : world.sent(kAccessSide)) {
        listeners_[call_of(frame)].hear(frame);
      }
    }
    EXPECT_EQ(heard_up, adopted) << "round " << round;
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
  EXPECT_GT(carried, std::size_t{kRounds} * 20);
  EXPECT_LE(refused, kRounds / 4) << "of " << kRounds * kCalls
                                  << ": a key is being written for two instructions";
}

}  // namespace

int run_worker() {
  auto octets = app::SharedMemory::map(UniqueFd(kMemoryFd));
  if (!octets) {
    return 1;
  }
  const CallMemory memory = CallMemory::create(octets->octets(), kShape).value();
  World world(options(memory));
  std::vector<Peer> peers;
  for (std::uint16_t number = 0; number < kCalls; ++number) {
    peers.emplace_back(number);
    const contract::CallRef call = world.install_up(number);
    if (is_encrypted(number)) {
      world.tell(call, peers[number].enable_receive(call));
      world.tell(call, peers[number].enable_send(call));
    }
  }
  world.settle();
  std::mt19937 random(static_cast<unsigned>(getpid()));
  for (std::uint32_t bursts = 1;; ++bursts) {
    load(world, peers, random);
    world.turn();
    for (const Octets& frame : world.sent(kAccessSide)) {
      Octets report(sizeof(Report));
      const Report head{.call = call_of(frame), .size = static_cast<std::uint16_t>(frame.size())};
      std::memcpy(report.data(), &head, sizeof head);
      report.insert(report.end(), frame.begin(), frame.end());
      put(report.data(), report.size());
    }
    world.sent(kCoreSide);
    for (std::uint16_t number = 0; number < kCalls; ++number) {
      const Report report{.call = number, .sent_up = bursts};
      put(&report, sizeof report);
    }
  }
}

}  // namespace adit::dataplane::path
