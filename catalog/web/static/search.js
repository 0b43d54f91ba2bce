/* Makes a combobox of the search box: it proposes keywords and datasets to who types (WAI-ARIA, "editable combobox with list
   autocomplete"). Without this script the box is a plain search field. Texts are set as text, never as HTML. */
"use strict";
for (const group of document.querySelectorAll("[data-suggest]")) {
  const input = group.querySelector("input[type=search]");
  const words = group.dataset;
  const list = document.createElement("ul");
  const status = document.createElement("p");
  let found = [], at = -1, asked = null, timer = 0;

  list.id = `${input.id}-proposals`;
  list.className = "o-proposals";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", words.name);
  status.className = "o-hidden";
  status.setAttribute("role", "status");
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-expanded", "false"], ["aria-controls", list.id]])
    input.setAttribute(name, value);
  group.append(list, status);

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const choose = (index) => {
    const chosen = found[index];
    close();
    if (chosen.kind === "dataset") { location.assign(chosen.url); return; }
    input.value = chosen.text;
    input.form.requestSubmit();
  };
  const move = (index) => {
    list.children[at]?.setAttribute("aria-selected", "false");
    at = (index + found.length) % found.length;
    const option = list.children[at];
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", option.id);
  };
  const show = (proposals) => {
    close();
    found = proposals;
    list.replaceChildren(...found.map((each, index) => {
      const option = document.createElement("li"), kind = document.createElement("small");
      option.id = `${list.id}-${index}`;
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
      kind.textContent = each.kind === "tag" ? `${words.tag} (${each.count})` : words.dataset;
      option.append(each.text, " ", kind);
      // Before the field loses the focus.
      option.addEventListener("mousedown", (event) => event.preventDefault());
      option.addEventListener("click", () => choose(index));
      return option;
    }));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    status.textContent = found.length > 1 ? words.some.replace("{n}", found.length) : found.length ? words.one : words.none;
  };
  const ask = async () => {
    asked?.abort();
    const typed = input.value.trim();
    if (typed.length < 2) { close(); status.textContent = ""; return; }
    asked = new AbortController();
    try {
      const answer = await fetch(`${words.suggest}?q=${encodeURIComponent(typed)}`, { signal: asked.signal, credentials: "omit" });
      if (answer.ok && document.activeElement === input) show((await answer.json()).suggestions);
    } catch {
      // Whoever types goes on without proposals.
    }
  };

  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 150); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length) {
      event.preventDefault();
      const down = event.key === "ArrowDown";
      if (list.hidden) { list.hidden = false; input.setAttribute("aria-expanded", "true"); }
      move(at < 0 ? (down ? 0 : found.length - 1) : at + (down ? 1 : -1));
    }
    if (event.key === "Enter" && at >= 0 && !list.hidden) { event.preventDefault(); choose(at); }
  });
}
