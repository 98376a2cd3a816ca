"""What an update of a list may do, said before it is in force. It must not fetch, write or ask the time."""
