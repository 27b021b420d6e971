// SPDX-License-Identifier: Apache-2.0
// libFuzzer's entry point: ADIT_FUZZ_TARGET selects the target; "list" prints the names.
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.hpp"

namespace {
void (*run)(adit::wire::Bytes) = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* wanted = std::getenv("ADIT_FUZZ_TARGET");
  const std::string_view name = wanted == nullptr ? "list" : wanted;
  for (const adit::fuzz::Target& target : adit::fuzz::targets()) {
    if (name == "list") {
      std::printf("%.*s\n", static_cast<int>(target.name.size()), target.name.data());
    } else if (name == target.name) {
      run = target.run;
    }
  }
  if (run == nullptr) {
    std::exit(name == "list" ? 0 : 2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run(adit::wire::Bytes(data, size));
  return 0;
}
