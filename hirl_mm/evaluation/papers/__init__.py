"""Results that papers report; this project did not measure any of them."""
