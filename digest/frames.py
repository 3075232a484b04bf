"""How a mail is shown on a page: in a frame without scripts."""

# A mail carries its style in its elements. This is the only answer of Wake that allows such style.
MAIL_IN_A_FRAME = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],  # the pictures that came in the mail itself
    "frame-ancestors": ["'self'"],
    "form-action": ["'none'"],
}
