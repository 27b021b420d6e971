// SPDX-License-Identifier: Apache-2.0
// Sends the frames of a file again and again for a time, as fast as one core can or at a rate, and prints what it did
// as JSON. Only out of a veth in a network namespace of a test: it refuses everything else.
//
//   flood INTERFACE FILE SECONDS RATE [RULE...]      RATE: frames a second, 0: as many as can be
//   RULE: each-pass:OFFSET:WIDTH:STEP[:COUNT]   a big-endian number; STEP is added after each pass through the file,
//                                               and after COUNT steps it begins anew
//         random:OFFSET:WIDTH                   random octets in every frame
//
// FILE: each frame behind its length (16 bits, big-endian). Checksums of IPv4, TCP and UDP headers are made anew.
#include <arpa/inet.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Frame = std::vector<std::uint8_t>;

constexpr std::size_t kBatch = 64;
constexpr std::size_t kLargest = 2048;
constexpr std::size_t kIp = 14;  // offset of the IPv4 header
constexpr double kMostSeconds = 600;

struct Rule {
  bool random = false;
  std::size_t offset = 0, width = 0;
  std::uint64_t step = 0, count = 0;
};

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "flood: %s\n", why.c_str());
  std::exit(2);
}

// ---- what may be flooded ---------------------------------------------------------------------------------------

// `ip netns` keeps its namespaces as files there.
void require_namespace() {
  struct stat ours{}, named{};
  if (stat("/proc/self/ns/net", &ours) == 0) {
    for (const auto& entry : std::filesystem::directory_iterator("/run/netns")) {
      const bool is_a_tests = entry.path().filename().string().starts_with("adit-");
      if (is_a_tests && stat(entry.path().c_str(), &named) == 0 && named.st_ino == ours.st_ino &&
          named.st_dev == ours.st_dev) {
        return;
      }
    }
  }
  refuse("this is not a network namespace of a test (adit-...)");
}

void require_veth(int socket, const char* interface) {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  ifreq request{};
  std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&info);
  if (ioctl(socket, SIOCETHTOOL, &request) != 0 || std::string_view(info.driver) != "veth") {
    refuse(std::string(interface) + " is not a veth");
  }
}

int open_interface(const char* interface) {
  const int fd = socket(AF_PACKET, SOCK_RAW, 0);
  if (fd < 0) {
    refuse("no packet socket; needs root");
  }
  require_veth(fd, interface);
  const int on = 1;
  setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on);
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    refuse(std::string("cannot bind to ") + interface);
  }
  return fd;
}

// ---- frames -----------------------------------------------------------------------------------------------------

std::vector<Frame> read_frames(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> all{std::istreambuf_iterator<char>(file), {}};
  std::vector<Frame> frames;
  for (std::size_t at = 0; at + 2 <= all.size();) {
    const std::size_t length = static_cast<std::size_t>(static_cast<std::uint8_t>(all[at])) << 8 |
                               static_cast<std::uint8_t>(all[at + 1]);
    at += 2;
    if (length < kIp || length > kLargest || at + length > all.size()) {
      refuse(std::string(path) + " is not a file of frames");
    }
    frames.emplace_back(all.begin() + static_cast<std::ptrdiff_t>(at),
                        all.begin() + static_cast<std::ptrdiff_t>(at + length));
    at += length;
  }
  if (frames.empty()) {
    refuse(std::string(path) + " has no frames");
  }
  return frames;
}

Rule read_rule(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  const auto number = [&](std::size_t index) {
    return words.size() > index ? std::strtoull(words[index].c_str(), nullptr, 0) : 0;
  };
  const Rule rule{.random = words[0] == "random",
                  .offset = number(1),
                  .width = number(2),
                  .step = number(3),
                  .count = number(4)};
  if ((!rule.random && words[0] != "each-pass") || rule.width == 0 || rule.width > 8) {
    refuse("not a rule: " + std::string(text));
  }
  return rule;
}

