# elasticity_add_fuzzer(name SOURCES ... LIBRARIES ...): the libFuzzer program bin/fuzz_<name>, part of the
# target `fuzzers`, and a ctest that gives it the same 5,000 inputs each time. Its seeds, and every input that ever
# failed, stand in tests/fuzz/corpus/<name>; inputs that it finds are kept in the build folder's corpus/<name>.

# Without this the fuzzer would see nothing of what the libraries do with its inputs.
target_compile_options(elasticity_build_flags INTERFACE -fsanitize=fuzzer-no-link)

function(elasticity_make_fuzzer target)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} PRIVATE elasticity_build_flags)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
endfunction()

function(elasticity_add_fuzzer name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBRARIES")
    add_executable(fuzz_${name} ${arg_SOURCES})
    elasticity_make_fuzzer(fuzz_${name})
    target_link_libraries(fuzz_${name} PRIVATE ${arg_LIBRARIES})
    add_dependencies(fuzzers fuzz_${name})
    add_test(NAME fuzz.${name} COMMAND ${PROJECT_SOURCE_DIR}/scripts/fuzz.sh ${PROJECT_BINARY_DIR} 5000 ${name})
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()
