"""Public lists by HTTPS: fetched when they are due, checked, kept as list files for the compiler.

Nothing here enforces anything: what is installed goes through the compiler's limits like every list file.
"""
