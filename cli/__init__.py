"""What a person types: the `broadsheet` command. It parses, calls and prints; what it calls is elsewhere."""
