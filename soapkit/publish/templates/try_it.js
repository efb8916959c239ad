"use strict";
(function () {
  const form = document.getElementById("try-it");
  const at = (id) => document.getElementById(id);
  const types = {
    "1.1": () => ({ "Content-Type": "text/xml; charset=utf-8", "SOAPAction": '"' + action() + '"' }),
    "1.2": () => ({ "Content-Type": 'application/soap+xml; charset=utf-8; action="' + action() + '"' }),
  };

  function action() {
    return at("operation").selectedOptions[0].dataset.action;
  }

  function headers() {
    const found = types[at("version").value]();
    const user = at("user");
    if (user && user.value) {
      const bytes = new TextEncoder().encode(user.value + ":" + at("password").value);
      found["Authorization"] = "Basic " + btoa(String.fromCharCode(...bytes));
    }
    return found;
  }

  function say(text) {
    at("status").textContent = text;
  }

  async function load() {
    const query = new URLSearchParams({ example: at("operation").value, soap: at("version").value });
    const found = await fetch("?" + query);
    if (found.ok) {
      at("message").value = await found.text();
    } else {
      say("No example: " + found.status + " " + found.statusText);
    }
  }

  async function send() {
    say("Sending …");
    at("answer").textContent = "";
    const began = performance.now();
    const found = await fetch(location.pathname, { method: "POST", headers: headers(), body: at("message").value });
    const text = await found.text();
    const took = Math.round(performance.now() - began);
    const id = found.headers.get("X-Correlation-Id");
    at("answer").textContent = text;
    say(found.status + " " + found.statusText + ", " + took + " ms" + (id ? ", correlation id " + id : ""));
  }

  function reporting(work) {
    work().catch((error) => say("It could not be sent: " + error.message));
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    reporting(send);
  });
  at("operation").addEventListener("change", () => reporting(load));
  at("version").addEventListener("change", () => reporting(load));
  form.hidden = false;
})();
