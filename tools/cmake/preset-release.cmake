# Preset "release": what is installed and what tools/bench measures.
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(COFFER_WERROR ON CACHE BOOL "")
