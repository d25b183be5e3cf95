// Live pages: one EventSource per browser (the tab that holds the lock), its messages shared with the other tabs.
// What changed is fetched again, after a pause, and never under the hands of the user.
(() => {
  "use strict";
  const { words, store, typing } = window.Trunkline, body = document.body, dot = document.getElementById("live-dot");
  if (!body.dataset.liveUrl || !dot) return;
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("trunkline-live") : { postMessage() {} };
  let version = 0, source = null, polling = null, state = "", etag = "";

  function show(next) {
    if (state === next) return;
    state = next;
    dot.className = "dot " + next;
    dot.title = words[next];
    dot.setAttribute("aria-label", words[next]);
  }
  const tell = (message) => { hear(message); channel.postMessage(message); };

  // --- hearing ---------------------------------------------------------------------------------------------------
  function hear(message) {
    if (message.state) { show(message.state); return; }
    if (message.version) version = Math.max(version, message.version);
    if (message.kind === "reset") { interested().forEach((el) => later(el, 1)); counts(); return; }
    interested(message).forEach((el) => later(el, 1));
    if (message.topic === "kernel") counts();
  }
  function interested(message) {
    const found = [...document.querySelectorAll("[data-live]")].filter((el) => !message || el.dataset.live.split(" ").includes(message.topic));
    const exact = [...document.querySelectorAll("[data-live-ids],[data-live-page]")].filter((el) => {
      const ids = (el.dataset.liveIds || el.dataset.livePage).split(" ");
      return !message || ids.some((id) => message.ids.includes(id));
    });
    return [...found, ...exact];
  }

  // --- fetching again --------------------------------------------------------------------------------------------
  const waiting = new WeakMap();
  function later(el, n) {
    const entry = waiting.get(el) || { n: 0, timer: null };
    entry.n += n;
    waiting.set(el, entry);
    clearTimeout(entry.timer);
    // Jitter spreads the tabs of a control room over two seconds.
    entry.timer = setTimeout(() => fetchAgain(el, entry), 700 + Math.random() * 1300);
  }
  function busy(el) {
    return el.dataset.busy || el.querySelector("details.menu[open],.editor") || document.querySelector("dialog[open]") || (el.contains(document.activeElement) && typing(document.activeElement));
  }
  function fetchAgain(el, entry) {
    if (!el.isConnected) return;
    if (document.hidden) { el.dataset.behind = "1"; return; }
    if (busy(el) || el.dataset.livePage) { pill(el, entry.n); return; }
    entry.n = 0;
    window.htmx.trigger(el, "refresh");
  }
  function pill(el, n) {
    let button = el.querySelector(":scope > .pill");
    if (!button) {
      button = document.createElement("button");
      button.type = "button";
      button.className = "pill";
      button.addEventListener("click", () => {
        if (el.dataset.livePage) { location.reload(); return; }
        button.remove();
        window.htmx.trigger(el, "refresh");
      });
      el.prepend(button);
    }
    button.textContent = `${n} ${words.new}`;
  }
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    document.querySelectorAll("[data-behind]").forEach((el) => { delete el.dataset.behind; later(el, 1); });
  });

  // --- speaking: only the leader ---------------------------------------------------------------------------------
  function lead() {
    source = new EventSource(`${body.dataset.liveUrl}${version ? `?since=${version}` : ""}`);
    source.onopen = () => { stopPolling(); tell({ state: "live" }); };
    source.onmessage = (e) => tell(JSON.parse(e.data));
    source.addEventListener("hello", (e) => tell({ version: JSON.parse(e.data).version, topic: "", ids: [] }));
    source.addEventListener("reset", (e) => tell({ kind: "reset", version: JSON.parse(e.data).version }));
    source.onerror = () => {
      tell({ state: navigator.onLine ? "stale" : "offline" });
      // A refusal (too many streams, signed out) closes the source for good; then we poll and try again later.
      if (source.readyState === EventSource.CLOSED) { startPolling(); setTimeout(() => { source.close(); lead(); }, 60000 + Math.random() * 30000); }
    };
  }
  function poll() {
    if (document.hidden) return;
    fetch(`${body.dataset.pollUrl}?since=${version}`, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store" })
      .then((r) => {
        if (r.status === 304) { tell({ state: "polling" }); return null; }
        if (!r.ok) throw new Error(r.status);
        etag = r.headers.get("ETag") || "";
        return r.json();
      })
      .then((found) => {
        if (!found) return;
        tell({ state: "polling" });
        if (found.reset) tell({ kind: "reset", version: found.version });
        else { found.changes.forEach(tell); version = Math.max(version, found.version); }
      })
      .catch(() => tell({ state: navigator.onLine ? "stale" : "offline" }));
  }
  function startPolling() { if (!polling) { poll(); polling = setInterval(poll, 30000); } }
  function stopPolling() { clearInterval(polling); polling = null; }

  if ("BroadcastChannel" in window) channel.onmessage = (e) => (e.data.ask ? state && source && channel.postMessage({ state }) : hear(e.data));
  if (navigator.locks && "BroadcastChannel" in window) {
    channel.postMessage({ ask: 1 });
    // Whoever holds the lock leads; when its tab closes the next one takes over.
    navigator.locks.request("trunkline-live", () => new Promise(() => lead()));
  } else startPolling();
  addEventListener("offline", () => show("offline"));

  // --- the bell --------------------------------------------------------------------------------------------------
  const bell = document.querySelector("[data-count-url]"), badge = document.getElementById("inbox-count");
  let countTimer;
  function paint(n) { badge.textContent = n > 99 ? "99+" : n; badge.hidden = !n; }
  function counts() {
    clearTimeout(countTimer);
    countTimer = setTimeout(() => fetch(bell.dataset.countUrl).then((r) => (r.ok ? r.json() : { count: 0 })).then((found) => {
      store.set("bell", JSON.stringify([Date.now(), found.count]));
      paint(found.count);
    }).catch(() => {}), 1500 + Math.random() * 1000);
  }
  if (bell) {
    const [at, n] = JSON.parse(store.get("bell") || "[0,0]");
    paint(n);
    if (Date.now() - at > 60000) counts();
  }
})();
