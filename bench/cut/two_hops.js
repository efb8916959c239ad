// The same two hops on node-soap, as its documentation shows them, one process a worker:
//   node two_hops.js siebel  PORT WORKERS WSDL ACCOUNTS         answers accounts out of a file, by row id
//   node two_hops.js gateway PORT WORKERS WSDL SIEBEL_WSDL URL  asks the one above
"use strict";
const cluster = require("cluster");
const fs = require("fs");
const http = require("http");
const axios = require("axios");
const soap = require("soap");

const [role, port, workers, wsdl, ...rest] = process.argv.slice(2);

function siebel(file) {
  const accounts = JSON.parse(fs.readFileSync(file, "utf8"));
  const answer = ({ PrimaryRowId }) => ({ ListOfCutSampleAccountIo: { Account: accounts[PrimaryRowId] ?? [] } });
  return { CUTSampleAccount: { CUTSampleAccount: { CUTSampleAccountQueryById: answer } } };
}

async function gateway(siebelWsdl, url) {
  const agent = new http.Agent({ keepAlive: true });
  const client = await soap.createClientAsync(siebelWsdl, { request: axios.create({ httpAgent: agent }) }, url);
  const answer = async ({ Object_spcId }) => {
    const [found] = await client.CUTSampleAccountQueryByIdAsync({ PrimaryRowId: Object_spcId });
    const list = found.ListOfCutSampleAccountIo;
    return { ListOfCutSampleAccountIo: list, Error_spcCode: "", Error_spcMessage: "", Object_spcId };
  };
  return { CUTAccount: { CUTAccount: { CUTGetAccountData: answer } } };
}

async function serve() {
  const services = role === "siebel" ? siebel(...rest) : await gateway(...rest);
  const server = http.createServer((request, response) => response.writeHead(404).end());
  const callback = () => server.listen(Number(port), "127.0.0.1"); // once it has read the contract
  soap.listen(server, { path: "/" + role, services, xml: fs.readFileSync(wsdl, "utf8"), uri: wsdl, callback });
}

if (cluster.isPrimary && Number(workers) > 1) {
  for (let i = 0; i < Number(workers); i++) cluster.fork();
  process.on("SIGTERM", () => process.exit(0));
} else {
  serve();
}
