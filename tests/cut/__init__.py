"""The CUT workflows through the wire, against the Siebel simulator."""
