"""Partners: a program for each toolkit, each run as a process of its own with a script of calls to make."""
