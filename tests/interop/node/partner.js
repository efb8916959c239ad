// A partner on node-soap: `node partner.js DIRECTORY` does what the script there says (tests/interop/script.py).

import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import soap from "soap";

const directory = process.argv[2];
const ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/";

const rows = (name) =>
  readFileSync(join(directory, name), "utf8").split("\n").filter(Boolean).map((line) => line.split("\t"));
const tell = (...fact) =>
  appendFileSync(join(directory, "facts.tsv"), fact.map((field) => field.replace(/\s+/g, " ").trim()).join("\t") + "\n");
const message = (name) => readFileSync(join(directory, "messages", name + ".xml"), "utf8").replace(/^<\?xml.*?\?>/, "");

/** Reads an element into plain values with node-soap's own reader, by the schema of the client's contract. */
function read(client, xml) {
  const found = client.wsdl.xmlToObject(`<e:Envelope xmlns:e="${ENVELOPE}"><e:Body>${xml}</e:Body></e:Envelope>`);
  return whole(Object.values(found.Body)[0]);
}

/**
 * Makes what a caller would write: objects of elements that hold nothing, which node-soap reads as null and sends as
 * nil, and text of moments, which it reads as Date and sends as nothing.
 */
function whole(value) {
  if (value === null) return {};
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(whole);
  return Object.fromEntries(Object.entries(value).map(([member, each]) => [member, whole(each)]));
}

/** Writes plain values as elements without namespaces, which plain values do not have. */
function write(name, value) {
  if (Array.isArray(value)) return value.map((each) => write(name, each)).join("");
  if (value === undefined) return "";
  if (value === null) return `<${name}/>`;
  if (value instanceof Date) return `<${name}>${value.toISOString()}</${name}>`;
  if (typeof value !== "object") return `<${name}>${escaped(String(value))}</${name}>`;
  const { attributes = {}, $value, ...members } = value;
  const inside = Object.entries(members).map(([member, each]) => write(member, each)).join("");
  const text = $value === undefined ? "" : escaped(String($value));
  const beside = Object.entries(attributes).filter(([key]) => !key.startsWith("xmlns"));
  const written = beside.map(([key, each]) => ` ${key}="${escaped(String(each))}"`).join("");
  return `<${name}${written}>${text}${inside}</${name}>`;
}

const escaped = (text) =>
  text.replace(/[&<>"]/g, (found) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[found]);

/** Tells which members of each type node-soap takes for lists; that something is optional it does not ask. */
function tellMembers(service, client) {
  for (const [namespace, schema] of Object.entries(client.wsdl.definitions.schemas)) {
    for (const [type, declared] of Object.entries(schema.complexTypes)) {
      const described = declared.description(client.wsdl.definitions);
      for (const member of Object.keys(described ?? {})) {
        if (member === "targetNSAlias" || member === "targetNamespace") continue;
        const many = member.endsWith("[]") ? "many" : "one";
        tell("member", service, `{${namespace}}${type}`, member.replace("[]", ""), many, "optional");
      }
    }
  }
}

async function call([name, service, operation, answer, declared, version]) {
  const client = version === "1.1" ? clients[service] : await inSoap12(service);
  client.clearSoapHeaders();
  client.addHttpHeader("X-Correlation-Id", name);
  if (existsSync(join(directory, "messages", name + ".header.xml"))) client.addSoapHeader(message(name + ".header"));
  try {
    const [result] = await client[operation + "Async"](read(client, message(name)));
    if (!answer) return tell("accepted", name);
    writeFileSync(join(directory, "typed", name + ".xml"), write(answer.replace(/.*\}/, ""), result));
    tell("answer", name);
  } catch (error) {
    const fault = error.root?.Envelope?.Body?.Fault;
    const detail = fault?.detail ?? fault?.Detail;
    if (fault && !declared) return tell("error", name, fault.faultstring ?? fault.Reason?.Text);
    if (!detail) return tell("error", name, String(error.stack ?? error));
    const [element, fields] = Object.entries(detail)[0];
    writeFileSync(join(directory, "typed", name + ".xml"), write(element, fields));
    tell("fault", name, element);
  }
}

// clients of one URL share their contract, options included, unless they are told not to
const inSoap12 = (service) =>
  soap.createClientAsync(urls[service], { forceSoap12Headers: true, disableCache: true });

const clients = {};
const urls = {};
for (const [service, url] of rows("services.tsv")) {
  urls[service] = url;
  clients[service] = await soap.createClientAsync(url);
  if (existsSync(join(directory, "credentials.tsv"))) {
    const options = { passwordType: "PasswordDigest", hasTimeStamp: true };
    clients[service].setSecurity(new soap.WSSecurity(...rows("credentials.tsv")[0], options));
  }
  tellMembers(service, clients[service]);
  tell("generated", service);
}
for (const each of rows("calls.tsv")) await call(each);
