"""The publisher's signed repository (The Update Framework): keys, roles, delegations, signing, publishing.

Nothing here opens a socket: the repository is a folder of static files that any web server, mirror or stick
serves. What the keys of root, targets and partners sign is signed elsewhere and brought here; only snapshot,
timestamp and the publisher's own compiled layers are signed on this machine.
"""
