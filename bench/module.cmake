# Part of Larder as a Wasm module of its own, linked from the very archives of the deployed one and treated as that is,
# so that it is its speed that is measured.
#
#   larder_bench_module(NAME SOURCE file ARCHIVES library... MEMORY_BYTES bytes [INCLUDES folder...] [DEFINES define...])
#
# NAME.wasm; `library` is larder_base for ${LARDER_BUILD}/liblarder_base.a.

set(LARDER_BUILD "" CACHE PATH "A build of Larder with the same toolchain")
set(LARDER_ROOT "${CMAKE_CURRENT_LIST_DIR}/..")
find_program(WASM_OPT NAMES wasm-opt REQUIRED)
include("${LARDER_ROOT}/wasm/simd/simdjson.cmake")

function(larder_bench_module name)
  cmake_parse_arguments(BENCH "" "SOURCE;MEMORY_BYTES" "ARCHIVES;INCLUDES;DEFINES" ${ARGN})
  list(TRANSFORM BENCH_ARCHIVES REPLACE "(.+)" "${LARDER_BUILD}/lib\\1.a")
  set(linked "${CMAKE_BINARY_DIR}/linked.wasm")
  set(module "${CMAKE_BINARY_DIR}/${name}.wasm")
  add_library(${name} OBJECT "${BENCH_SOURCE}" "${LARDER_ROOT}/wasm/runtime_${LARDER_WASM_FLAVOUR}.cpp")
  set_target_properties(${name} PROPERTIES CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON)
  target_include_directories(${name} PRIVATE "${LARDER_ROOT}/src")
  target_include_directories(${name} SYSTEM PRIVATE "${LARDER_BUILD}/headers" ${BENCH_INCLUDES})
  target_compile_definitions(${name} PRIVATE ${BENCH_DEFINES})
  larder_use_simdjson_vectors(${name} PRIVATE)
  target_compile_options(${name} PRIVATE -O2 -Wall -Wextra -Wpedantic -Wconversion -Werror)
  add_custom_command(
    OUTPUT "${module}"
    COMMAND ${LARDER_WASM_LINKER} --no-entry --stack-first -z stack-size=262144 --max-memory=${BENCH_MEMORY_BYTES}
            --gc-sections --strip-all $<TARGET_OBJECTS:${name}> ${BENCH_ARCHIVES} ${LARDER_WASM_LIBRARIES}
            ${LARDER_WASM_BUILTINS} -o "${linked}"
    COMMAND ${WASM_OPT} -Oz --enable-simd --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int
            --enable-multivalue --enable-mutable-globals "${linked}" -o "${module}"
    DEPENDS ${name} $<TARGET_OBJECTS:${name}> ${BENCH_ARCHIVES}
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${name}_module ALL DEPENDS "${module}")
endfunction()
