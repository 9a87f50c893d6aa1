# What every target of the project is compiled with. Floating-point contraction is off, so that a result does
# not depend on what the compiler chose to fuse: kernels ask for a fused multiply-add where they want one.
function(chainrule_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -ffp-contract=off)
  if(CHAINRULE_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

option(CHAINRULE_WERROR "Treat warnings as errors" OFF)
set(CHAINRULE_SANITIZE "" CACHE STRING "Sanitizers for every target, e.g. address,undefined or thread")
if(CHAINRULE_SANITIZE)
  add_compile_options(-fsanitize=${CHAINRULE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${CHAINRULE_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()
