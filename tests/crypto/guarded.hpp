// SPDX-License-Identifier: Apache-2.0
// Octets with an inaccessible page on either side: one octet read or written too far is a segmentation fault, in
// assembly too, where AddressSanitizer does not look.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace adit::crypto::test {

class Guarded {
 public:
  /// `capacity` octets, rounded up to pages.
  explicit Guarded(std::size_t capacity)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        size_((capacity + page_ - 1) / page_ * page_) {
    void* const at = mmap(nullptr, size_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) {
      std::abort();
    }
    first_ = static_cast<std::uint8_t*>(at) + page_;
    if (mprotect(first_, size_, PROT_READ | PROT_WRITE) != 0) {
      std::abort();
    }
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  ~Guarded() { munmap(first_ - page_, size_ + 2 * page_); }

  [[nodiscard]] std::uint8_t* front() const { return first_; }
  /// The last `size` octets before the guard behind.
  [[nodiscard]] std::uint8_t* back(std::size_t size) const { return first_ + size_ - size; }

 private:
  std::size_t page_;
  std::size_t size_;
  std::uint8_t* first_ = nullptr;
};

}  // namespace adit::crypto::test
