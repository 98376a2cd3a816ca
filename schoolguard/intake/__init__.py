"""Lists from outside, on the gateway: fetched, checked, kept. It must not answer queries."""
