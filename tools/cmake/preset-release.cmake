# Preset "release": what is installed and what tools/bench measures.
set(COFFER_PRESET "release" CACHE STRING "")
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(COFFER_WERROR ON CACHE BOOL "")
