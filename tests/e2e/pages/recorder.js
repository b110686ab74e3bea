// A small recorder: it does what the browser extension does, as the contract of the REST routes says.
// Each event is posted by itself with fetch; what happens on leaving goes in one batch with sendBeacon.
const given = new URLSearchParams(location.search);
const api = `${given.get("api")}/api/v1/inayla`;
const sessionId = given.get("session");
const userId = given.get("user");
const leaving = [];
window.sent = [];

function event(type, more = {}) {
  return { sessionId, userId, type, url: location.href.split("?")[0], ts: new Date().toISOString(), ...more };
}

function post(type, more) {
  const body = JSON.stringify(event(type, more));
  window.sent.push(
    fetch(`${api}/behaviors`, { method: "POST", headers: { "Content-Type": "application/json" }, body, keepalive: true })
      .then((answer) => answer.status)
      .catch((problem) => String(problem)),
  );
}

addEventListener("pageshow", () => post("pageshow"));
addEventListener("focus", () => post("focus"));
addEventListener("click", (click) => post("click", { x: Math.round(click.clientX), y: Math.round(click.clientY) }));
addEventListener("keydown", (press) => post("keydown", { key: press.key }));
addEventListener("keyup", (press) => post("keyup", { key: press.key }));
document.addEventListener("scrollend", () => post("scrollend"));
document.addEventListener("visibilitychange", () => leaving.push(event(`visibility_${document.visibilityState}`)));
addEventListener("pagehide", () => {
  leaving.push(event("pagehide"));
  navigator.sendBeacon(`${api}/behaviors/batch`, JSON.stringify({ events: leaving }));
});
