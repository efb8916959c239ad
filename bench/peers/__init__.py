"""The echo beside the stacks that others would choose: JAX-WS RI, validating as we do, and node-soap, which cannot."""
