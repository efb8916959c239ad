// node-soap as its documentation shows it, one process a worker: node echo.js WSDL PORT WORKERS
"use strict";
const cluster = require("cluster");
const fs = require("fs");
const http = require("http");
const soap = require("soap");

const [wsdl, port, workers] = process.argv.slice(2);

if (cluster.isPrimary && Number(workers) > 1) {
  for (let i = 0; i < Number(workers); i++) cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
} else {
  const echo = { Echo: { EchoPort: { Echo: (message) => message } } };
  const server = http.createServer((request, response) => response.writeHead(404).end());
  const callback = () => server.listen(Number(port), "127.0.0.1"); // once it has read the contract
  soap.listen(server, { path: "/echo", services: echo, xml: fs.readFileSync(wsdl, "utf8"), uri: wsdl, callback });
}
