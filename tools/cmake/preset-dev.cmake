# Preset "dev": everyday work: debug information, warnings are errors, fault hooks.
set(COFFER_PRESET "dev" CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(COFFER_WERROR ON CACHE BOOL "")
set(COFFER_FAULTS ON CACHE BOOL "")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON CACHE BOOL "")
