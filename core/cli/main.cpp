#include "core/cli/commands.hpp"

int main(int argc, char** argv) {
    elasticity::cli::Terminal terminal = elasticity::cli::standard_terminal();
    return static_cast<int>(elasticity::cli::run({argv + 1, argv + argc}, terminal));
}
