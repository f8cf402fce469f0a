# elasticity_add_plugin(<name> SOURCES a.cpp ... [LIBRARIES ...] [NO_INSTALL])
#
# Makes the module <name>.so, in ELASTICITY_PLUGIN_OUTPUT_DIR and installed into ELASTICITY_PLUGIN_SUBDIR
# where these are set. It links the way that lets two generations of a plugin live in one process, and the
# build fails if anything but elasticity_plugin_negotiate is exported. Why: docs/reference/plugin-abi.md.

function(elasticity_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "" "SOURCES;LIBRARIES")
    if(NOT arg_SOURCES OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "elasticity_add_plugin(${name}): wanted SOURCES and maybe LIBRARIES, NO_INSTALL; "
                            "not understood: '${arg_UNPARSED_ARGUMENTS}'")
    endif()
    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE Elasticity::sdk ${arg_LIBRARIES})
    if(TARGET elasticity_build_flags)
        target_link_libraries(${name} PRIVATE elasticity_build_flags)
    endif()
    set_target_properties(${name} PROPERTIES PREFIX "" POSITION_INDEPENDENT_CODE ON)
    if(ELASTICITY_PLUGIN_OUTPUT_DIR)
        set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${ELASTICITY_PLUGIN_OUTPUT_DIR})
    endif()
    elasticity_link_as_plugin(${name})
    if(ELASTICITY_PLUGIN_SUBDIR AND NOT arg_NO_INSTALL)
        install(TARGETS ${name} LIBRARY DESTINATION ${ELASTICITY_PLUGIN_SUBDIR})
    endif()
endfunction()

# The recipe, and its check. -fvisibility=hidden alone leaves Boost's inline variables exported.
function(elasticity_link_as_plugin name)
    set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/plugin.map)
    set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden
                                             VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS ${map})
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
    target_link_options(${name} PRIVATE
        LINKER:--version-script=${map} LINKER:--exclude-libs,ALL LINKER:-z,now)
    # A sanitizer's run-time library belongs to the program, so its symbols are undefined in a module.
    if(NOT ELASTICITY_SANITIZE)
        target_link_options(${name} PRIVATE LINKER:-z,defs)
    endif()
    add_custom_command(TARGET ${name} POST_BUILD VERBATIM
        COMMAND ${CMAKE_COMMAND} -D NM=${CMAKE_NM} -D PLUGIN=$<TARGET_FILE:${name}>
                -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/CheckPluginExports.cmake)
endfunction()
