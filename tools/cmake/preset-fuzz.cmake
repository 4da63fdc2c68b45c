# Preset "fuzz": libFuzzer harnesses with AddressSanitizer and UndefinedBehaviorSanitizer, built by Clang;
# optimised, which triples what a minute of fuzzing tries.
set(COFFER_PRESET "fuzz" CACHE STRING "")
set(CMAKE_C_COMPILER clang CACHE STRING "")
set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "")
set(COFFER_FUZZ ON CACHE BOOL "")
set(COFFER_BENCH OFF CACHE BOOL "")
set(COFFER_SANITIZE "address,undefined" CACHE STRING "")
