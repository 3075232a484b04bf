"""What the pages show, one module a page: the only reads across rooms besides the week's."""
