#include <algorithm>

#include "chainrule/data/images.h"

namespace chainrule::data {

SharedBytes::Held::Held(std::vector<std::uint8_t> given) : bytes(std::move(given)) {}

SharedBytes::SharedBytes(std::vector<std::uint8_t> bytes) : held_(new Held(std::move(bytes))) {}
SharedBytes::SharedBytes(std::initializer_list<std::uint8_t> bytes)
    : SharedBytes(std::vector<std::uint8_t>(bytes)) {}

SharedBytes::operator std::span<const std::uint8_t>() const { return {data(), size()}; }

bool SharedBytes::operator==(const SharedBytes& other) const {
  return held_ == other.held_ || std::equal(begin(), end(), other.begin(), other.end());
}

std::vector<std::uint8_t>& SharedBytes::own() {
  if (!held_.is_unique()) {
    const SharedBytes& shared = *this;
    held_ = Shared<Held>(new Held(std::vector<std::uint8_t>(shared.begin(), shared.end())));
  }
  return held_->bytes;
}

void SharedBytes::resize(std::size_t size) { own().resize(size); }
void SharedBytes::assign(std::size_t size, std::uint8_t value) { own().assign(size, value); }
void SharedBytes::push_back(std::uint8_t byte) { own().push_back(byte); }
void SharedBytes::pop_back() { own().pop_back(); }

}  // namespace chainrule::data
