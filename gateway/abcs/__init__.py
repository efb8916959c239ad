"""The application business connector services, one module each, in snake_case of its name."""
