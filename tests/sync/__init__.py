"""Two systems that are edited at the same time, and the gateway that keeps them in step, as processes."""
