// LARDER_FOR_EACH(macro, ((a, b), (c, d))) gives macro(a, b) macro(c, d): how a table row's field list
// becomes code.
#pragma once

#define LARDER_PARENTHESES ()
#define LARDER_EXPAND(...) LARDER_EXPAND_3(LARDER_EXPAND_3(LARDER_EXPAND_3(__VA_ARGS__)))
#define LARDER_EXPAND_3(...) LARDER_EXPAND_2(LARDER_EXPAND_2(LARDER_EXPAND_2(__VA_ARGS__)))
#define LARDER_EXPAND_2(...) LARDER_EXPAND_1(LARDER_EXPAND_1(LARDER_EXPAND_1(__VA_ARGS__)))
#define LARDER_EXPAND_1(...) __VA_ARGS__
#define LARDER_LIST(...) __VA_ARGS__

#define LARDER_FOR_EACH(macro, list) LARDER_FOR_EACH_CALL(macro, LARDER_LIST list)
#define LARDER_FOR_EACH_CALL(macro, ...) LARDER_FOR_EACH_START(macro, __VA_ARGS__)
#define LARDER_FOR_EACH_START(macro, ...) __VA_OPT__(LARDER_EXPAND(LARDER_FOR_EACH_STEP(macro, __VA_ARGS__)))
#define LARDER_FOR_EACH_STEP(macro, item, ...) \
  macro item __VA_OPT__(LARDER_FOR_EACH_AGAIN LARDER_PARENTHESES(macro, __VA_ARGS__))
#define LARDER_FOR_EACH_AGAIN() LARDER_FOR_EACH_STEP
