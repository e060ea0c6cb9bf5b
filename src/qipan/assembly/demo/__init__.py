"""The demo district: made, not recorded."""
