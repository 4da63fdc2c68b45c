# cfr_flags carries language, warnings, hardening and sanitizers to every target of the project.
include(CheckCCompilerFlag)
include(CheckLinkerFlag)

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)

add_library(cfr_flags INTERFACE)
target_include_directories(cfr_flags INTERFACE "${PROJECT_SOURCE_DIR}/include" "${PROJECT_BINARY_DIR}/include")
target_compile_definitions(cfr_flags INTERFACE _GNU_SOURCE $<$<BOOL:${COFFER_FAULTS}>:CFR_FAULTS=1>)

set(warnings
    -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wundef -Wvla -Wcast-qual -Wcast-align
    -Wpointer-arith -Wwrite-strings -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
    -Wswitch-enum -Wimplicit-fallthrough -Wdouble-promotion -Wframe-larger-than=4096
    -Wlogical-op -Wduplicated-cond -Wduplicated-branches)
set(hardening
    -fstack-protector-strong -fstack-clash-protection -fno-strict-overflow -fstrict-flex-arrays=3
    -ftrivial-auto-var-init=zero -fcf-protection -mbranch-protection=standard)

# A flag that this compiler does not know is left out, and named, so that nobody believes it is on.
function(cfr_add_known_flags)
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "HAVE${flag}" variable)
        set(CMAKE_REQUIRED_FLAGS -Werror)
        check_c_compiler_flag("${flag}" ${variable})
        if(${variable})
            target_compile_options(cfr_flags INTERFACE "${flag}")
        else()
            list(APPEND missing "${flag}")
        endif()
    endforeach()
    if(missing)
        list(JOIN missing " " missing)
        message(STATUS "Flags this compiler does not know: ${missing}")
    endif()
endfunction()

set(CMAKE_REQUIRED_QUIET ON)
cfr_add_known_flags(${warnings} ${hardening})

if(COFFER_WERROR)
    target_compile_options(cfr_flags INTERFACE -Werror)
endif()
if(COFFER_SANITIZE)
    target_compile_options(cfr_flags INTERFACE -fsanitize=${COFFER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    target_link_options(cfr_flags INTERFACE -fsanitize=${COFFER_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL Debug AND NOT COFFER_COVERAGE)
    target_compile_options(cfr_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(COFFER_COVERAGE)
    target_compile_options(cfr_flags INTERFACE --coverage)
    target_link_options(cfr_flags INTERFACE --coverage)
endif()
if(COFFER_FUZZ)
    target_compile_options(cfr_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Objects hold both forms; only the module is linked from the one that can still be optimised.
if(COFFER_LTO)
    set(CFR_LAYER_OPTIONS -flto -ffat-lto-objects)
    target_link_options(cfr_flags INTERFACE
        "$<IF:$<STREQUAL:$<TARGET_PROPERTY:TYPE>,MODULE_LIBRARY>,-flto=auto,-fno-lto>")
endif()

# What the loadable module is linked with; -z nodelete because libcrypto leaves thread destructors behind.
set(CFR_MODULE_LINK_OPTIONS -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,nodelete -Wl,-Bsymbolic)
if(NOT COFFER_SANITIZE)
    list(APPEND CFR_MODULE_LINK_OPTIONS -Wl,-z,defs)
endif()
