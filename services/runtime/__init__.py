"""What all services share: settings, errors, logging, pictures, server start and drain."""
