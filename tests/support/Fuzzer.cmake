# elasticity_add_fuzzer(name SOURCES ... LIBRARIES ...): the libFuzzer program bin/fuzz_<name>, part of the
# target `fuzzers`. Its seeds, and every input that ever failed, stand in tests/fuzz/corpus/<name>.
function(elasticity_add_fuzzer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
    add_executable(fuzz_${name} ${arg_SOURCES})
    target_link_libraries(fuzz_${name} PRIVATE elasticity_build_flags ${arg_LIBRARIES})
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzzers fuzz_${name})
endfunction()
