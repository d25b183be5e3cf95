// Conveniences on top of pages that work without them: dialogs, palette, keyboard, selection, drafts, relative times.
(() => {
  "use strict";
  const doc = document, body = doc.body, $ = (s, r = doc) => r.querySelector(s), $$ = (s, r = doc) => [...r.querySelectorAll(s)];
  const words = $("#words").dataset, lang = doc.documentElement.lang;
  doc.documentElement.classList.add("js");
  const shift = Date.parse(body.dataset.now) - Date.now();
  const now = () => Date.now() + shift;
  const typing = (el) => el && (el.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) && !/^(checkbox|radio|button|submit)$/.test(el.type));
  const store = { get: (k) => { try { return sessionStorage.getItem(k); } catch { return null; } }, set: (k, v) => { try { sessionStorage.setItem(k, v); } catch { /* private mode */ } } };

  // --- toasts, status ------------------------------------------------------------------------------------------
  function toast(text, kind = "success") {
    const line = doc.createElement("div");
    line.className = "toast-line " + kind;
    line.setAttribute("role", kind === "error" ? "alert" : "status");
    const span = doc.createElement("span"), close = doc.createElement("button");
    span.textContent = text;
    close.className = "x"; close.type = "button"; close.textContent = "×"; close.dataset.close = ""; close.setAttribute("aria-label", words.close);
    line.append(span, close);
    $("#toasts").append(line);
    if (kind !== "error") setTimeout(() => line.remove(), 6000);
  }
  $$("#toasts .toast-line:not(.error)").forEach((line) => setTimeout(() => line.remove(), 6000));
  body.addEventListener("toast", (e) => toast(e.detail.value || e.detail.text || "", e.detail.kind));

  // --- htmx ----------------------------------------------------------------------------------------------------
  body.addEventListener("htmx:configRequest", (e) => { if (e.detail.verb !== "get") e.detail.headers["X-CSRFToken"] = body.dataset.token; });
  body.addEventListener("htmx:beforeRequest", (e) => e.detail.target && e.detail.target.setAttribute("aria-busy", "true"));
  body.addEventListener("htmx:afterRequest", (e) => e.detail.target && e.detail.target.removeAttribute("aria-busy"));
  body.addEventListener("htmx:responseError", (e) => toast(`${words.failed} ${e.detail.xhr.getResponseHeader("X-Request-Id") || ""}`, "error"));
  body.addEventListener("htmx:sendError", () => toast(words.lost, "error"));
  body.addEventListener("htmx:afterSwap", (e) => {
    const target = e.detail.target;
    if (target.id === "dialog") { if (!target.open) target.showModal(); focusIn(target); }
    if (target.id === "palette-hits") mark(0);
    if (target.id === "list" || $("#list")) refreshList();
  });
  function focusIn(root) {
    const el = $("[data-focus-me]", root) || $("[data-focus]", root) || $("input:not([type=hidden]),select,textarea", root);
    if (el) el.focus();
  }
  const first = $("[data-focus-me]") || $("[data-focus]");
  if (first) first.focus();

  // Links of a list change it in place; with a modifier key or another button they are plain links.
  doc.addEventListener("click", (e) => {
    const link = e.target.closest("[data-swaps] a[href]:not([download],[data-plain])");
    if (!link || !$("#list") || e.defaultPrevented || e.button || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return;
    e.preventDefault();
    htmx.ajax("GET", link.href, { source: link, target: "#list", swap: "outerHTML" });
  });

  // --- dialogs and menus ---------------------------------------------------------------------------------------
  doc.addEventListener("click", (e) => {
    const close = e.target.closest("[data-close]");
    if (close) { const box = close.closest("dialog") || close.closest(".toast-line"); box.tagName === "DIALOG" ? box.close() : box.remove(); return; }
    const open = e.target.closest("[data-open]");
    if (open) { $("#" + open.dataset.open).showModal(); return; }
    if (e.target.tagName === "DIALOG") e.target.close();
    $$("details.menu[open]").forEach((menu) => { if (!menu.contains(e.target)) menu.open = false; });
    if (e.target.closest(".errors a")) { const field = $(e.target.hash); if (field) { e.preventDefault(); field.focus(); field.scrollIntoView({ block: "center" }); } }
    if (e.target.closest(".side a")) location.hash === "#nav" && history.replaceState(null, "", location.pathname + location.search);
  });
  $("#dialog") && $("#dialog").addEventListener("close", (e) => { e.target.textContent = ""; });

  // Sections of the navigation that the reader has folded stay folded in this browser.
  let folded = [];
  try { folded = JSON.parse(localStorage.getItem("folded") || "[]"); } catch { /* private mode */ }
  $$("[data-section]").forEach((section) => {
    if (folded.includes(section.dataset.section) && !$("[aria-current]", section)) section.open = false;
    section.addEventListener("toggle", () => {
      folded = folded.filter((key) => key !== section.dataset.section).concat(section.open ? [] : [section.dataset.section]);
      try { localStorage.setItem("folded", JSON.stringify(folded)); } catch { /* private mode */ }
    });
  });

  // --- list: selection, density, search box ----------------------------------------------------------------------
  let last = null;
  const boxes = () => $$("#list tbody .ck input");
  function counted() {
    const bar = $("[data-bulk]");
    if (!bar) return;
    const n = boxes().filter((b) => b.checked).length, all = $("[data-everything]", bar).checked;
    bar.classList.toggle("on", n > 0 || all);
    $("[data-selected]", bar).textContent = n;
    $("#list").dataset.busy = n > 0 || all ? "1" : "";
    const head = $("#list [data-all]");
    head.checked = n > 0 && n === boxes().length;
    head.indeterminate = n > 0 && n < boxes().length;
  }
  doc.addEventListener("change", (e) => {
    if (e.target.matches("[data-all]")) boxes().forEach((b) => { b.checked = e.target.checked; });
    if (e.target.matches("[data-all],[data-everything],.ck input")) counted();
    if (e.target.matches(".ck input[name=_ids]")) last = e.target;
  });
  doc.addEventListener("click", (e) => {
    if (!e.shiftKey || !e.target.matches(".ck input[name=_ids]") || !last) return;
    range(last, e.target);
  });
  function range(from, to) {
    const all = boxes(), [a, b] = [all.indexOf(from), all.indexOf(to)].sort((x, y) => x - y);
    all.slice(Math.max(a, 0), b + 1).forEach((box) => { box.checked = true; });
    counted();
  }
  function refreshList() {
    const list = $("#list"), q = $("#q");
    if (list && q && doc.activeElement !== q) q.value = list.dataset.q;
    const editor = $(".editor [data-focus]");
    if (editor) editor.focus();
    row = -1; last = null;
    counted(); times();
  }
  counted();

  // --- times, clock ----------------------------------------------------------------------------------------------
  const rel = new Intl.RelativeTimeFormat(lang, { style: "narrow" });
  function times() {
    $$("time[data-r]").forEach((el) => {
      const minutes = Math.round((Date.parse(el.dateTime) - now()) / 60000);
      if (Math.abs(minutes) >= 1440 || minutes === 0) return;
      el.textContent = Math.abs(minutes) < 60 ? rel.format(minutes, "minute") : rel.format(Math.trunc(minutes / 60), "hour");
    });
    const clock = $("#clock");
    if (clock) clock.textContent = new Date(now()).toLocaleTimeString(lang === "en" ? "en-GB" : lang, { hour: "2-digit", minute: "2-digit", timeZone: body.dataset.zone });
  }
  setInterval(times, 30000);

  // --- palette ---------------------------------------------------------------------------------------------------
  const palette = $("#palette"), box = $("#palette-q");
  const hits = () => $$("#palette-hits a");
  let at = 0;
  function mark(i) {
    const all = hits();
    at = all.length ? (i + all.length) % all.length : 0;
    all.forEach((a, n) => { a.setAttribute("aria-selected", n === at); a.id = "hit-" + n; });
    if (all[at]) { box.setAttribute("aria-activedescendant", "hit-" + at); all[at].scrollIntoView({ block: "nearest" }); }
  }
  function openPalette() { if (!palette.open) { palette.showModal(); box.select(); htmx.trigger(box, "open"); } }
  if (palette) {
    box.addEventListener("keydown", (e) => {
      if (e.key === "ArrowDown") mark(at + 1); else if (e.key === "ArrowUp") mark(at - 1);
      else if (e.key === "Enter" && hits()[at]) hits()[at].click(); else return;
      e.preventDefault();
    });
    palette.addEventListener("click", (e) => {
      const run = e.target.closest("[data-run]");
      if (!run) return;
      e.preventDefault();
      const [name, value] = run.dataset.run.split("=");
      if (name === "tz") { flip(value); return; }
      const form = $(`form[action="${run.dataset.url}"]`), button = form && $(`button[name="${name}"][value="${value}"]`, form);
      if (button) button.click();
    });
  }

  // --- keyboard --------------------------------------------------------------------------------------------------
  let row = -1, gone = 0, dots = 0, dotTimer;
  const rows = () => $$("#list tbody tr");
  function step(by) {
    const all = rows();
    if (!all.length) return;
    row = Math.min(Math.max(row + by, 0), all.length - 1);
    all.forEach((r, i) => r.classList.toggle("at", i === row));
    all[row].scrollIntoView({ block: "nearest" });
    const link = $("th a, td a", all[row]) || $("input", all[row]);
    if (link) link.focus({ preventScroll: true });
  }
  function flip(zone) {
    const url = new URL(location);
    url.searchParams.get("tz") === zone ? url.searchParams.delete("tz") : url.searchParams.set("tz", zone);
    location = url;
  }
  function copy() {
    const it = $(".detail") || rows()[row];
    if (!it) return;
    dots = Math.min(dots + 1, 3);
    clearTimeout(dotTimer);
    dotTimer = setTimeout(() => {
      const number = it.dataset.number || $("th", it).textContent.trim(), title = it.dataset.title || "", link = it.dataset.number ? location.origin + location.pathname : ($("a", it) || location).href;
      const text = dots === 1 ? number : dots === 2 ? `${number} ${title}`.trim() : `${number} ${title} ${link}`;
      dots = 0;
      navigator.clipboard && navigator.clipboard.writeText(text).then(() => toast(`${words.copied}: ${text}`));
    }, 350);
  }
  const click = (selector) => { const el = $(selector); if (el) el.click(); return el; };
  const keys = {
    "/": () => { const q = $("#find"); q.focus(); q.select(); }, "?": () => $("#help").showModal(), j: () => step(1), k: () => step(-1), e: () => click("[data-edit]"), c: () => click("[data-create]"),
    "[": () => click("[data-around] [rel=prev]"), "]": () => click("[data-around] [rel=next]"), ".": copy, U: () => flip("UTC"),
    x: () => { const b = $(".ck input", rows()[row] || doc.createElement("p")); if (b) { b.checked = !b.checked; last = b; counted(); } },
    X: () => { const b = $(".ck input", rows()[row] || doc.createElement("p")); if (b) range(last || b, b); },
  };
  doc.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key.toLowerCase() === "k" && palette) { e.preventDefault(); openPalette(); return; }
    if (e.key === "Escape") { $$("details.menu[open]").forEach((m) => { m.open = false; $("summary", m).focus(); }); if (typing(doc.activeElement)) doc.activeElement.blur(); return; }
    if (!("keys" in body.dataset) || e.ctrlKey || e.metaKey || e.altKey || typing(e.target) || $("dialog[open]")) return;
    if (gone && Date.now() - gone < 1200) { gone = 0; const to = $(`[data-go="${e.key}"]`); if (to) { e.preventDefault(); location = to.href; } return; }
    if (e.key === "g") { gone = Date.now(); return; }
    const own = /^[a-z]$/i.test(e.key) && $(`[data-key="${e.key}"]`);
    if (own && (own.closest("#list") ? $(".bulk.on") : true)) { e.preventDefault(); own.click(); return; }
    if (keys[e.key]) { e.preventDefault(); keys[e.key](); }
  });

  // --- previous and next of the result set one came from -----------------------------------------------------------
  const detail = $(".detail"), crumb = $("[data-crumb]"), around = $("[data-around]");
  if (detail && crumb && around) {
    const referrer = doc.referrer && new URL(doc.referrer);
    if (referrer && referrer.origin === location.origin && referrer.pathname === new URL(crumb.href).pathname) store.set("from:" + crumb.pathname, referrer.search);
    const search = store.get("from:" + crumb.pathname);
    if (search !== null) {
      crumb.search = search;
      const url = new URL(crumb.href);
      url.searchParams.set("_around", detail.dataset.pk);
      fetch(url, { headers: { Accept: "application/json" } }).then((r) => (r.ok ? r.json() : {})).then((found) => {
        [["previous", "prev", "‹"], ["next", "next", "›"]].forEach(([side, relation, sign]) => {
          if (!found[side]) return;
          const a = doc.createElement("a");
          a.href = found[side]; a.rel = relation; a.textContent = sign; a.className = "btn btn-sm"; a.title = side === "next" ? "]" : "["; a.setAttribute("aria-label", side);
          around.append(a);
        });
      });
    }
  }

  // --- drafts ----------------------------------------------------------------------------------------------------
  $$("form[data-draft]").forEach((form) => {
    let timer, sent = false;
    const keep = () => {
      if (sent) return;
      const data = new FormData(form);
      for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
      data.set("_draft", "save");
      fetch(location.pathname, { method: "POST", body: data, headers: { "X-CSRFToken": body.dataset.token } })
        .then((r) => { if (r.ok) $("[data-saved]", form).textContent = words.draft; }).catch(() => {});
    };
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 1500); });
    form.addEventListener("submit", () => { sent = true; clearTimeout(timer); });
  });

  window.Trunkline = { toast, words, store, typing, refreshList };
})();
