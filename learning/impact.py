"""What a ship did to a metric. Pure, and versioned."""
