"""The query path: from a packet and a client to a reply; caches, upstreams, exchanges."""
