"""What a tier blocks, for other resolvers: policy zones, hosts and adblock files, zone transfer out.

It must not decide what is blocked: the snapshots and the tier's mask do.
"""
