# Preset "asan": AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer.
set(COFFER_PRESET "asan" CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(COFFER_WERROR ON CACHE BOOL "")
set(COFFER_FAULTS ON CACHE BOOL "")
set(COFFER_BENCH OFF CACHE BOOL "")
set(COFFER_SANITIZE "address,undefined" CACHE STRING "")
