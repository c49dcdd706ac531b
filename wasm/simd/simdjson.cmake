# simdjson in WebAssembly, by its kernel of 128-bit vectors. It has one for x86 processors (westmere) and none for
# WebAssembly. What they ask of the processor is the same, so it is told that there is such a processor, and
# x86intrin.h beside this file stands for it. Nothing of the package is changed.
#
#   larder_use_simdjson_vectors(TARGET SCOPE)
set(LARDER_SIMD_DIR "${CMAKE_CURRENT_LIST_DIR}")

function(larder_use_simdjson_vectors target scope)
  # Found before the compiler's own header of the name: a folder of -I goes before those of -isystem.
  target_include_directories(${target} ${scope} "${LARDER_SIMD_DIR}")
  target_compile_options(${target} ${scope} -msimd128)
  target_compile_definitions(${target} ${scope} SIMDJSON_IS_X86_64=1 __SSE4_2__=1 __PCLMUL__=1
                             SIMDJSON_IMPLEMENTATION_HASWELL=0 SIMDJSON_IMPLEMENTATION_ICELAKE=0)
endfunction()
