# Libraries, all from Debian packages. README.md gives the reason for each.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# libcrypto is OpenSSL::Crypto. cfr_host_crypto is that of a process which the module is loaded into: the same one,
# unless the module has a private copy.
add_library(cfr_host_crypto INTERFACE)
if(COFFER_OPENSSL STREQUAL "bundled")
    execute_process(COMMAND "${PROJECT_SOURCE_DIR}/tools/dev/openssl" OUTPUT_VARIABLE openssl
        OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "tools/dev/openssl has made no libcrypto")
    endif()
    message(STATUS "libcrypto: ${openssl}, linked statically")
    add_library(OpenSSL::Crypto STATIC IMPORTED GLOBAL)
    set_target_properties(OpenSSL::Crypto PROPERTIES IMPORTED_LOCATION "${openssl}/lib/libcrypto.a"
        INTERFACE_INCLUDE_DIRECTORIES "${openssl}/include" INTERFACE_LINK_LIBRARIES Threads::Threads)
    pkg_check_modules(host_crypto REQUIRED IMPORTED_TARGET libcrypto)
    target_link_libraries(cfr_host_crypto INTERFACE PkgConfig::host_crypto)
elseif(COFFER_OPENSSL STREQUAL "system")
    find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
    target_link_libraries(cfr_host_crypto INTERFACE OpenSSL::Crypto)
else()
    message(FATAL_ERROR "COFFER_OPENSSL is system or bundled, not \"${COFFER_OPENSSL}\"")
endif()

# LMDB and libargon2 are linked from their archives where those exist. Hidden inside the module they cannot
# clash with a copy of the host's, and --wrap can give LMDB our strdup: under RTLD_DEEPBIND glibc's strdup and
# our free() may belong to different allocators (tests/integration/process/deepbind_test.c).
function(cfr_find_archive target module archive header)
    pkg_check_modules(${module} REQUIRED ${module})
    find_path(${module}_HEADER_DIR ${header} HINTS ${${module}_INCLUDE_DIRS} REQUIRED)
    find_library(${module}_ARCHIVE NAMES ${archive} HINTS ${${module}_LIBRARY_DIRS} REQUIRED)
    add_library(${target} STATIC IMPORTED GLOBAL)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION "${${module}_ARCHIVE}"
        INTERFACE_INCLUDE_DIRECTORIES "${${module}_HEADER_DIR}")
endfunction()

cfr_find_archive(cfr_lmdb lmdb liblmdb.a lmdb.h)
cfr_find_archive(cfr_argon2 libargon2 libargon2.a argon2.h)
