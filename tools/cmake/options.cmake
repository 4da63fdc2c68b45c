# Every build option and what it does. Presets are initial-cache files: cmake -C tools/cmake/preset-<name>.cmake
option(COFFER_TESTS "Build the tests (needs Check)" ON)
option(COFFER_BENCH "Build tools/bench" ON)
option(COFFER_WERROR "Treat warnings as errors" OFF)
option(COFFER_FUZZ "Build the libFuzzer harnesses (needs Clang)" OFF)
option(COFFER_FAULTS "Compile in the fault hooks that the nth-failure tests use; never for a release" OFF)
set(COFFER_SANITIZE "" CACHE STRING "Sanitizers for every target, as -fsanitize= takes them, e.g. address,undefined")
option(COFFER_COVERAGE "Instrument for gcov" OFF)

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()
