# Run after each link: cmake -D NM=nm -D PLUGIN=file.so -P CheckPluginExports.cmake
#
# A second exported symbol, a GNU_UNIQUE one above all, is shared with every other plugin of the process
# despite RTLD_LOCAL: two generations of a plugin would share state. So it fails the build, not the daemon.
execute_process(COMMAND ${NM} -D --defined-only ${PLUGIN}
                OUTPUT_VARIABLE listing RESULT_VARIABLE result OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "${PLUGIN}: ${NM} cannot list its symbols")
endif()
string(REGEX REPLACE "(^|\n)[0-9a-f]+ " "\\1" exported "${listing}")
if(NOT exported STREQUAL "T elasticity_plugin_negotiate")
    file(REMOVE ${PLUGIN})
    # Indented, since CMake breaks the lines of a message that is not.
    message(FATAL_ERROR
            "  ${PLUGIN}: must export elasticity_plugin_negotiate and nothing else; exports:\n  ${exported}")
endif()
