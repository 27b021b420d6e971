// SPDX-License-Identifier: Apache-2.0
// Memory that outlives its process: what two who have its descriptor see, and what nobody can do to it.
#include "app/host/shared_memory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <string>

namespace adit::app {
namespace {

TEST(SharedMemory, WhoeverHasItsDescriptorSeesTheSameOctets) {
  auto ours = SharedMemory::create("adit_test", 10'000, Pages::kOrdinary);
  ASSERT_TRUE(ours) << ours.error();
  EXPECT_GE(ours->octets().size(), 10'000U);
  EXPECT_TRUE(std::ranges::all_of(ours->octets(), [](std::byte octet) { return octet == std::byte{0}; }));
  auto theirs = SharedMemory::map(dataplane::UniqueFd(dup(ours->fd())));
  ASSERT_TRUE(theirs) << theirs.error();
  EXPECT_EQ(theirs->octets().size(), ours->octets().size());
  EXPECT_NE(theirs->octets().data(), ours->octets().data());
  ours->octets()[9999] = std::byte{7};
  EXPECT_EQ(theirs->octets()[9999], std::byte{7});
}

TEST(SharedMemory, NobodyCanChangeItsSize) {
  const auto memory = SharedMemory::create("adit_test", 10'000, Pages::kOrdinary);
  ASSERT_TRUE(memory) << memory.error();
  EXPECT_NE(ftruncate(memory->fd(), 4096), 0);
  EXPECT_NE(ftruncate(memory->fd(), 1 << 20), 0);
  EXPECT_NE(fcntl(memory->fd(), F_ADD_SEALS, F_SEAL_WRITE), 0) << "nor take it from us";
}

TEST(SharedMemory, WhatAnotherCouldShrinkIsNotMapped) {
  dataplane::UniqueFd open(memfd_create("adit_test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(ftruncate(open.get(), 4096), 0);
  const auto mapped = SharedMemory::map(std::move(open));
  ASSERT_FALSE(mapped);
  EXPECT_NE(mapped.error().find("no memory whose size is sealed"), std::string::npos) << mapped.error();
  EXPECT_FALSE(SharedMemory::map(dataplane::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))));
}

/// "dd" among its flags (proc(5)): keys are in it.
TEST(SharedMemory, ItIsLeftOutOfCoreDumps) {
  const auto memory = SharedMemory::create("adit_test_dump", 4096, Pages::kOrdinary);
  ASSERT_TRUE(memory) << memory.error();
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  std::string flags;
  for (std::string line; std::getline(maps, line);) {
    here = here || line.find("adit_test_dump") != std::string::npos;
    if (here && line.starts_with("VmFlags:")) {
      flags = line + " ";
      break;
    }
  }
  EXPECT_NE(flags.find(" dd "), std::string::npos) << flags;
  EXPECT_EQ(fcntl(memory->fd(), F_GETFD), FD_CLOEXEC);
}

TEST(SharedMemory, AWishForANodeIsHarmless) {
  auto memory = SharedMemory::create("adit_test", 8192, Pages::kOrdinary);
  ASSERT_TRUE(memory) << memory.error();
  for (const int node : {-1, 0, 63, 64}) {
    SharedMemory::prefer_node(memory->octets(), node);
  }
  memory->octets()[0] = std::byte{1};
  EXPECT_EQ(memory->octets()[0], std::byte{1});
}

}  // namespace
}  // namespace adit::app
