"""`broadsheet publish`: the pages of the reader as files, made by the same application; search runs in the browser."""
