"""Which ship a feedback is about, how sure that is, and why. Pure, and versioned."""
