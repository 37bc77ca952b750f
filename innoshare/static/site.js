// Suggestions under a search box. An enhancement: without this file the box is a plain search form.
for (const box of document.querySelectorAll("[data-suggest]")) {
  const input = box.querySelector("input"), list = document.createElement("ul");
  const kinds = { case: "Case", city: "City", theme: "Theme", challenge_type: "Kind of challenge", approach: "Approach", word: "" };
  let items = [], at = -1, timer, asked = 0;

  list.id = input.id + "-suggestions";
  list.className = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  box.append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id }))
    input.setAttribute(name, value);

  const point = (to) => {
    at = to;
    [...list.children].forEach((option, index) => option.setAttribute("aria-selected", index === at));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[at].id);
  };
  const show = (found) => {
    items = found;
    list.replaceChildren(...items.map((item, index) => {
      const option = document.createElement("li"), kind = document.createElement("small");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      kind.textContent = kinds[item.kind];
      option.append(item.text, " ", kind);
      option.addEventListener("mousedown", (event) => { event.preventDefault(); location.assign(items[index].url); });
      return option;
    }));
    list.hidden = !items.length;
    input.setAttribute("aria-expanded", !list.hidden);
    point(-1);
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    const number = ++asked, text = input.value.trim();
    if (text.length < 2) return show([]);
    timer = setTimeout(async () => {
      try {
        const answer = await fetch(`${box.dataset.suggest}?${new URLSearchParams({ q: text })}`);
        const found = answer.ok ? (await answer.json()).suggestions : [];
        if (number === asked) show(found);
      } catch { show([]); }
    }, 120);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); point((at + 1 + step + items.length + 1) % (items.length + 1) - 1); }
    else if (event.key === "Escape") { event.preventDefault(); show([]); }
    else if (event.key === "Enter" && at >= 0) { event.preventDefault(); location.assign(items[at].url); }
  });
  input.addEventListener("blur", () => { asked++; show([]); });
}
