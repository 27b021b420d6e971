// SPDX-License-Identifier: Apache-2.0
// The memory a session allocates. operator new is replaced for the whole executable, to count it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "tests/controlplane/ppp/session_kit.hpp"

namespace {
std::size_t allocated_octets = 0;  // total, through operator new in this executable
}
// Not inlined: otherwise GCC 12 sees new and free() in one function and reports a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  allocated_octets += size;
  if (void* at = std::malloc(size)) {
    return at;
  }
  std::abort();
}
[[gnu::noinline]] void operator delete(void* at) noexcept {
  std::free(at);
}
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept {
  std::free(at);
}

namespace adit::control {
namespace {

TEST_F(SessionTest, ControlSideStateOfACallFitsInFourKibibytes) {
  const std::size_t before = allocated_octets;
  make();
  const std::size_t session_alone = allocated_octets - before;
  RecordProperty("session_octets", static_cast<int>(session_alone));
  EXPECT_LE(session_alone + sizeof(Session),
            3072U);  // leaves 1 KiB for an authenticator and the call's own record
}

}  // namespace
}  // namespace adit::control
