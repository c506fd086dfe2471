"""Who may call a service, and how the line is protected."""
