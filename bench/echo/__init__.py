"""An order EBM, answered as it came: what the SOAP edge costs, on soapkit and on Spyne as documented."""
