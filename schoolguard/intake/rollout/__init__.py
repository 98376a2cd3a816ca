"""What publisher and gateway say to each other of lists on their way to every school: stages, and counts.

Values and documents only. No name that anybody asked for is in any of them.
"""
