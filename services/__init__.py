"""The services: one folder each, an algorithm that knows no gRPC and a servicer that translates."""
