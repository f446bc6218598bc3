"use strict";

const problem = document.getElementById("problem");
const field = document.getElementById("token");
const button = document.querySelector("button");

/** Where to go afterwards: a page of this server, never another place. */
function next() {
  const home = new URL("./", location.href);
  const wanted = new URLSearchParams(location.search).get("next");
  if (wanted === null || !wanted.startsWith("/")) return home.href;
  const target = new URL(wanted, location.origin);
  return target.origin === location.origin ? target.href : home.href;
}

async function logIn(token) {
  problem.textContent = "";
  button.disabled = true;
  try {
    const response = await fetch("login", {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    if (response.ok) {
      location.replace(next());
      return;
    }
    problem.textContent = (await response.json()).error.message;
  } catch {
    problem.textContent = "The server does not answer.";
  }
  button.disabled = false;
  field.focus();
}

document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  logIn(field.value.trim());
});

const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  history.replaceState(null, "", location.pathname + location.search);
  logIn(given);
}
