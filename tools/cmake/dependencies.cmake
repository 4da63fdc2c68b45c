# Libraries, all from Debian packages. README.md gives the reason for each.
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

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
