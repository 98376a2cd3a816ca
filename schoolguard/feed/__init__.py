"""What leaves a school: summaries of counts, signed, kept until they are acknowledged.

It must not know a device.
"""
