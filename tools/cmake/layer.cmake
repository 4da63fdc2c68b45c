# A layer is one folder of sources that may include only the folders it names.
#
# cfr_layer(<name> DIR <folder> [USES <folder>...] [LINK <target>...] SOURCES <file>...)
#
# Every include is written "folder/file.h". The include path of a layer is a folder of links made here: its
# own folder and those under USES. An upward include therefore does not compile; nothing has to be checked.
# USES names folders, not layers, and is not transitive: a header that another header needs must be named.
function(cfr_layer name)
    cmake_parse_arguments(L "" "DIR" "USES;LINK;SOURCES" ${ARGN})
    set(view "${CMAKE_BINARY_DIR}/layers/${name}")
    file(MAKE_DIRECTORY "${view}")
    foreach(folder IN ITEMS ${L_DIR} LISTS L_USES)
        get_filename_component(short "${folder}" NAME)
        if(folder MATCHES "^token-store")
            set(target "${PROJECT_SOURCE_DIR}/${folder}")
        else()
            set(target "${PROJECT_SOURCE_DIR}/src/${folder}")
        endif()
        file(CREATE_LINK "${target}" "${view}/${short}" SYMBOLIC)
    endforeach()
    add_library(cfr_${name} OBJECT ${L_SOURCES})
    target_include_directories(cfr_${name} PRIVATE "${view}")
    target_link_libraries(cfr_${name} PRIVATE cfr_flags ${L_LINK})
    target_compile_options(cfr_${name} PRIVATE ${CFR_LAYER_OPTIONS})
    if(NOT name STREQUAL "base")
        target_compile_options(cfr_${name} PRIVATE -include base/prelude.h)
    endif()
    set_property(GLOBAL APPEND PROPERTY CFR_LAYERS cfr_${name})
    set_property(GLOBAL APPEND PROPERTY CFR_LAYER_LINKS ${L_LINK})
endfunction()
