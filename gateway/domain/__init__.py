"""The order, the customer and the rules, as plain data and functions: standard library only."""
