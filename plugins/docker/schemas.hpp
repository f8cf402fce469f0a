// What the core validates settings and specs against, and documents.
#pragma once
#include <string_view>

namespace elasticity::docker {

inline constexpr std::string_view config_schema_text = R"({
  "type": "object",
  "description": "A Docker Engine, reached through its API",
  "additionalProperties": false,
  "properties": {
    "endpoint": {
      "type": "string", "default": "unix:///var/run/docker.sock",
      "description": "unix:///PATH, http://HOST:PORT, https://HOST:PORT; tcp://HOST:PORT is TLS with tls"
    },
    "tls": {
      "type": "object", "additionalProperties": false,
      "description": "Files in PEM format for an engine that listens on TCP",
      "properties": {
        "ca_file": {"type": "string", "description": "Authorities to trust; the system's when absent"},
        "cert_file": {"type": "string", "description": "Our certificate; wants key_file"},
        "key_file": {"type": "string", "description": "The key of our certificate"},
        "verify": {
          "type": "boolean", "default": true,
          "description": "Check the engine's certificate and host name"
        }
      }
    },
    "network": {
      "type": "string",
      "description": "Network of workers that name none; the engine's default when absent"
    },
    "stop_grace_s": {
      "type": "integer", "minimum": 0, "default": 10,
      "description": "What the engine leaves a worker between SIGTERM and SIGKILL when others stop it"
    },
    "log_max_bytes": {
      "type": "integer", "minimum": 65536, "default": 10485760,
      "description": "Size at which the engine rotates a worker's log"
    },
    "log_files_max": {
      "type": "integer", "minimum": 1, "default": 3,
      "description": "Rotated log files that the engine keeps of a worker"
    },
    "registries": {
      "type": "object",
      "description": "Logins for pulling, by registry host such as docker.io or localhost:5000",
      "additionalProperties": {
        "type": "object", "additionalProperties": false, "required": ["username", "password"],
        "properties": {
          "username": {"type": "string", "description": "Account at the registry"},
          "password": {
            "type": "object",
            "description": "Secret: {\"file\": PATH}, {\"env\": NAME} or {\"command\": [...]}"
          }
        }
      }
    }
  }
})";

inline constexpr std::string_view spec_schema_text = R"({
  "type": "object",
  "description": "A worker in a container of its own",
  "additionalProperties": false,
  "required": ["image"],
  "properties": {
    "image": {
      "type": "string", "format": "container-image", "minLength": 1, "maxLength": 512,
      "description": "[REGISTRY[:PORT]/]PATH[:TAG][@DIGEST]; with a digest it never changes under us"
    },
    "command": {
      "type": "array", "items": {"type": "string"},
      "description": "Program and arguments, no shell; the image's own when absent"
    },
    "cpus": {
      "type": "number", "minimum": 0.01,
      "description": "Limit in CPUs, 0.5 for half of one"
    },
    "memory_bytes": {
      "type": "integer", "minimum": 6291456,
      "description": "Limit of memory, without swap; beyond it the worker is killed"
    },
    "network": {
      "type": "string", "minLength": 1,
      "description": "Name of a network of the engine, or host, none, bridge"
    },
    "mounts": {
      "type": "array", "description": "Folders and volumes to show to the worker",
      "items": {
        "type": "object", "additionalProperties": false, "required": ["source", "target"],
        "properties": {
          "source": {
            "type": "string", "minLength": 1,
            "description": "Absolute path on the engine's host, or name of a volume"
          },
          "target": {
            "type": "string", "minLength": 1,
            "description": "Absolute path in the container"
          },
          "read_only": {
            "type": "boolean", "default": false,
            "description": "Whether the worker may only read"
          }
        }
      }
    },
    "pull": {
      "type": "string", "enum": ["missing", "always", "never"], "default": "missing",
      "description": "When to pull the image"
    }
  }
})";

}  // namespace elasticity::docker
