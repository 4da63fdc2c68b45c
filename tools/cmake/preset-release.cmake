# Preset "release": what is installed and what tools/bench measures.
set(COFFER_PRESET "release" CACHE STRING "")
set(CMAKE_BUILD_TYPE Release CACHE STRING "")
set(COFFER_WERROR ON CACHE BOOL "")
set(COFFER_LTO ON CACHE BOOL "")
# Where p11-kit looks on Debian; GNUInstallDirs knows the multiarch folder for this prefix only.
set(CMAKE_INSTALL_PREFIX /usr CACHE PATH "")
