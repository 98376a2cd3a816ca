"""Sockets in: UDP in batches, TCP, and the worker process around them."""
