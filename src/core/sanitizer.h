#pragma once

namespace chainrule {

/// Whether freed memory may be handed out again: not under a sanitizer, which is to see each allocation.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kReusesMemory = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool kReusesMemory = false;
#else
inline constexpr bool kReusesMemory = true;
#endif
#else
inline constexpr bool kReusesMemory = true;
#endif

}  // namespace chainrule
