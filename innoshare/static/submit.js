// What a browser can add to the form: it keeps a draft, counts characters, shows texts as readers will see them, and
// copies. Without this file all of it works as well, but for these. Nothing here sends an answer to anybody: the preview
// alone asks the library to show a text, and forgets it.

const form = document.querySelector("form[data-kind]"), kind = form?.dataset.kind;
const KEY = `innoshare-draft-${kind}`;
const PAUSE = 400; // Milliseconds without a key after which a draft is kept.
const LOOK = 900; // The same for the preview: it takes the server a moment of work.
const reduced = navigator.connection?.saveData || matchMedia("(prefers-reduced-data: reduce)").matches;

const wait = (milliseconds, act) => {
  let timer;
  return (...given) => { clearTimeout(timer); timer = setTimeout(() => act(...given), milliseconds); };
};
const make = (name, attributes = {}, ...inside) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
};

// --- the draft ---

const line = document.querySelector("[data-draft]"), words = line?.querySelector("[data-draft-words]");
const offer = document.querySelector(".draft-offer"), pages = document.querySelector(".form-and-words");
const day = (stamp) => new Date(stamp).toLocaleString("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
let deleted = false;

const read = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(kept?.values) && kept.values.length ? kept : null;
  } catch { return null; }
};
const remove = () => { try { localStorage.removeItem(KEY); } catch { /* There is nothing to remove then. */ } };
const say = (text, canDelete = true) => {
  if (!line) return;
  words.textContent = text;
  line.querySelector("button").hidden = !canDelete;
  line.hidden = false;
};
const keep = () => {
  if (deleted || (offer && !offer.hidden)) return;
  const values = [...new FormData(form)].filter(([name, value]) => !["go", "step"].includes(name) && value.trim());
  if (!values.length) return;
  try {
    const saved = new Date().toISOString();
    localStorage.setItem(KEY, JSON.stringify({ began: read()?.began ?? saved, saved, step: form.elements.step?.value ?? "0", values }));
    say(`Your draft is kept in this browser, on this computer only (${day(saved)}). Others who use this computer could see it.`);
  } catch {
    say("This browser keeps no draft: it has no room for it, or is in a private window. Download what you have before you close it.", false);
  }
};

if (form) {
  const kept = read();
  if ("fresh" in form.dataset && kept && offer) {
    offer.querySelector("[data-offer-words]").textContent =
      `You began on ${day(kept.began ?? kept.saved)}. What you wrote is kept in this browser, on this computer.`;
    offer.hidden = false;
    pages.hidden = true;
    offer.querySelector("[data-offer-continue]").addEventListener("click", () => {
      const again = make("form", { method: "post", action: form.action });
      for (const [name, value] of [...kept.values, ["step", "0"], ["go", `step:${/^[0-9]{1,2}$/.test(kept.step) ? kept.step : 0}`]])
        again.append(make("input", { type: "hidden", name, value }));
      document.body.append(again);
      again.submit();
    });
    offer.querySelector("[data-offer-anew]").addEventListener("click", () => {
      remove();
      offer.hidden = true;
      pages.hidden = false;
      form.querySelector("input:not([type=hidden]), textarea, select").focus();
    });
  } else if (!("fresh" in form.dataset)) keep();
  form.addEventListener("input", wait(PAUSE, keep));
  form.addEventListener("submit", keep);
  line?.querySelector("[data-draft-delete]").addEventListener("click", () => {
    remove();
    deleted = true; // Until something is written anew.
    form.addEventListener("input", () => { deleted = false; }, { once: true, capture: true });
    words.setAttribute("role", "status");
    say("The draft is deleted from this browser. What you see on this page stays until you close it.", false);
  });
}

// --- characters that are left ---

for (const box of document.querySelectorAll("[data-limit]")) {
  const limit = Number(box.dataset.limit), seen = make("span", { class: "hint count", "aria-hidden": "true" });
  const heard = make("span", { class: "visually-hidden", role: "status" });
  const told = () => {
    const left = limit - [...box.value.trim().replace(/\r\n/g, "\n")].length;
    return left < 0 ? `${-left} characters too many` : `${left} of ${limit} characters left`;
  };
  const show = () => {
    seen.textContent = told();
    seen.classList.toggle("over", seen.textContent.endsWith("many"));
  };
  box.after(seen, heard);
  show();
  box.addEventListener("input", show);
  box.addEventListener("input", wait(1500, () => { heard.textContent = told(); }));
}

// --- a text as readers will see it ---

if (!reduced) for (const box of document.querySelectorAll("[data-preview]")) {
  const shown = make("div", { class: "prose" }), title = make("h3", {}, `${box.dataset.name}: as readers will see it`);
  const panel = make("div", { class: "live", role: "region", "aria-label": title.textContent, tabindex: "0", hidden: "" }, title, shown);
  let number = 0, last = "";
  const look = async () => {
    const text = box.value.trim(), mine = ++number;
    if (text === last) return;
    last = text;
    if (!text) { panel.hidden = true; return; }
    try {
      const answer = await fetch(box.dataset.preview, { method: "POST", body: new URLSearchParams({ text }) });
      if (answer.status === 503) { last = ""; setTimeout(look, 5000); return; }
      const html = await answer.text();
      if (mine !== number || ![200, 400].includes(answer.status)) return;
      shown.innerHTML = html; // Cleaned by the library; and nothing that came through could run under our policy.
      panel.hidden = false;
    } catch { panel.hidden = true; }
  };
  box.after(panel);
  box.addEventListener("input", wait(LOOK, look));
}

// --- copying ---

for (const box of document.querySelectorAll("[data-copy]")) {
  const button = make("button", { type: "button", class: "quiet" }, "Copy the text"), done = make("span", { role: "status", class: "hint" });
  const around = box.closest("details");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(box.value);
      done.textContent = "Copied.";
    } catch {
      if (around) around.open = true;
      box.focus();
      box.select();
      done.textContent = "The text is marked. Press Ctrl and C (on a Mac: Command and C) to copy it.";
    }
  });
  if (around) around.before(make("p", {}, button, " ", done));
  else box.after(make("p", {}, button, " ", done));
}
