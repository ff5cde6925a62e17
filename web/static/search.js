// The search of a published site, over the indexes that Pagefind made: one for each part of its time, the newest first.
// The URL holds the whole search.
"use strict";

(() => {
  const PAGE_COUNT = 20;
  const VALUE_COUNT = 40;
  const FACETS = [
    ["section", "Section"], ["author", "Author"], ["tag", "Tag"], ["kind", "Kind"],
    ["language", "Language"], ["year", "Year"], ["site", "Publisher"],
  ];
  const EVERY = '"\u{10900}"'; // a word that the index has of every article
  const ORDERS = { newest: { date: "desc" }, oldest: { date: "asc" } };
  const at = (id) => document.getElementById(id);
  const own = document.currentScript.src;
  const folder = new URL("../pagefind/", own);
  let listed = null;
  let pagefind = null;
  let loading = Promise.resolve();
  const loaded = new Set();
  let results = [];
  let shownCount = 0;
  let turn = 0;

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  // A server's links have days; of these, a whole year is found.
  const readUrl = () => {
    const asked = new URLSearchParams(location.search);
    const [from, to] = [asked.get("from") || "", asked.get("to") || ""];
    if (from && from.slice(0, 4) === to.slice(0, 4)) asked.set("year", from.slice(0, 4));
    return asked;
  };
  const readOrder = (asked) => Object.hasOwn(ORDERS, asked.get("sort")) ? asked.get("sort") : null;
  const link = (asked, changes) => {
    const changed = new URLSearchParams();
    for (const name of ["q", "sort", ...FACETS.map(([name]) => name)]) {
      const value = name in changes ? changes[name] : asked.get(name);
      if (value) changed.set(name, value);
    }
    return `?${changed}`;
  };

  // The texts are the publishers': they are never read as HTML.
  const plain = document.createElement("textarea");
  const unescape = (text) => { plain.innerHTML = text.replaceAll("<", "&lt;"); return plain.value; };
  const marked = (text) => {
    let isMark = false;
    return text.split(/(<\/?mark>)/).flatMap((part) => {
      if (part === "<mark>" || part === "</mark>") { isMark = part === "<mark>"; return []; }
      return isMark ? [element("mark", {}, unescape(part))] : [unescape(part)];
    });
  };

  const showHit = (hit) => {
    const { title, subtitle, by, day, language } = hit.meta;
    const heading = element("h2", {}, element("a", { href: hit.raw_url || hit.url }, title || "(no headline)"));
    const item = element("li", language ? { lang: language } : {}, heading);
    if (subtitle) item.append(element("p", { class: "subtitle" }, subtitle));
    item.append(element("p", { class: "by", lang: "en" }, [by, day].filter(Boolean).join(" · ")));
    item.append(element("p", {}, ...marked(hit.excerpt)));
    return item;
  };

  const showMore = async () => {
    const mine = turn;
    const hits = await Promise.all(results.slice(shownCount, shownCount + PAGE_COUNT).map((one) => one.data()));
    if (mine !== turn) return;
    const items = hits.map(showHit);
    const isFurther = shownCount > 0;
    shownCount += hits.length;
    at("hits").append(...items);
    at("more").hidden = shownCount >= results.length;
    if (isFurther && items.length) items[0].querySelector("a").focus();
  };

  const showFacets = (asked, counts) => {
    const wasOpen = new Map([...at("facets").querySelectorAll("details")].map((one) => [one.dataset.name, one.open]));
    at("facets").replaceChildren(...FACETS.flatMap(([name, label]) => {
      if (asked.get(name)) return [];
      const values = Object.entries(counts[name] || {}).filter(([, count]) => count > 0);
      values.sort(name === "year" ? ([a], [b]) => b.localeCompare(a) : ([a, m], [b, n]) => n - m || a.localeCompare(b));
      if (!values.length) return [];
      const items = values.slice(0, VALUE_COUNT).map(([value, count]) => element("li", {},
        element("a", { href: link(asked, { [name]: value }) },
          element("span", {}, value), element("span", { class: "count" }, count.toLocaleString("en")))));
      const isOpen = wasOpen.get(name) ?? ["section", "author", "year"].includes(name);
      const details = element("details", { "data-name": name }, element("summary", {}, label), element("ul", {}, ...items));
      details.open = isOpen;
      return [details];
    }));
  };

  const showChips = (asked) => {
    at("chips").replaceChildren(...FACETS.filter(([name]) => asked.get(name)).map(([name, label]) => element("li", {},
      element("a", { href: link(asked, { [name]: "" }) },
        element("span", { "aria-hidden": "true" }, "✕ "), element("span", { class: "visually-hidden" }, "Remove "),
        `${label}: ${asked.get(name)}`))));
  };

  const loadPart = async (name) => {
    if (loaded.has(name)) return;
    loaded.add(name);
    const mergeFilter = { part: name };
    if (pagefind) return pagefind.mergeIndex(`${folder}${name}/`, { mergeFilter });
    pagefind = await import(`${folder}${name}/pagefind.js`);
    await pagefind.init();
    await pagefind.options({ mergeFilter });
  };

  // The first part has to be there before others are merged into it.
  const load = (asked) => {
    const year = Number(asked.get("year"));
    const needed = listed.parts.filter((part) => !year || (part.since <= year && year <= part.until));
    const [first, ...others] = needed.length ? needed : listed.parts.slice(0, 1);
    loading = loading.then(() => loadPart(first.name)).then(() => Promise.all(others.map(({ name }) => loadPart(name))));
    return loading;
  };

  // Pagefind orders the hits of each part by date, and then all of them by their places in their parts.
  const orderByPart = (hits, isNewestFirst) => {
    const byPart = new Map(listed.parts.map(({ name }) => [name, []]));
    for (const hit of hits) byPart.get(hit.id.split("_")[0].split("-").at(-1)).push(hit);
    const parts = [...byPart.values()];
    return (isNewestFirst ? parts : parts.reverse()).flat();
  };

  // Where a word does not occur, Pagefind searches without it. So parts are left out that lack a word others have.
  const listPartsWith = async (query) => {
    if (/^".+"$/.test(query)) return null;
    const words = new Set(query.replaceAll('"', " ").split(/\s+/).filter(Boolean));
    const found = await Promise.all([...words].map((word) => pagefind.search(`"${word}"`, { filters: { part: "none" } })));
    return found.map(({ totalFilters }) => Object.entries(totalFilters.part || {}).filter(([, count]) => count))
      .filter((counts) => counts.length).map((counts) => new Set(counts.map(([name]) => name)))
      .reduce((all, names) => all ? new Set([...all].filter((name) => names.has(name))) : names, null);
  };

  const find = async (asked, query) => {
    const filters = Object.fromEntries(FACETS.filter(([name]) => asked.get(name)).map(([name]) => [name, asked.get(name)]));
    const order = readOrder(asked) || (query ? null : "newest");
    await load(asked);
    await pagefind.filters(); // a search counts by those that are loaded
    const names = query ? await listPartsWith(query) : null;
    if (names) filters.part = { any: names.size ? [...names] : ["none"] };
    const found = await pagefind.search(query || EVERY, { filters, sort: order ? ORDERS[order] : {} });
    return { results: order ? orderByPart(found.results, order === "newest") : found.results, filters: found.filters };
  };

  const search = async () => {
    const mine = ++turn;
    const asked = readUrl();
    const query = (asked.get("q") || "").trim();
    at("q").value = query;
    at("sort").value = readOrder(asked) || "relevance";
    const isAsked = Boolean(query || readOrder(asked) || FACETS.some(([name]) => asked.get(name)));
    at("found").hidden = !isAsked;
    at("start").hidden = isAsked;
    if (isAsked) at("heading").textContent = "Searching…";
    const found = isAsked ? await find(asked, query) : { results: [], filters: listed.filters };
    if (mine !== turn) return;
    results = found.results;
    shownCount = 0;
    at("hits").replaceChildren();
    const count = results.length;
    at("heading").textContent = `${count.toLocaleString("en")} article${count === 1 ? "" : "s"}`;
    showChips(asked);
    showFacets(asked, found.filters);
    at(isAsked ? "narrow" : "start-aside").prepend(at("facets"));
    await showMore();
  };

  const fail = () => {
    at("found").hidden = true;
    at("start").hidden = false;
    at("search-problem").hidden = false;
    at("search-problem").firstElementChild.textContent = location.protocol === "file:"
      ? "Searching needs a web server: a browser does not load the index from a disk. Choose a year instead."
      : "The search cannot be loaded. Choose a year instead.";
  };

  const show = () => search().catch(fail);
  const goTo = (url) => { history.pushState(null, "", url); show(); };

  const begin = async () => {
    const answer = await fetch(`${folder}parts.json`, { cache: "no-cache" });
    if (!answer.ok) throw new Error("there is no index");
    listed = await answer.json();
    at("search").hidden = at("syntax").hidden = false;
    at("search").addEventListener("submit", (event) => {
      event.preventDefault();
      goTo(link(readUrl(), { q: at("q").value.trim(), sort: at("sort").value === "relevance" ? "" : at("sort").value }));
    });
    at("sort").addEventListener("change", () => at("search").requestSubmit());
    at("more").addEventListener("click", showMore);
    at("found").parentElement.addEventListener("click", (event) => {
      const target = event.target.closest("a");
      const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
      if (!target || !isPlain || !target.getAttribute("href").startsWith("?")) return;
      event.preventDefault();
      goTo(target.getAttribute("href"));
    });
    window.addEventListener("popstate", show);
    await search();
  };
  begin().catch(fail);
})();
