"""One file per provider, each pure: a payload in, a Ship out."""
