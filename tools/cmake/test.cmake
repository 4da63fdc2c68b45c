# cfr_test(<name> SOURCES <file>... LAYERS <layer>... [LINK <target>...] [LABELS <label>...] [TIMEOUT <seconds>])
#
# A Check program over the object libraries of the named layers: release symbols are never widened for tests.
# Sources see the whole tree ("base/secret.h", "token-store/store.h", "support/…").
find_package(PkgConfig REQUIRED)
pkg_check_modules(check REQUIRED IMPORTED_TARGET check)

function(cfr_test name)
    cmake_parse_arguments(T "" "TIMEOUT" "SOURCES;LAYERS;LINK;LABELS" ${ARGN})
    add_executable(${name} ${T_SOURCES})
    set(dependencies "")
    foreach(layer IN LISTS T_LAYERS)
        target_sources(${name} PRIVATE $<TARGET_OBJECTS:cfr_${layer}>)
        get_target_property(links cfr_${layer} LINK_LIBRARIES)
        list(APPEND dependencies ${links})
    endforeach()
    target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/src"
        "${PROJECT_SOURCE_DIR}/tests")
    target_link_libraries(${name} PRIVATE cfr_flags PkgConfig::check ${dependencies} ${T_LINK} Threads::Threads)
    if("store_lmdb" IN_LIST T_LAYERS)
        target_link_options(${name} PRIVATE -Wl,--wrap=strdup)
    endif()
    add_test(NAME "${CFR_TEST_PREFIX}${name}" COMMAND ${name})
    set_tests_properties("${CFR_TEST_PREFIX}${name}" PROPERTIES LABELS "${T_LABELS}" TIMEOUT 1800)
    if(T_TIMEOUT)
        set_tests_properties("${CFR_TEST_PREFIX}${name}" PROPERTIES TIMEOUT ${T_TIMEOUT})
    endif()
endfunction()