std::uint64_t random_number() {
  static std::uint64_t state = 0x9e3779b97f4a7c15U;
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

void apply(const Rule& rule, std::uint64_t pass, std::uint8_t* frame, std::size_t length) {
  if (rule.offset + rule.width > length) {
    return;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < rule.width; ++i) {
    value = value << 8 | frame[rule.offset + i];
  }
  value = rule.random ? random_number() : value + rule.step * (rule.count > 0 ? pass % rule.count : pass);
  for (std::size_t i = rule.width; i-- > 0; value >>= 8) {
    frame[rule.offset + i] = static_cast<std::uint8_t>(value);
  }
}

std::uint32_t sum(const std::uint8_t* at, std::size_t length) {
  std::uint32_t total = 0;
  for (std::size_t i = 0; i + 1 < length; i += 2) {
    total += static_cast<std::uint32_t>(at[i]) << 8 | at[i + 1];
  }
  return length % 2 == 0 ? total : total + (static_cast<std::uint32_t>(at[length - 1]) << 8);
}

void store_checksum(std::uint8_t* at, std::uint32_t total) {
  while (total >> 16 != 0) {
    total = (total & 0xffff) + (total >> 16);
  }
  at[0] = static_cast<std::uint8_t>(~total >> 8);
  at[1] = static_cast<std::uint8_t>(~total);
}

void make_checksums(std::uint8_t* frame, std::size_t length) {
  if (length < kIp + 20 || frame[12] != 8 || frame[13] != 0) {
    return;
  }
  std::uint8_t* ip = frame + kIp;
  ip[10] = ip[11] = 0;
  store_checksum(ip + 10, sum(ip, 20));
  const bool fragment = (ip[6] & 0x3f) != 0 || ip[7] != 0;
  const std::size_t at = ip[9] == 6 ? 16 : 6, rest = length - kIp - 20;
  if (fragment || (ip[9] != 6 && ip[9] != 17) || rest < at + 2) {
    return;
  }
  ip[20 + at] = ip[20 + at + 1] = 0;
  store_checksum(ip + 20 + at,
                 sum(ip + 20, rest) + sum(ip + 12, 8) + ip[9] + static_cast<std::uint32_t>(rest));
}

// ---- sending ----------------------------------------------------------------------------------------------------

class Sender {
 public:
  Sender(int socket, const std::vector<Frame>& frames, const std::vector<Rule>& rules)
      : socket_(socket), frames_(frames), rules_(rules) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      vectors_[i] = {.iov_base = buffers_[i].data(), .iov_len = 0};
      messages_[i].msg_hdr.msg_iov = &vectors_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }

  // The next `count` frames; those that the interface does not take are gone.
  std::uint64_t send(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const Frame& frame = frames_[next_];
      std::memcpy(buffers_[i].data(), frame.data(), frame.size());
      for (const Rule& rule : rules_) {
        apply(rule, pass_, buffers_[i].data(), frame.size());
      }
      make_checksums(buffers_[i].data(), frame.size());
      vectors_[i].iov_len = frame.size();
      next_ = next_ + 1 < frames_.size() ? next_ + 1 : 0;
      pass_ += next_ == 0 ? 1 : 0;
    }
    const int sent = sendmmsg(socket_, messages_.data(), static_cast<unsigned>(count), 0);
    return sent > 0 ? static_cast<std::uint64_t>(sent) : 0;
  }

  [[nodiscard]] std::uint64_t passes() const { return pass_; }

 private:
  int socket_;
  const std::vector<Frame>& frames_;
  const std::vector<Rule>& rules_;
  std::size_t next_ = 0;
  std::uint64_t pass_ = 0;
  std::array<std::array<std::uint8_t, kLargest>, kBatch> buffers_{};
  std::array<iovec, kBatch> vectors_{};
  std::array<mmsghdr, kBatch> messages_{};
};

void run(Sender& sender, double seconds, double rate) {
  const auto began = Clock::now();
  std::uint64_t tried = 0, sent = 0;
  double elapsed = 0;
  while ((elapsed = std::chrono::duration<double>(Clock::now() - began).count()) < seconds) {
    std::size_t count = kBatch;
    if (rate > 0) {
      const auto due = static_cast<std::uint64_t>(elapsed * rate);
      if (due <= tried) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        continue;
      }
      count = std::min<std::uint64_t>(due - tried, kBatch);
    }
    tried += count;
    sent += sender.send(count);
  }
  std::printf("{\"sent\": %llu, \"refused\": %llu, \"seconds\": %.3f, \"rate\": %.0f, \"passes\": %llu}\n",
              static_cast<unsigned long long>(sent), static_cast<unsigned long long>(tried - sent), elapsed,
              static_cast<double>(tried) / elapsed, static_cast<unsigned long long>(sender.passes()));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    refuse("INTERFACE FILE SECONDS RATE [RULE...]; see the first lines of flood.cpp");
  }
  require_namespace();
  const double seconds = std::atof(argv[3]), rate = std::atof(argv[4]);
  if (!(seconds > 0 && seconds <= kMostSeconds) || rate < 0) {
    refuse("SECONDS is 0 to 600, RATE 0 or more");
  }
  const std::vector<Frame> frames = read_frames(argv[2]);
  std::vector<Rule> rules;
  for (int i = 5; i < argc; ++i) {
    rules.push_back(read_rule(argv[i]));
  }
  Sender sender(open_interface(argv[1]), frames, rules);
  run(sender, seconds, rate);
  return 0;
}
