"""Mails as they come, read into what a customer said. Pure: no tables, no network, no clock."""
