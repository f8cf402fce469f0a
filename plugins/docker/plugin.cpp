#include "plugins/docker/docker_backend.hpp"

ELASTICITY_PLUGIN(elasticity::docker::DockerBackend)
