"""Which device has an address: the kernel's neighbour table and DHCP leases. It knows no group and no name.

No MAC address and no IP address ever stands in a log line of this part.
"""
