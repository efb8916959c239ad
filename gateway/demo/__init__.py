"""What `o2c demo` shows: customers, an order that is billed, one that fails and is mended."""
