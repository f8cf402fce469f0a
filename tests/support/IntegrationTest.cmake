# elasticity_integration_test(NAME name COMMAND program arguments...
#                             [FIXTURES rabbitmq dockerd registry] [TIMEOUT seconds] [SERIAL])
#
# A ctest with the label `integration`. It reads $ELASTICITY_TESTBED/FIXTURE/env for the ports of the servers
# that all tests share (each test keeps to its own virtual host, queue names or labels), and may start its own
# with $ELASTICITY_SUPPORT/rabbitmq.sh and its neighbours: a test that stops or kills a server must. Exit code 77
# is a skip, with the reason on standard output; with ELASTICITY_REQUIRE_ALL=1 the scripts fail instead.
set(ELASTICITY_TESTBED ${PROJECT_BINARY_DIR}/testbed)
set(ELASTICITY_SUPPORT ${CMAKE_CURRENT_LIST_DIR})

# The start begins afresh, also after a run that was interrupted and left its server behind.
function(elasticity_test_fixture name stop_action)
    set(script ${ELASTICITY_SUPPORT}/${name}.sh)
    set(directory ${ELASTICITY_TESTBED}/${name})
    add_test(NAME testbed.${name}.start
             COMMAND sh -c [["$0" "$2" "$1" && rm -rf "$1" && exec "$0" start "$1"]]
                     ${script} ${directory} ${stop_action})
    add_test(NAME testbed.${name}.stop COMMAND ${script} ${stop_action} ${directory})
    set_tests_properties(testbed.${name}.start PROPERTIES FIXTURES_SETUP ${name})
    set_tests_properties(testbed.${name}.stop PROPERTIES FIXTURES_CLEANUP ${name})
    set_tests_properties(testbed.${name}.start testbed.${name}.stop
                         PROPERTIES LABELS integration TIMEOUT 120 SKIP_RETURN_CODE 77)
endfunction()

# Nobody needs the shared node's data again, and a graceful stop takes it 6 s.
elasticity_test_fixture(rabbitmq kill)
elasticity_test_fixture(dockerd stop)
elasticity_test_fixture(registry stop)

function(elasticity_integration_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg "SERIAL" "NAME;TIMEOUT" "COMMAND;FIXTURES")
    if(NOT arg_NAME OR NOT arg_COMMAND OR arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "elasticity_integration_test: NAME and COMMAND wanted, got ${ARGV}")
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 120)
    endif()
    add_test(NAME ${arg_NAME} COMMAND ${arg_COMMAND})
    set_tests_properties(${arg_NAME} PROPERTIES
        LABELS integration TIMEOUT ${arg_TIMEOUT} SKIP_RETURN_CODE 77
        ENVIRONMENT "ELASTICITY_TESTBED=${ELASTICITY_TESTBED};ELASTICITY_SUPPORT=${ELASTICITY_SUPPORT}")
    if(arg_FIXTURES)
        set_tests_properties(${arg_NAME} PROPERTIES FIXTURES_REQUIRED "${arg_FIXTURES}")
    endif()
    if(arg_SERIAL)
        set_tests_properties(${arg_NAME} PROPERTIES RUN_SERIAL TRUE)
    endif()
endfunction()
