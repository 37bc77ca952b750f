// <innoshare-search> and <innoshare-match>: what cities have solved, inside a page of somebody else.
//
// What stands between the tags (a link to the library) is shown until there is something better, and again whenever
// the library cannot be asked. All that comes from the library is set as text, its links only if they lead back to it.
// Nothing is kept: no cookies, no storage. Styles are constructed, because a page's policy can forbid all others.
// This file is served with these lines left out and with a few words filled in (innoshare/web/embed.py).
(() => {
  const FAILURES = "__FAILURES__"; // language -> what to say where not even the words can be had
  const PATH = /^https?:[^?#]*\/embed\/v1\/innoshare(-[0-9a-f]+)?\.js(?=$|[?#])/;
  // Asked of the prototype: in a document an element whose name is that of a method stands before it.
  const { createElement, getElementsByTagName } = Document.prototype;
  // A module has no current script, and what is called so may be a picture by that name: it looks for its own tag.
  const tags = [document.currentScript, ...getElementsByTagName.call(document, "script")];
  const source = PATH.exec(tags.find((tag) => tag instanceof HTMLScriptElement && PATH.test(tag.src))?.src);
  if (!source || customElements.get("innoshare-search")) return;
  const BASE = new URL("../..", source[0]);
  const MOST = 20; // Cases in a list: what the matcher gives, and more than anybody reads in a corner of a page.
  const COUNTED = 10; // Cases that a verdict counts, as on the library's own page, even where fewer are shown.
  const REFERRER = "strict-origin"; // The library learns which site it is asked from, not which page.
  const SHORT = 200; // Characters below which a challenge that was refused may be mended by a little more.
  const PATIENCE = 20000, SLOW = 400; // ms until a question is given up; until it is said that an answer takes a while

  let sheet;
  try {
    sheet = new CSSStyleSheet();
    const style = `
      :host { display: block; margin-block: 1em; }
      :host([hidden]), [hidden] { display: none; }
      .root:not([hidden]) + slot:not([hidden]) { display: block; margin-block-start: .5rem; }
      :host([theme=light]) .root { color-scheme: light; }
      :host([theme=dark]) .root { color-scheme: dark; }
      .root {
        --text: var(--innoshare-text, light-dark(#15212d, #e6ebf0));
        --soft: var(--innoshare-soft, light-dark(#475766, #a9b7c4));
        --background: var(--innoshare-background, light-dark(#ffffff, #17202a));
        --line: var(--innoshare-line, light-dark(#cbd5de, #344352));
        --edge: var(--innoshare-edge, light-dark(#6d7d8c, #8496a6));
        --link: var(--innoshare-link, light-dark(#17479e, #9cc2ff));
        --accent: var(--innoshare-accent, light-dark(#14387f, #1a4494));
        --on-accent: var(--innoshare-on-accent, #ffffff);
        --warning: var(--innoshare-warning, light-dark(#a62a1f, #ff9c8f));
        --focus: var(--innoshare-focus, light-dark(#b35900, #ffd45c));
        --radius: var(--innoshare-radius, .5rem);
        --space: var(--innoshare-space, 1rem);
        position: relative; container-type: inline-size; box-sizing: border-box; padding: var(--space);
        background: var(--background); color: var(--text); border: 1px solid var(--line); border-radius: var(--radius);
        font-weight: 400; font-style: normal; font-variant: normal; line-height: 1.5; letter-spacing: normal; word-spacing: normal;
        text-transform: none; text-align: start; text-indent: 0; text-shadow: none; white-space: normal;
        overflow-wrap: anywhere; cursor: auto; visibility: visible;
      }
      * { box-sizing: border-box; }
      h2, h3, h4, h5, h6, p, ol, ul, dl, dd { font: inherit; margin: 0; padding: 0; }
      ol, ul { list-style: none; }
      a { color: var(--link); text-underline-offset: .15em; }
      a:hover { text-decoration-thickness: .14em; }
      :focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: .2em; }
      form, .answer, ol, ul, li, .line { display: grid; grid-template-columns: minmax(0, 1fr); gap: calc(var(--space) * .5); }
      label, button, h2, h3, h4, h5, h6, strong, dt { font-weight: 700; }
      input, textarea, button { font: inherit; color: inherit; inline-size: 100%; min-block-size: 2.75em; padding: .5em .75em; border: 2px solid var(--edge); border-radius: var(--radius); }
      input, textarea { background: var(--background); }
      textarea { resize: vertical; }
      button { font-weight: 700; background: var(--accent); border-color: var(--accent); color: var(--on-accent); cursor: pointer; }
      button:hover { text-decoration: underline; }
      .soft, dt, .status { color: var(--soft); font-size: .9em; }
      .status:empty { display: none; }
      .status:has(+ .answer > .verdict:first-child) { position: absolute; inline-size: 1px; block-size: 1px; margin: 0; overflow: hidden; clip-path: inset(50%); }
      .status, .answer { margin-block-start: var(--space); }
      .answer, ol { gap: var(--space); }
      .answer:empty { display: none; }
      ol > li { border-inline-start: 5px solid var(--spine, var(--line)); padding-inline-start: calc(var(--space) * .8); gap: .3em; }
      ul li { display: list-item; margin-inline-start: 1.2em; list-style: disc; }
      .verdict { font-size: 1.15em; line-height: 1.3; }
      .title { line-height: 1.3; }
      .outcome { color: var(--spine); font-weight: 700; }
      .warning { color: var(--warning); }
      .positive { --spine: light-dark(#17683a, #7fd3a0); } .mixed { --spine: light-dark(#855300, #ecb85a); }
      .none { --spine: light-dark(#536170, #aebbc7); } .negative { --spine: var(--warning); }
      .too-early { --spine: light-dark(#5c3d98, #c8b0f6); }
      dl { border-block-start: 1px solid var(--line); padding-block-start: .4em; margin-block-start: .2em; }
      @container (min-width: 24rem) {
        .line { grid-template-columns: minmax(0, 1fr) auto; }
        button { inline-size: auto; padding-inline: 1.2em; }
      }`;
    const knowsDark = CSS.supports("color", "light-dark(red, red)"); // else all colours are the light ones
    sheet.replaceSync(knowsDark ? style : style.replace(/light-dark\((\S+), \S+?\)/g, "$1"));
  } catch { sheet = null; } // an older browser: plain, but all there

  const make = (tag, attributes, ...children) => {
    const made = createElement.call(document, tag);
    for (const [name, value] of Object.entries(attributes)) if (value) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const address = (path, parameters = "") => {
    const url = new URL(path, BASE);
    url.search = parameters;
    return url.href;
  };
  const ours = (text) => {
    try {
      const url = new URL(text, BASE); // blob: has the origin of its maker, so the protocol counts too
      return url.origin === BASE.origin && url.protocol === BASE.protocol ? url.href : "";
    } catch { return ""; }
  };
  const link = (text, url, more) => url ? make("a", { href: url, target: "_top", referrerpolicy: REFERRER, ...more }, text) : text;
  // The code of a language, where its words are to be had: "pt-BR" is "pt".
  const spoken = (tag) => {
    const code = String(tag || "").toLowerCase().split("-")[0];
    return Object.hasOwn(FAILURES, code) ? code : "";
  };
  const counted = (forms, count, language) =>
    (forms[new Intl.PluralRules(language).select(count)] || forms.other).replace("{n}", count.toLocaleString(language));

  // The answer to a question; throws {status, problem}, with status 0 where there was none.
  const ask = async (url, options) => {
    let answer, body;
    try {
      answer = await fetch(url, { mode: "cors", credentials: "omit", referrerPolicy: REFERRER, ...options });
      body = await answer.json();
    } catch { body = null; }
    if (!answer?.ok || !body) throw { status: answer && !answer.ok ? answer.status : 0, problem: body };
    return body;
  };
  const words = { __proto__: null }; // language -> promise of its words, asked for once in a page
  const wordsOf = (language) => words[language] ||= ask(address(`embed/v1/words/${language}.json`)).catch((error) => {
    delete words[language];
    throw error;
  });

  const LIST = { part: "list", role: "list" }; // Safari takes a list without signs for none.
  const SHARED = ["language", "limit", "heading-level"];

  class Widget extends HTMLElement {
    #slot = make("slot", {});
    #root = make("div", { class: "root" });
    #status = make("p", { class: "status", part: "status", role: "status" });
    #answer = make("div", { class: "answer" });
    #form; #field; #given = ""; #asked; #words; #asking; #key; #scheduled;

    constructor() {
      super();
      const shadow = this.attachShadow({ mode: "open" });
      if (sheet) shadow.adoptedStyleSheets = [sheet];
      this.#root.hidden = true;
      this.#root.append(this.#status, this.#answer);
      shadow.append(this.#root, this.#slot);
      this.#answer.addEventListener("click", (event) => {
        const { slug } = event.target.closest("a")?.dataset || {};
        if (slug) this.tell("open", { slug, url: event.target.closest("a").href });
      });
    }
    connectedCallback() {
      for (const name of mirrored(this.constructor).map(camel)) // set before this script was here
        if (Object.hasOwn(this, name)) {
          const value = this[name];
          delete this[name];
          this[name] = value;
        }
      this.#schedule();
    }
    disconnectedCallback() {
      if (this.#asking) this.#key = null;
      this.#asking?.abort();
      this.#asking = null;
    }
    attributeChangedCallback() { this.#schedule(); }
    // Several attributes change at once, one question is asked.
    #schedule() {
      if (this.#scheduled) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        const key = [this.wordsLanguage, ...this.constructor.observedAttributes.map((name) => this.getAttribute(name))].join("\0");
        if (!this.isConnected || key === this.#key) return;
        this.#key = key;
        // Who has asked something else in the meantime goes on with that, unless the question of the page has changed.
        if (this.#asked !== undefined && this.#given === this.given) this.#run(this.#asked, true);
        else this.#run(this.given, this.asksAtOnce, true);
      });
    }
    async #run(text, asks, fill) {
      this.#asking?.abort();
      const asking = this.#asking = new AbortController(), language = this.wordsLanguage;
      const late = setTimeout(() => asking.abort(), PATIENCE);
      const slow = setTimeout(() => { if (asks && this.#words) this.#status.textContent = this.#words.searching; }, SLOW);
      const failures = FAILURES[language];
      let said;
      this.#asked = asks ? text : undefined;
      this.#answer.ariaBusy = "true";
      try {
        const asked = asks ? this.question(text, asking.signal) : null;
        asked?.catch(() => {}); // told below, once there are words to tell it in
        said = await wordsOf(language);
        if (asking !== this.#asking) return;
        this.#fill(said, language, fill ? text : this.#given);
        const body = await asked;
        if (asking !== this.#asking) return;
        this.#show(...body ? this.answer(body, said, language, text) : ["", []], false);
        if (body) this.tell("results", this.counts(body, text));
      } catch ({ status = 0, problem }) {
        if (asking !== this.#asking) return;
        const refused = status >= 400 && status < 429;
        const mended = said?.say_more && status === 400 && text.length < SHORT && problem?.errors?.[0]?.parameter === "challenge";
        this.#root.lang = language;
        this.#show(mended ? said.say_more : status === 429 ? failures.busy : refused ? failures.refused : failures.unreachable,
          mended ? [] : [make("p", { part: "more" }, link(failures.go_on.replace("{name}", BASE.host), this.site(text, refused)))], !mended);
        this.tell("error", { status });
      } finally {
        clearTimeout(late);
        clearTimeout(slow);
        if (asking === this.#asking) {
          this.#asking = null;
          this.#answer.ariaBusy = null;
        }
      }
    }
    #show(status, shown, failed) {
      this.#status.textContent = status;
      this.#answer.replaceChildren(...shown);
      this.#root.hidden = false;
      this.#slot.hidden = !failed;
    }
    // The form, made anew only for other words: what is being typed stays, and so does the focus.
    #fill(said, language, given) {
      if (this.#words !== said) {
        const [form, field] = this.form(said);
        field.value = this.#field?.value ?? "";
        form.addEventListener("submit", (event) => {
          event.preventDefault();
          this.#run(field.value.trim(), true);
        });
        this.#form?.remove();
        this.#root.prepend(form);
        this.#root.lang = language;
        this.#root.dir = "ltr";
        [this.#words, this.#form, this.#field] = [said, form, field];
      }
      if (this.#given !== given) this.#field.value = this.#given = given;
    }

    get wordsLanguage() {
      const asked = this.getAttribute("language") || this.closest("[lang]")?.lang || document.documentElement.lang || "";
      return spoken(asked) || "en";
    }
    // A whole number from an attribute, or `instead`.
    number(name, low, high, instead) {
      const value = Number(this.getAttribute(name) || NaN);
      return Number.isInteger(value) && value >= low && value <= high ? value : instead;
    }
    get limited() { return this.number("limit", 1, MOST, 5); }
    heading(deeper, ...rest) { return make(`h${Math.min(6, this.number("heading-level", 2, 6, 3) + deeper)}`, ...rest); }
    tell(name, detail) { this.dispatchEvent(new CustomEvent(`innoshare:${name}`, { bubbles: true, composed: true, detail })); }

    // A case in a list; `more` stands at its end.
    item(found, said, language, deeper, lead, ...more) {
      const foreign = found.language && found.language !== language ? { lang: found.language, dir: "auto" } : {};
      let country = found.country_name;
      try { country = new Intl.DisplayNames([language], { type: "region" }).of(found.country); } catch { /* as it came */ }
      const place = [found.city, country].filter(Boolean).join(", "), level = said.levels[found.evidence_level];
      const outcome = said.outcomes[found.outcome], facts = make("p", { class: "soft", part: "meta" });
      if (found.is_warning) facts.append(make("strong", { class: "warning" }, said.warning), " · ");
      if (outcome) facts.append(make("span", { class: "outcome" }, outcome));
      if (level) facts.append(`${outcome ? " · " : ""}${said.evidence}: ${level} (${found.evidence_level}/5)`);
      return make("li", { part: "result", class: said.outcomes[found.outcome] ? found.outcome : "" },
        this.heading(deeper, { class: "title", part: "title", ...foreign }, link(found.title || found.slug, ours(found.url), { "data-slug": found.slug })),
        make("p", { class: "soft", part: "meta" }, [place, found.year && said.since.replace("{n}", found.year), lead].filter(Boolean).join(" · ")),
        make("p", { part: "summary", ...foreign }, found.summary || ""), facts, ...more);
    }
  }

  class Search extends Widget {
    static observedAttributes = ["query", "filters", ...SHARED];
    get given() { return (this.getAttribute("query") ?? this.#filters().get("q") ?? "").trim(); }
    get asksAtOnce() { return this.hasAttribute("query") || this.hasAttribute("filters"); }
    #filters() { return new URLSearchParams(this.getAttribute("filters") || ""); }
    #parameters(text) {
      const parameters = this.#filters();
      for (const name of ["page", "per_page", "q"]) parameters.delete(name);
      if (text) parameters.set("q", text);
      return parameters;
    }
    // Where the same is asked at the library; without the filters where it has refused them.
    site(text, refused) { return address("search", refused ? "" : this.#parameters(text)); }
    question(text, signal) {
      const parameters = this.#parameters(text);
      parameters.set("per_page", this.limited);
      return ask(address("api/v1/search", parameters), { signal });
    }
    form(said) {
      const field = make("input", { id: "field", part: "field", type: "search", name: "q", dir: "auto", maxlength: "200", autocomplete: "off", enterkeyhint: "search" });
      return [make("form", { part: "form", action: address("search") }, make("label", { for: "field" }, said.search_label),
        make("div", { class: "line" }, field, make("button", { part: "button" }, said.search))), field];
    }
    counts(body, text) { return { query: text, total: body.total }; }
    answer(body, said, language, text) {
      if (body.total === 0) return [said.nothing, []];
      return [counted(said.found, body.total, language), [
        make("ol", LIST, ...body.hits.map((hit) => this.item(hit, said, language, 0))),
        make("p", { part: "more" }, link(said.all_cases.replace("{name}", BASE.host).replace("{n}", body.total.toLocaleString(language)), this.site(text)))]];
    }
  }

  class Match extends Widget {
    static observedAttributes = ["challenge", "city", ...SHARED];
    get given() { return (this.getAttribute("challenge") || "").trim(); }
    get asksAtOnce() { return Boolean(this.given); }
    site() { return address("match"); }
    question(challenge, signal) {
      // Without a language: that of the page says nothing about the visitor, and the library finds it out.
      const asked = { challenge, city: this.getAttribute("city"), limit: Math.max(this.limited, COUNTED) };
      return ask(address("api/v1/match"), { signal, method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) });
    }
    form(said) {
      const field = make("textarea", { id: "field", part: "field", rows: "4", dir: "auto", required: "required", maxlength: "20000", "aria-describedby": "hint" });
      return [make("form", { part: "form", action: address("match"), method: "post" }, make("label", { for: "field" }, said.match_label), field,
        make("p", { id: "hint", class: "soft" }, said.match_hint.replace("{name}", BASE.host)), make("div", {}, make("button", { part: "button" }, said.match))), field];
    }
    counts(body) { return { total: body.matches.length }; }
    #cities(matches) { return new Set(matches.map((match) => match.case.city_slug)).size; }
    #verdict(body, said, language) {
      const { verdict, matches, cautions = [] } = body;
      const strong = matches.filter((match) => match.strength === "strong");
      const others = strong.filter((match) => match.case.city_slug !== this.getAttribute("city"));
      const worked = others.filter((match) => match.case.outcome === "positive");
      if (verdict === "solved" && worked.length) return counted(said.solved, this.#cities(worked), language);
      if (verdict === "solved") return others.length ? counted(said.tackled, this.#cities(others), language) : said.own;
      if (matches.length) return said.related;
      return body.language && !spoken(body.language) && !cautions.length ? said.other_language : said.unsolved;
    }
    #list(matches, said, language, asked) {
      return make("ol", LIST, ...matches.slice(0, this.limited).map((match) => {
        const pair = (match.evidence || []).find((item) => ["same-problem", "answering-sentence"].includes(item.feature) && item.challenge_text && item.case_text);
        return this.item(match.case, said, language, 1, match.case.is_warning ? "" : said[match.strength], ...(pair ? [make("dl", { part: "source" },
          make("dt", {}, said.you_wrote), make("dd", { lang: asked, dir: "auto" }, pair.challenge_text),
          make("dt", {}, said.case_says), make("dd", { lang: match.case.language, dir: "auto" }, pair.case_text))] : []));
      }));
    }
    answer(body, said, language) {
      const { matches, cautions = [], nearest = [] } = body, status = this.#verdict(body, said, language);
      const shown = [this.heading(0, { class: "verdict", part: "verdict" }, status)];
      if (matches.length) shown.push(this.#list(matches, said, language, body.language));
      if (cautions.length) shown.push(this.heading(0, { class: "warning", part: "verdict" }, counted(said.cautions, this.#cities(cautions), language)),
        this.#list(cautions, said, language, body.language));
      if (nearest.length) shown.push(this.heading(1, {}, said.nearest), make("ul", {}, ...nearest.map((found) =>
        make("li", {}, link(found.title, ours(found.url), { "data-slug": found.slug, lang: found.language, dir: "auto" }), ` (${found.city})`))));
      if (!matches.length) shown.push(this.heading(1, {}, said.next), make("ul", {}, make("li", {}, said.next_words),
        make("li", {}, link(said.next_search, address("search"))), make("li", {}, link(said.next_board, address("challenges")))));
      return [status, shown];
    }
  }

  const mirrored = (kind) => [...kind.observedAttributes, "theme"]; // `theme` is a matter of style alone: nothing is asked
  const camel = (name) => name.replace(/-./g, (sign) => sign[1].toUpperCase());
  for (const [name, kind] of [["innoshare-search", Search], ["innoshare-match", Match]]) {
    for (const attribute of mirrored(kind)) Object.defineProperty(kind.prototype, camel(attribute), {
      get() { return this.getAttribute(attribute) ?? ""; },
      set(value) { if (value == null) this.removeAttribute(attribute); else this.setAttribute(attribute, value); },
    });
    customElements.define(name, kind);
  }
})();
