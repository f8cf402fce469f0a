# elasticity_integration_test(NAME name COMMAND program arguments...
#                             [FIXTURES rabbitmq dockerd registry] [TIMEOUT seconds] [SERIAL])
#
# A ctest with the label `integration`. It reads $ELASTICITY_TESTBED/FIXTURE/env for the ports of the servers that
# all tests share (each test keeps to its own virtual host, queue names or labels), and may start its own with
# $ELASTICITY_SUPPORT/rabbitmq.sh and its neighbours: a test that stops or kills a server must. Exit code 77 is a
# skip, with the reason on standard output; with ELASTICITY_REQUIRE_ALL=1 the scripts fail instead.
set(ELASTICITY_TESTBED ${PROJECT_BINARY_DIR}/testbed)
set(ELASTICITY_SUPPORT ${CMAKE_CURRENT_LIST_DIR})

function(elasticity_test_fixture name)
    foreach(action IN ITEMS start stop)
        add_test(NAME testbed.${name}.${action}
                 COMMAND ${ELASTICITY_SUPPORT}/${name}.sh ${action} ${ELASTICITY_TESTBED}/${name})
    endforeach()
    set_tests_properties(testbed.${name}.start PROPERTIES FIXTURES_SETUP ${name})
    set_tests_properties(testbed.${name}.stop PROPERTIES FIXTURES_CLEANUP ${name})
    set_tests_properties(testbed.${name}.start testbed.${name}.stop
                         PROPERTIES LABELS integration TIMEOUT 120 SKIP_RETURN_CODE 77)
endfunction()

foreach(fixture IN ITEMS rabbitmq dockerd registry)
    elasticity_test_fixture(${fixture})
endforeach()

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
