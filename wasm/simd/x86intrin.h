// What simdjson's 128-bit kernel asks of an x86 processor (SSE 4.2, carry-less multiplication, counting
// bits), in the 128-bit vectors of WebAssembly. It is found under this name in place of the compiler's own
// header, which knows no WebAssembly; CMakeLists.txt says how simdjson is told to use that kernel.
// tests/architecture/simd.test.js holds it to simdjson's kernel without vectors.
//
// Names and meanings are Intel's (Intrinsics Guide, read 2026-11), as far as they are used: nothing else is
// here.
#pragma once

#include <wasm_simd128.h>

#include <cstdint>

typedef v128_t __m128i;

#define LARDER_INTRINSIC static inline __attribute__((__always_inline__, __nodebug__))

// Memory and constants. No address has to be aligned.
LARDER_INTRINSIC __m128i _mm_loadu_si128(const __m128i* from) { return wasm_v128_load(from); }
LARDER_INTRINSIC void _mm_storeu_si128(__m128i* into, __m128i a) { wasm_v128_store(into, a); }
LARDER_INTRINSIC __m128i _mm_setzero_si128() { return wasm_i64x2_const(0, 0); }
LARDER_INTRINSIC __m128i _mm_set1_epi8(std::int8_t byte) { return wasm_i8x16_splat(byte); }
LARDER_INTRINSIC __m128i _mm_set_epi64x(std::int64_t high, std::int64_t low) {
  return wasm_i64x2_make(low, high);
}
LARDER_INTRINSIC __m128i _mm_set_epi32(std::int32_t d, std::int32_t c, std::int32_t b, std::int32_t a) {
  return wasm_i32x4_make(a, b, c, d);
}
LARDER_INTRINSIC __m128i _mm_setr_epi16(std::int16_t a, std::int16_t b, std::int16_t c, std::int16_t d,
                                        std::int16_t e, std::int16_t f, std::int16_t g, std::int16_t h) {
  return wasm_i16x8_make(a, b, c, d, e, f, g, h);
}
LARDER_INTRINSIC __m128i _mm_setr_epi8(std::int8_t a, std::int8_t b, std::int8_t c, std::int8_t d,
                                       std::int8_t e, std::int8_t f, std::int8_t g, std::int8_t h,
                                       std::int8_t i, std::int8_t j, std::int8_t k, std::int8_t l,
                                       std::int8_t m, std::int8_t n, std::int8_t o, std::int8_t p) {
  return wasm_i8x16_make(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
}
LARDER_INTRINSIC std::int32_t _mm_cvtsi128_si32(__m128i a) { return wasm_i32x4_extract_lane(a, 0); }
LARDER_INTRINSIC std::int64_t _mm_cvtsi128_si64(__m128i a) { return wasm_i64x2_extract_lane(a, 0); }

// Bits.
LARDER_INTRINSIC __m128i _mm_or_si128(__m128i a, __m128i b) { return wasm_v128_or(a, b); }
LARDER_INTRINSIC __m128i _mm_and_si128(__m128i a, __m128i b) { return wasm_v128_and(a, b); }
LARDER_INTRINSIC __m128i _mm_xor_si128(__m128i a, __m128i b) { return wasm_v128_xor(a, b); }
// ~a & b
LARDER_INTRINSIC __m128i _mm_andnot_si128(__m128i a, __m128i b) { return wasm_v128_andnot(b, a); }
// 1 where a & b is zero.
LARDER_INTRINSIC int _mm_testz_si128(__m128i a, __m128i b) {
  return !wasm_v128_any_true(wasm_v128_and(a, b));
}
LARDER_INTRINSIC int _mm_movemask_epi8(__m128i a) { return static_cast<int>(wasm_i8x16_bitmask(a)); }
LARDER_INTRINSIC __m128i _mm_slli_epi16(__m128i a, int count) {
  return wasm_i16x8_shl(a, static_cast<std::uint32_t>(count));
}
LARDER_INTRINSIC __m128i _mm_srli_epi16(__m128i a, int count) {
  return wasm_u16x8_shr(a, static_cast<std::uint32_t>(count));
}
LARDER_INTRINSIC long long _popcnt64(long long bits) {
  return __builtin_popcountll(static_cast<unsigned long long>(bits));
}

// Bytes.
LARDER_INTRINSIC __m128i _mm_add_epi8(__m128i a, __m128i b) { return wasm_i8x16_add(a, b); }
LARDER_INTRINSIC __m128i _mm_sub_epi8(__m128i a, __m128i b) { return wasm_i8x16_sub(a, b); }
LARDER_INTRINSIC __m128i _mm_adds_epu8(__m128i a, __m128i b) { return wasm_u8x16_add_sat(a, b); }
LARDER_INTRINSIC __m128i _mm_subs_epu8(__m128i a, __m128i b) { return wasm_u8x16_sub_sat(a, b); }
LARDER_INTRINSIC __m128i _mm_max_epi8(__m128i a, __m128i b) { return wasm_i8x16_max(a, b); }
LARDER_INTRINSIC __m128i _mm_min_epi8(__m128i a, __m128i b) { return wasm_i8x16_min(a, b); }
LARDER_INTRINSIC __m128i _mm_max_epu8(__m128i a, __m128i b) { return wasm_u8x16_max(a, b); }
LARDER_INTRINSIC __m128i _mm_min_epu8(__m128i a, __m128i b) { return wasm_u8x16_min(a, b); }
LARDER_INTRINSIC __m128i _mm_cmpeq_epi8(__m128i a, __m128i b) { return wasm_i8x16_eq(a, b); }
LARDER_INTRINSIC __m128i _mm_cmpgt_epi8(__m128i a, __m128i b) { return wasm_i8x16_gt(a, b); }
// The bytes of `table` at the places: by their low four bits, and 0 where the highest bit is set. WebAssembly
// looks at all eight and gives 0 for every place past the table.
LARDER_INTRINSIC __m128i _mm_shuffle_epi8(__m128i table, __m128i places) {
  return wasm_i8x16_swizzle(table,
                            wasm_v128_and(places, wasm_i8x16_const_splat(static_cast<std::int8_t>(0x8f))));
}
// 16 bytes from the `count`-th on of those of b and then of a; `count` is a constant from 0 to 16.
#define _mm_alignr_epi8(a, b, count)                                                                 \
  wasm_i8x16_shuffle(b, a, (count), (count) + 1, (count) + 2, (count) + 3, (count) + 4, (count) + 5, \
                     (count) + 6, (count) + 7, (count) + 8, (count) + 9, (count) + 10, (count) + 11, \
                     (count) + 12, (count) + 13, (count) + 14, (count) + 15)

// Sums of products: of signed numbers of 16 bits, two by two; of unsigned bytes by signed ones, two by two,
// as far as 16 bits reach.
LARDER_INTRINSIC __m128i _mm_madd_epi16(__m128i a, __m128i b) { return wasm_i32x4_dot_i16x8(a, b); }
LARDER_INTRINSIC __m128i _mm_maddubs_epi16(__m128i a, __m128i b) {
  const __m128i even =
      wasm_i16x8_mul(wasm_v128_and(a, wasm_i16x8_const_splat(0xff)), wasm_i16x8_shr(wasm_i16x8_shl(b, 8), 8));
  const __m128i odd = wasm_i16x8_mul(wasm_u16x8_shr(a, 8), wasm_i16x8_shr(b, 8));
  return wasm_i16x8_add_sat(even, odd);
}
LARDER_INTRINSIC __m128i _mm_packus_epi32(__m128i a, __m128i b) { return wasm_u16x8_narrow_i32x4(a, b); }

// The product without carries of the low 64 bits of a and 64 ones, which is all that is asked for: bit n of
// it is the sum of the bits 0 to n of a. The high half of the product is not made.
LARDER_INTRINSIC __m128i _mm_clmulepi64_si128(__m128i a, __m128i ones, int halves) {
  (void)ones;
  (void)halves;
  auto sums = static_cast<std::uint64_t>(wasm_i64x2_extract_lane(a, 0));
  sums ^= sums << 1;
  sums ^= sums << 2;
  sums ^= sums << 4;
  sums ^= sums << 8;
  sums ^= sums << 16;
  sums ^= sums << 32;
  return wasm_i64x2_make(static_cast<std::int64_t>(sums), 0);
}

// The low half of the product; `high` gets the other.
LARDER_INTRINSIC std::uint64_t _umul128(std::uint64_t a, std::uint64_t b, std::uint64_t* high) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  *high = static_cast<std::uint64_t>(product >> 64);
  return static_cast<std::uint64_t>(product);
}

#undef LARDER_INTRINSIC
