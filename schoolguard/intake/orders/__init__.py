"""Takedown orders on a gateway: read, journalled, in force, confirmed. It must not fetch, and not answer
queries.
"""
