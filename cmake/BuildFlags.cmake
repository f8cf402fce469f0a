# Warnings, sanitizers and nothing else. Our targets link `elasticity_build_flags`; third-party mains do not.
add_library(elasticity_build_flags INTERFACE)
target_compile_options(elasticity_build_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
                                                        -Wimplicit-fallthrough -fno-omit-frame-pointer)
if(ELASTICITY_WERROR)
    target_compile_options(elasticity_build_flags INTERFACE -Werror)
endif()

set(elasticity_sanitize_flags "")
if(ELASTICITY_SANITIZE)
    string(REPLACE ";" "," joined "${ELASTICITY_SANITIZE}")
    set(elasticity_sanitize_flags -fsanitize=${joined} -fno-sanitize-recover=all)
    target_compile_options(elasticity_build_flags INTERFACE ${elasticity_sanitize_flags})
    if("thread" IN_LIST ELASTICITY_SANITIZE)
        # Boost.Asio has fences, which this compiler's ThreadSanitizer does not see and warns about.
        target_compile_options(elasticity_build_flags INTERFACE -Wno-tsan)
    endif()
    # The link always needs the run-time library, also where a target has an unsanitized main.
    add_link_options(${elasticity_sanitize_flags})
endif()

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
