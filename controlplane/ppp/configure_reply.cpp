// SPDX-License-Identifier: Apache-2.0
#include "controlplane/ppp/configure_reply.hpp"

namespace adit::control {

using wire::Bytes;
using wire::PppCode;
using wire::PppOption;

bool ConfigureReply::start(PppCode code) {
  if (code_ == code) {
    return true;
  }
  if (code_ == PppCode::kConfigureReject) {
    return false;
  }
  code_ = code;
  writer_.emplace(protocol_, code, identifier_);
  return true;
}

void ConfigureReply::reject(const PppOption& option) {
  if (start(PppCode::kConfigureReject)) {
    writer_->option(option);
  }
}

void ConfigureReply::nak_u16(const PppOption& option, std::uint16_t wanted) {
  if (!may_nak_) {
    reject(option);
  } else if (start(PppCode::kConfigureNak)) {
    writer_->option_u16(option.type, wanted);
  }
}

void ConfigureReply::nak_u32(const PppOption& option, std::uint32_t wanted) {
  if (!may_nak_) {
    reject(option);
  } else {
    ask_u32(option.type, wanted);
  }
}

void ConfigureReply::nak(const PppOption& option, Bytes wanted) {
  if (!may_nak_) {
    reject(option);
  } else if (start(PppCode::kConfigureNak)) {
    writer_->option(option.type, wanted);
  }
}

void ConfigureReply::nak_u64(const PppOption& option, std::uint64_t wanted) {
  std::uint8_t value[8];
  wire::store_be(value, wanted);
  nak(option, value);
}

void ConfigureReply::ask_u32(std::uint8_t type, std::uint32_t wanted) {
  if (may_nak_) {
    insist_u32(type, wanted);
  }
}

void ConfigureReply::insist_u32(std::uint8_t type, std::uint32_t wanted) {
  if (start(PppCode::kConfigureNak)) {
    writer_->option_u32(type, wanted);
  }
}

void ConfigureReply::ask_u64(std::uint8_t type, std::uint64_t wanted) {
  if (may_nak_ && start(PppCode::kConfigureNak)) {
    std::uint8_t value[8];
    wire::store_be(value, wanted);
    writer_->option(type, value);
  }
}

}  // namespace adit::control
