# The target `run_tsan_tests` runs every test program that was added to `tsan_tests`.
get_target_property(programs tsan_tests MANUALLY_ADDED_DEPENDENCIES)
set(commands "")
if(programs)
    foreach(program IN LISTS programs)
        # ThreadSanitizer of this compiler cannot map its shadow where newer kernels randomize most.
        list(APPEND commands COMMAND ${CMAKE_COMMAND} -E echo "${program}"
                             COMMAND setarch --addr-no-randomize $<TARGET_FILE:${program}>)
    endforeach()
else()
    list(APPEND commands COMMAND ${CMAKE_COMMAND} -E echo "no test program is in tsan_tests" COMMAND false)
endif()
add_custom_target(run_tsan_tests ${commands} VERBATIM USES_TERMINAL)
add_dependencies(run_tsan_tests tsan_tests)
