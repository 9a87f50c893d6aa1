# What every target of the project is compiled with. Floating-point contraction is off, so that a result does
# not depend on what the compiler chose to fuse: kernels ask for a fused multiply-add where they want one.
function(chainrule_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -ffp-contract=off)
  get_target_property(type ${target} TYPE)
  if(CHAINRULE_BUILD_PYTHON AND type STREQUAL "STATIC_LIBRARY")
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
    target_compile_options(${target} PRIVATE -fno-semantic-interposition)
  endif()
  if(CHAINRULE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# For tests, and for the tool under sanitizers: they are compiled far more often than they run long, and sanitizers
# triple the compiler's time. What is undefined in their own code is not looked for: the library is what it is about.
function(chainrule_quick_compile target)
  target_compile_options(${target} PRIVATE -O0 $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  if(CHAINRULE_SANITIZE)
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined)
  endif()
endfunction()

# Files that are compiled several at a time: most of a small file's time are headers and templates, which are the same
# for all. Names that a file keeps for itself are shared with its neighbours then.
option(CHAINRULE_UNITY "Compile the tool and the larger tests several files at a time" ON)
function(chainrule_compile_together target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${CHAINRULE_UNITY} UNITY_BUILD_BATCH_SIZE 8)
endfunction()

# Which of Highway's instruction sets are left out, for every file that includes it. SSSE3 without SSE4 is too
# rare to build for; SVE vectors have no size at compile time, which the register tiles need. Under sanitizers
# AVX-512 would take two thirds of these files' time; its tests run in Release.
option(CHAINRULE_SANITIZE_AVX512 "Build the kernels for AVX-512 under sanitizers as well: minutes more" OFF)
function(chainrule_simd_targets target)
  set(left_out HWY_SSSE3 HWY_AVX3_DL HWY_SVE HWY_SVE2 HWY_SVE_256 HWY_SVE2_128)
  if(CHAINRULE_SANITIZE AND NOT CHAINRULE_SANITIZE_AVX512)
    list(APPEND left_out HWY_AVX3)
  endif()
  list(JOIN left_out "|" left_out)
  target_compile_definitions(${target} PRIVATE "HWY_DISABLED_TARGETS=(${left_out})")
endfunction()

option(CHAINRULE_WERROR "Treat warnings as errors" OFF)
set(CHAINRULE_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined or thread")
if(CHAINRULE_SANITIZE)
  add_compile_options(-fsanitize=${CHAINRULE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CHAINRULE_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND PROJECT_IS_TOP_LEVEL)
  # Without these, ccache passes over every file that a precompiled header goes into.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
endif()
