# Preset "bundled": a private static OpenSSL 3.5, whatever the system has; tested with fault hooks like "dev".
set(COFFER_PRESET "bundled" CACHE STRING "")
set(CMAKE_BUILD_TYPE Debug CACHE STRING "")
set(COFFER_WERROR ON CACHE BOOL "")
set(COFFER_FAULTS ON CACHE BOOL "")
set(COFFER_OPENSSL "bundled" CACHE STRING "")
