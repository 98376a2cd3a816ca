"""The publisher's web server: the signed repository as static files, notices held open, pushes taken in.

Nothing that it serves has to be believed: gateways verify signatures. It decides nothing about content.
"""
