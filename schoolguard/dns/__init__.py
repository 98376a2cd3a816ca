"""DNS as bytes: names, messages, answers, stream framing. No I/O, no clock; imports nothing of ours."""
