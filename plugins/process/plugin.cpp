#include "plugins/process/process_backend.hpp"

ELASTICITY_PLUGIN(elasticity::process::ProcessBackend)
