"""CUT Get Account Data: an external system, the gateway, Siebel and back; beside the same two hops on node-soap."""
