# Preset "fuzz": libFuzzer harnesses with AddressSanitizer, built by Clang.
set(COFFER_PRESET "fuzz" CACHE STRING "")
set(CMAKE_C_COMPILER clang CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(COFFER_FUZZ ON CACHE BOOL "")
set(COFFER_BENCH OFF CACHE BOOL "")
set(COFFER_SANITIZE "address,undefined" CACHE STRING "")
