# Preset "coverage": gcov instrumentation.
set(COFFER_PRESET "coverage" CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(COFFER_FAULTS ON CACHE BOOL "")
set(COFFER_COVERAGE ON CACHE BOOL "")
