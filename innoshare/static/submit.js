// What a browser can add to the form: it keeps a draft, counts characters, and shows texts as readers will see them.
// Without this file all of it works as well, but for these. Nothing here sends an answer to anybody: the preview
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

// Each draft has a key of its own, which ends with the moment it was begun; a tab remembers which one is its own. So two
// tabs keep two drafts.
const line = document.querySelector("[data-draft]"), words = line?.querySelector("[data-draft-words]");
const offer = document.querySelector(".draft-offer"), pages = document.querySelector(".form-and-words");
const fresh = form && "fresh" in form.dataset;
const isAgain = ["back_forward", "reload"].includes(performance.getEntriesByType("navigation")[0]?.type);
const DELETED = "deleted"; // What a tab remembers until something is written anew.
const OF_THE_PAGE = ["go", "step", "account"], SUGGESTED = ["offered", "slug", "status"];
const day = (stamp) => new Date(stamp).toLocaleString("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });

// Whether this page answers one of the form before it. Any other, as that of the matcher, begins a draft of its own.
const CAME = `${KEY}-came`;
const leave = () => { try { sessionStorage.setItem(CAME, "yes"); } catch { /* Then each page keeps a draft of its own. */ } };
const hasCome = () => {
  try {
    const came = sessionStorage.getItem(CAME) !== null;
    sessionStorage.removeItem(CAME);
    return came;
  } catch { return false; }
};

let remembered = ""; // Where the browser remembers nothing of a tab, the page does.
const own = () => { try { return sessionStorage.getItem(KEY) ?? remembered; } catch { return remembered; } };
const remember = (stamp) => {
  remembered = stamp;
  try { sessionStorage.setItem(KEY, stamp); } catch { /* Then each page keeps a draft of its own. */ }
};
const read = (stamp) => {
  try {
    const kept = JSON.parse(localStorage.getItem(`${KEY}-${stamp}`));
    return Array.isArray(kept?.values) && kept.values.length ? kept : null;
  } catch { return null; }
};
const begun = () => {
  try {
    const stamps = Object.keys(localStorage).filter((key) => key.startsWith(`${KEY}-`)).map((key) => key.slice(KEY.length + 1));
    return stamps.filter(read).sort().reverse();
  } catch { return []; }
};
const remove = (stamp) => { try { localStorage.removeItem(`${KEY}-${stamp}`); } catch { /* There is nothing to remove then. */ } };
const say = (text, canDelete = true) => {
  if (!line) return;
  words.textContent = text;
  line.querySelector("button").hidden = !canDelete;
  line.hidden = false;
};
const tell = (saved) => say(`Your draft is kept in this browser, on this computer only (${day(saved)}). Others who use this computer could see it.`);
const keep = () => {
  if (own() === DELETED || (offer && !offer.hidden)) return;
  const values = [...new FormData(form)].filter(([name, value]) => !OF_THE_PAGE.includes(name) && value.trim());
  if (values.every(([name]) => SUGGESTED.includes(name))) return;
  try {
    const saved = new Date().toISOString();
    if (!own()) remember(saved);
    localStorage.setItem(`${KEY}-${own()}`, JSON.stringify({ saved, step: form.elements.step?.value ?? "0", values }));
    tell(saved);
  } catch {
    say("This browser keeps no draft: it has no room for it, or is in a private window. Download what you have before you close it.", false);
  }
};

// A page that one comes back to, or loads again, is as the server once made it, so what was answered since is put into it:
// it would be lost otherwise.
const catchUp = () => {
  const kept = read(own());
  if (!kept) return;
  const key = (name, value) => (name === "unknown" ? `${name} ${value}` : name);
  const here = new Set();
  for (const control of [...form.elements].filter(({ name, type }) => name && !["button", "submit"].includes(type) && !OF_THE_PAGE.includes(name))) {
    if (control.type === "hidden") { if (control.name !== "offered") control.remove(); continue; }
    here.add(key(control.name, control.value));
    const given = kept.values.filter(([name]) => name === control.name).map(([, value]) => value);
    if (SUGGESTED.includes(control.name)) continue;
    const before = [control.checked, control.value].join();
    if (control.type === "checkbox") control.checked = given.includes(control.value);
    else if (control.type !== "radio") control.value = given[0] ?? "";
    else if (given.length) control.checked = given[0] === control.value;
    if ([control.checked, control.value].join() !== before) control.dispatchEvent(new Event("input"));
  }
  for (const [name, value] of kept.values)
    if (!here.has(key(name, value)) && name !== "offered") form.append(make("input", { type: "hidden", name, value }));
  tell(kept.saved);
};

const begin = () => {
  remember("");
  offer.hidden = true;
  pages.hidden = false;
  keep();
  form.querySelector("input:not([type=hidden]), textarea, select").focus();
};
const goOn = (stamp) => {
  const kept = read(stamp), again = make("form", { method: "post", action: form.action });
  remember(stamp);
  leave();
  for (const [name, value] of [...kept.values, ["step", "0"], ["go", `step:${/^[0-9]{1,2}$/.test(kept.step) ? kept.step : 0}`]])
    again.append(make("input", { type: "hidden", name, value }));
  document.body.append(again);
  again.submit();
};
const offered = (stamp) => {
  const title = read(stamp).values.find(([name]) => ["title", "name"].includes(name))?.[1] ?? "Without a title yet";
  const button = (text, attributes, act) => {
    const made = make("button", { type: "button", ...attributes }, text, make("span", { class: "visually-hidden" }, `: ${title}`));
    made.addEventListener("click", act);
    return made;
  };
  const item = make("li", {}, make("strong", {}, title), `, begun on ${day(stamp)}`, make("br"),
    button("Continue", {}, () => goOn(stamp)), " ",
    button("Delete", { class: "quiet" }, () => {
      remove(stamp);
      const next = item.nextElementSibling ?? item.previousElementSibling;
      item.remove();
      if (next) next.querySelector("button").focus(); else begin();
    }));
  return item;
};

if (form) {
  const came = hasCome();
  if (fresh && !(isAgain && read(own()))) {
    remember("");
    const stamps = begun();
    offer.querySelector("[data-offers]").append(...stamps.map(offered));
    offer.hidden = !stamps.length;
    pages.hidden = stamps.length > 0;
    offer.querySelector("[data-offer-anew]").addEventListener("click", begin);
    keep();
  } else if (!isAgain) {
    if (!came) remember("");
    keep();
  }
  addEventListener("pageshow", ({ persisted }) => { if (persisted || isAgain) catchUp(); });
  form.addEventListener("input", () => { if (own() === DELETED) remember(""); });
  form.addEventListener("input", wait(PAUSE, () => keep()));
  form.addEventListener("submit", ({ submitter }) => {
    keep();
    if (!submitter?.formTarget && submitter?.value !== "download") leave();
  });
  line?.querySelector("[data-draft-delete]").addEventListener("click", () => {
    remove(own());
    remember(DELETED);
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

// --- how many are chosen ---

for (const choice of document.querySelectorAll("[data-most]")) {
  const most = Number(choice.dataset.most), told = make("span", { class: "hint ticked", role: "status" });
  const show = () => {
    const count = choice.querySelectorAll("input:checked").length;
    told.textContent = count ? `${count} of ${most} chosen` + (count > most ? ": take out the least important ones" : "") : "";
    told.classList.toggle("over", count > most);
  };
  choice.querySelector("legend ~ .hint").after(told);
  show();
  for (const tick of choice.querySelectorAll("input")) tick.addEventListener("input", show);
}

// --- a file that is too large ---

// Said before it is sent: a web server may break off at the size of a photograph, with words of its own.
const chosen = document.getElementById("chosen");
chosen?.addEventListener("change", () => {
  const size = chosen.files[0]?.size ?? 0;
  chosen.setCustomValidity(size > Number(chosen.dataset.bytes) ? chosen.dataset.tooLarge : "");
  chosen.reportValidity();
});

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
      if (answer.status === 503 || answer.status === 429) { last = ""; setTimeout(look, 5000); return; }
      const html = await answer.text();
      if (mine !== number || ![200, 400].includes(answer.status)) return;
      shown.innerHTML = html; // Cleaned by the library; and nothing that came through could run under our policy.
      panel.hidden = false;
    } catch { panel.hidden = true; }
  };
  box.after(panel);
  box.addEventListener("input", wait(LOOK, look));
}
