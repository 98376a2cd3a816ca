"""Lists for others, on the publisher: signed, compiled, exported. It must not answer queries of clients."""
