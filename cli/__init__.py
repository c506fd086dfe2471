"""The command line: one module a group of commands, each a settings class with a `cli_cmd`."""
