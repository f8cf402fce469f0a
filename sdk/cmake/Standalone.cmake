# What the parent project sets otherwise, for an SDK that is built alone.
include(GNUInstallDirs)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
endif()
set(ELASTICITY_PLUGIN_SUBDIR lib/elasticity/plugins/1)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
# Includes are written from the folder above sdk/.
get_filename_component(PROJECT_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR} DIRECTORY)

# The headers need nothing; the tools need Boost.
if(ELASTICITY_SDK_TOOLS)
    find_package(Threads REQUIRED)
    find_package(Boost 1.81 REQUIRED COMPONENTS json filesystem)
    add_library(elasticity_build_flags INTERFACE)
endif()
