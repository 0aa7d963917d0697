// The page on which a user pastes a key. All that it shows is set as text: nothing shown can become markup.

const $ = (id) => document.getElementById(id);
const main = $("main");
const field = $("key");
const base = location.pathname.replace(/\/connect(\/popup)?\/?$/, "");
const opener = /\/popup\/?$/.test(location.pathname) ? window.opener : null;
/// More than the server reads, so that it is the server that says that it is too much.
const LONGEST = 17_000;

/// As much of a paste as is sent; half a character at its end would be no text.
const sent = (text) => text.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, "");

let token = null;
let session = null;
/// The paste as it came, with its line breaks; the field shows it on one line.
let paste = "";
/// The provider chosen by hand, and the one that the paste was recognised as.
let chosen = null;
let found = null;
/// The key of a manage link that is being replaced.
let target = null;
/// The provider that texts speak of.
let about = null;
/// Grows with each question, so that an answer that comes too late is dropped.
let turn = 0;
let isBusy = false;
let inspected = "";
let draw = () => {};
let isNew = true;
let ticking = 0;
/// The server's clock less ours.
let skew = 0;

// Texts

let language = "en";
/// What can be said before any text has come.
let texts = {
  "title.offline": "No connection",
  "end.offline": "Your device is offline, or this server cannot be reached. Your link stays good.",
  "action.retry": "Try again",
};

const has = (name) => Object.hasOwn(texts, name);
const plural = (name, n) => `${name}.${new Intl.PluralRules(language).select(n)}`;
const list = (items) => new Intl.ListFormat(language).format(items);

/// The text of a name as nodes; what is filled in is isolated from the direction of the writing around it.
function say(name, more = {}) {
  const { name: provider = has("provider.any") ? texts["provider.any"] : "", ...rest } = more.provider ?? about ?? {};
  const { user, project } = session ?? {};
  const values = { ...rest, user, project: project?.name, host: location.host, ...more, provider };
  return (texts[name] ?? name).split(/\{(\w+)\}/).map((part, index) => {
    const value = index % 2 ? values[part] ?? "" : part;
    return index % 2 && !(value instanceof Node) ? el("bdi", {}, String(value)) : value;
  });
}

const t = (name, more) => say(name, more).map((part) => part.textContent ?? part).join("");

function offered(wish) {
  const short = String(wish ?? "").toLowerCase().split("-")[0];
  return [...$("language").options].some(({ value }) => value === short) && short;
}

const wished = () =>
  [history.state?.lang, history.state?.wish, session?.locale, ...navigator.languages].map(offered).find(Boolean) || "en";

async function speak(wish = wished()) {
  if (language === wish && has("dir")) return;
  const answer = await ask("GET", `/connect/texts/${wish}`);
  if (!answer.ok) return;
  texts = answer.data;
  language = wish;
  Object.assign(document.documentElement, { lang: wish, dir: texts.dir });
  for (const node of document.querySelectorAll("[data-t]")) node.textContent = t(node.dataset.t);
  $("bar").setAttribute("aria-label", t("bar"));
  $("language").value = wish;
}

function when(text) {
  const at = Date.parse(text);
  const seconds = (at - Date.now() - skew) / 1000;
  const units = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
  const [unit, size] = units.find((unit) => Math.abs(seconds) >= unit[1]) ?? units[3];
  const words = new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(seconds / size), unit);
  return el("time", { datetime: text }, `${words} (${clock(at, "medium")})`);
}

const clock = (at, dateStyle) => new Intl.DateTimeFormat(language, { dateStyle, timeStyle: "short" }).format(at);

// Nodes

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children.flat(2).filter(Boolean));
  return node;
}

const p = (kind, ...children) => el("p", { class: kind }, ...children);
const next = (name, more) => p("next", say(name, more));
const mask = (key) => el("bdi", { class: "hint", dir: "ltr" }, key.hint);
const named = (key) => (key.label ? [" · ", el("bdi", {}, key.label)] : []);

/// The address when it is one of the web's, else nothing: no `javascript:` from any field.
function web(text, orLoopback = false) {
  const url = URL.canParse(text ?? "") ? new URL(text) : {};
  const isLoopback = url.protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(url.hostname);
  return url.protocol === "https:" || (orLoopback && isLoopback) ? url.href : null;
}

function link(address, label, attributes) {
  const href = web(address);
  if (!href) return null;
  return el("a", { href, target: "_blank", rel: "noopener noreferrer", title: t("opens"), ...attributes }, label);
}

const button = (name, address) => link(address, say(`action.${name}`), { class: "button", "data-action": name });

/// Text of the server, its web addresses as links, each line a paragraph.
const prose = (kind, text) => String(text ?? "").split("\n").filter(Boolean).map((line) => p(kind, linked(line)));

function linked(text) {
  return text.split(/(https:\/\/[^\s<>"”]*[^\s<>"”.,;:!?)])/).map((part, index) =>
    index % 2 ? link(part, part.slice(8).split(/(?<=\/)/).map((step) => [step, el("wbr")])) ?? part : part);
}

function action(name, label, run, attributes = {}) {
  const node = el("button", { type: "button", "data-action": name, ...attributes }, say(`action.${label}`));
  node.addEventListener("click", run);
  return node;
}

// Calls

async function ask(method, path, body = null) {
  const headers = path.startsWith("/connect/texts/") ? {} : { Authorization: `Bearer ${token}` };
  if (body) headers["Content-Type"] = "application/json";
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 40_000);
  try {
    const response = await fetch(base + path, {
      method, headers, body: body && JSON.stringify(body), signal: stop.signal,
      credentials: "omit", cache: "no-store", referrerPolicy: "no-referrer",
    });
    const { ok, status } = response;
    const data = await response.json().catch(() => ({}));
    const wait = Number(data.retry_after ?? response.headers.get("Retry-After")) || 0;
    return { ok, status, data, wait, code: data.code ?? `http_${status}` };
  } catch {
    return { ok: false, status: 0, data: {}, wait: 0, code: "network" };
  } finally {
    clearTimeout(timer);
  }
}

const look = () => ask("GET", "/connect/session");
const askOf = (key, verb, body = {}) => ask("POST", `/connect/keys/${encodeURIComponent(key.id)}/${verb}`, body);

/// News for the app that opened the popup: to the session's origin and to nobody else.
function tell(type, more) {
  const origin = session?.origin;
  if (!opener || !URL.canParse(origin ?? "") || new URL(origin).origin !== origin) return;
  opener.postMessage({ type: `keystow:${type}`, ...more }, origin);
}

function tellStored({ id, provider, hint }) {
  tell("success", { session_id: session.id, key: { id, provider, hint } });
}

// The session

async function open() {
  // What a chat program glued to the link is not of it.
  const [, fresh, wish] = location.hash.match(/^#(\w+)(?:&locale=([\w-]+))?/) ?? [];
  if (fresh) history.replaceState({ t: fresh, ...(wish && { wish }) }, "", location.pathname);
  token = history.state?.t ?? null;
  const mine = ++turn;
  forget();
  session = chosen = target = null;
  isBusy = false;
  $("app").textContent = "";
  note();
  for (const id of ["account", "logo"]) $(id).hidden = true;
  document.documentElement.style.removeProperty("--accent");
  show("loading", { focus: false, title: has("loading") && say("loading") });
  const [answer] = await Promise.all([token ? look() : null, speak()]);
  if (mine !== turn) return;
  if (!answer) return screen(() => ended("unknown", "incomplete"));
  if (!answer.ok) return barred(answer);
  session = answer.data;
  skew = Date.parse(session.now) - Date.now();
  await speak();
  if (mine !== turn) return;
  const { name, logo, accent_color: accent } = session.project;
  const isOurs = /^(data:image\/|\/(?![/\\]))/.test(logo ?? "");
  $("app").textContent = name;
  $("logo").hidden = !isOurs;
  if (isOurs) $("logo").src = logo;
  if (/^#[\da-f]{6}$/i.test(accent)) document.documentElement.style.setProperty("--accent", accent);
  offerProviders();
  tell("ready");
  enter(session);
}

function enter(data) {
  session = data;
  const { state, key, purpose } = session;
  main.dataset.purpose = purpose;
  if (session.checking) return poll();
  if (state === "completed") {
    if (key) tellStored(key);
    screen(() => stored(key, { isUsed: true }));
  } else if (state !== "pending") screen(() => ended(state));
  else if (purpose === "manage") screen(() => manage(false));
  else screen(() => pasting(false));
}

function barred(answer) {
  const reason = answer.status === 429 ? "rate_limited" : null;
  if (!linkEnded(answer)) screen(() => ended(answer.status ? "unavailable" : "offline", reason));
}

/// Whether an answer says that the link is at its end; then the page says so too.
function linkEnded({ status, code, data }) {
  const isUsed = code === "session_used";
  if (status !== 401 && code !== "session_expired" && !isUsed) return false;
  tell("error", { code });
  forget();
  if (isUsed && session) again();
  // A link that was known has ended, when it is not known any more.
  else screen(() => ended(isUsed ? "used" : status === 410 || session ? "expired" : "unknown", null, status === 410 && data.detail));
  return true;
}

async function again() {
  const mine = ++turn;
  const { data } = await look();
  if (mine !== turn) return;
  if (data.state === "completed") enter(data);
  else screen(() => ended("used"));
}

/// While the page is open the link stays alive, also while its user is in the provider's console.
async function stayAlive() {
  if (isBusy || !["choose", "paste", "refused", "manage"].includes(main.dataset.state)) return;
  const mine = turn;
  const answer = await look();
  if (mine !== turn || (!answer.ok && linkEnded(answer)) || !answer.ok) return;
  if (answer.data.state === session.state) return;
  forget();
  enter(answer.data);
}

// Screens

function screen(render) {
  clearInterval(ticking);
  note();
  draw = render;
  isNew = true;
  render();
  isNew = false;
}

function note(name, more) {
  $("note").replaceChildren(...(name ? say(name, more) : []));
}

function show(state, { outcome = "", kind = "", tone = "", title, body = [], actions = [], focus = true }) {
  const isForm = ["choose", "paste", "refused"].includes(state);
  const isLost = state === "refused" && tone === "bad";
  Object.assign(main.dataset, { state, outcome, kind, tone });
  main.setAttribute("aria-busy", String(state === "loading"));
  if (title) {
    $("title").replaceChildren(...title);
    document.title = [$("title").textContent, session?.project.name].filter(Boolean).join(" · ");
  }
  $("outcome").role = state === "refused" ? "alert" : null;
  for (const [id, children] of [["outcome", body], ["actions", actions]]) {
    $(id).replaceChildren(...children.flat().filter(Boolean));
    $(id).hidden = !$(id).hasChildNodes();
  }
  $("work").hidden = !isForm;
  $("checking").hidden = state !== "checking";
  $("keys").hidden = state !== "manage";
  $("trust").hidden = !session || !(isForm || ["saved", "used", "manage"].includes(state));
  field.setAttribute("aria-invalid", String(isLost));
  field.setAttribute("aria-describedby", isLost ? "say outcome" : "say");
  $("account").hidden = !session;
  if (session) {
    const host = session.return_host;
    $("account").replaceChildren(...say("account.store"), ...(host ? [" · ", ...say("account.returns", { host })] : []));
    if (isForm) drawForm(state);
    drawTrust();
  }
  if (focus && isNew) $("title").focus();
}

const isAllowed = (id) => session.providers.some((provider) => provider.id === id);

function providerOf(id) {
  if (!id) return null;
  const name = id.charAt(0).toUpperCase() + id.slice(1).replaceAll("_", " ");
  return session.providers.find((provider) => provider.id === id) ?? { id, name, steps: [] };
}

const settled = () => providerOf(target?.provider)
  ?? (session.providers.length === 1 ? session.providers[0] : providerOf(chosen));

function pasting(focus = true) {
  const old = target ?? (session.purpose === "replace" ? session.key : null);
  about = old ? providerOf(old.provider) : settled();
  show(about ? "paste" : "choose", {
    focus,
    title: say(old ? "title.replace" : "title.store"),
    body: [old && p("what", say("replacing", { hint: mask(old) }))],
  });
}

function drawForm(state) {
  const provider = settled();
  const isOne = session.providers.length === 1 || target !== null;
  about = provider ?? providerOf(found);
  const any = about ? "" : ".any";
  $("get-title").replaceChildren(...say(about ? "get.title" : "get.none"));
  $("form-title").replaceChildren(...say(provider ? "form.title" : "form.any"));
  $("key-label").replaceChildren(...say(provider ? "field.label" : "field.any"));
  $("save").replaceChildren(el("span", {}, say(target || session.purpose === "replace" ? "save.replace" : "save")));
  $("cancel").hidden = !target;
  $("before").replaceChildren(...say(about?.testable === false ? "before.untestable" : `before${any}`));
  $("example").replaceChildren(...(about?.example ? say("field.hint") : []));
  $("choice").hidden = isOne;
  for (const radio of $("providers").querySelectorAll("input")) radio.checked = radio.value === (chosen ?? found);
  const steps = (about?.steps ?? []).map((step, index) => {
    const own = `steps.${about.id}.${index + 1}`;
    return el("li", {}, linked(has(own) ? t(own) : step));
  });
  $("steps").replaceChildren(...steps);
  $("only").hidden = !steps.length;
  $("plan").hidden = about ? about.id !== "anthropic" : !isAllowed("anthropic");
  // The steps of the one provider come first; among several the key tells which. What is moved loses the focus.
  const isFirst = isOne && state !== "refused";
  if (($("work").firstElementChild === $("get")) !== isFirst) $("work").insertBefore($("get"), isFirst ? $("form") : null);
}

function offerProviders() {
  $("filter").value = "";
  $("filter-row").hidden = session.providers.length <= 6;
  $("providers").replaceChildren(...session.providers.map(({ id, name }) => {
    const radio = el("input", { type: "radio", name: "provider", value: id });
    radio.addEventListener("change", () => {
      chosen = id;
      inspected = "";
      screen(() => pasting(false));
      inspect(false);
    });
    return el("label", {}, radio, name);
  }));
}

function filterChoice() {
  const wanted = $("filter").value.trim().toLowerCase();
  const labels = [...$("providers").children];
  for (const label of labels) label.hidden = !label.textContent.toLowerCase().includes(wanted);
  const n = labels.filter((label) => !label.hidden).length;
  $("matches").textContent = wanted ? t(plural("choice.matches", n), { n }) : "";
}

function drawTrust() {
  const n = session.readers;
  about = settled() ?? providerOf(found ?? session.key?.provider);
  const there = link(about?.console_url, say("trust.console"));
  $("facts").replaceChildren(...[
    say("trust.stored"),
    say(n ? plural("trust.readers", n) : "trust.readers.zero", { n }),
    say("trust.shown"),
    say(session.purpose === "manage" ? "trust.manage" : "trust.here"),
    there && say("trust.provider", { link: there }),
    say("trust.third"),
  ].filter(Boolean).map((fact) => el("li", {}, fact)));
}

function ended(state, reason = null, detail = null) {
  const mayRetry = ["offline", "unavailable"].includes(state);
  show(state, {
    tone: mayRetry ? "warn" : "bad",
    title: say(`title.${reason ?? state}`),
    body: [
      p("what", say(`end.${reason ?? state}`)),
      detail && language === "en" && p("what", detail),
      !mayRetry && next(session ? "ask" : "ask.app"),
    ],
    actions: mayRetry ? [action("retry", "retry", open, { class: "primary" })] : leaving(),
  });
}

function leaving(isMain = false) {
  if (opener) return [action("close", "close", () => window.close(), { class: isMain ? "primary" : "" })];
  const href = web(session?.return_url, true);
  const kind = isMain ? "button primary" : "button";
  return [href && el("a", { href, rel: "noreferrer", class: kind, "data-action": "back" }, say("action.back"))];
}

// The field

function forget() {
  paste = inspected = field.value = "";
  found = null;
  reveal(false);
  hint("");
}

function reveal(isShown) {
  field.type = isShown ? "text" : "password";
  $("show").setAttribute("aria-pressed", String(isShown));
}

function hint(text, isGood = false) {
  $("say").textContent = text;
  $("say").className = isGood ? "good" : "";
}

const NOISE = /[\s\\\p{Cc}\p{Cf}\p{Mn}\u115f\u1160\u3164\uffa0]/gu;

/// The kind of Claude sign-in that is in a text, however it is broken up: such a text leaves the page for nowhere.
function signIn(text) {
  const plain = text.normalize("NFKC").replace(NOISE, "").replace(/[\p{Pd}\u2212]/gu, "-").toLowerCase();
  if (plain.includes("claudeaioauth")) return "credentials_file";
  const kinds = { ort: "oauth_refresh_token", oat: "oauth_access_token", sid: "session_token" };
  return Object.entries(kinds).find(([name]) => plain.includes(`sk-ant-${name}`))?.[1];
}

function isSignIn(isPaste, isTyping = false) {
  const kind = signIn(paste);
  if (kind) refuse({ code: "oauth_token_rejected", kind, isLocal: true, isTyping }, isPaste);
  return kind;
}

function take(text) {
  if (isBusy || $("work").hidden || !text) return;
  paste = text;
  found = null;
  inspected = "";
  field.value = text.replace(/\s+/g, " ").trim();
  inspect(true);
}

async function inspect(isPaste) {
  const provider = settled()?.id;
  const question = `${provider} ${paste}`;
  if (!paste.trim() || question === inspected || isSignIn(isPaste)) return;
  inspected = question;
  const mine = ++turn;
  hint(t("looking"));
  const answer = await ask("POST", "/connect/inspect", { key: sent(paste), ...(provider && { provider }) });
  if (mine !== turn) return;
  hint("");
  if (answer.ok) return judge(answer.data, isPaste);
  // Nothing is lost: the server looks again when it is to be saved.
  inspected = "";
  linkEnded(answer);
}

function judge(data, isPaste) {
  const names = (data.cleaned ?? []).filter((name) => has(`cleaned.${name}`));
  const cleaned = names.length ? t("cleaned", { list: list(names.map((name) => t(`cleaned.${name}`))) }) : "";
  if (data.storable && !isAllowed(data.provider) && data.provider !== target?.provider) {
    data = { ...data, storable: false, code: "wrong_provider", detected_provider: data.provider };
  }
  if (data.storable) {
    found = data.provider;
    screen(() => pasting(false));
    hint(`${t("recognised", { provider: providerOf(found) })} ${cleaned}`.trim(), true);
    if (isPaste && document.activeElement !== field) $("save").focus();
  } else {
    refuse(data, isPaste);
    hint(cleaned);
  }
}

// Saving

async function save(as = null) {
  if (isBusy) return;
  if (!paste.trim()) {
    hint(t("empty"));
    field.setAttribute("aria-invalid", "true");
    return field.focus();
  }
  if (isSignIn(true)) return;
  const provider = as ?? settled()?.id;
  const key = sent(paste);
  const mine = ++turn;
  isBusy = true;
  reveal(false);
  checking(providerOf(provider ?? found));
  const answer = target ? await askOf(target, "rotate", { key })
    : await ask("POST", "/connect/keys", { key, ...(provider && { provider }) });
  if (mine !== turn) return;
  isBusy = false;
  if (!answer.ok) return notSaved(answer, provider);
  forget();
  if (!target) tellStored(answer.data);
  const isAlready = answer.data.already_saved === true;
  screen(() => stored(answer.data, { isAlready, isReplaced: target || session.purpose === "replace" }));
}

function checking(provider, isElsewhere = false) {
  const began = performance.now();
  const step = () => {
    const seconds = (performance.now() - began) / 1000;
    const words = t(seconds < 4 ? "wait.short" : seconds < 12 ? "wait.long" : "wait.longer");
    $("bar").value = 1 + Math.min(seconds / 10, 1) * 0.9;
    if ($("wait").textContent !== words) $("wait").textContent = words;
  };
  screen(() => {
    about = provider;
    $("stages").replaceChildren(
      el("li", { class: "done" }, say("stage.form")),
      el("li", { "aria-current": "step" }, say(about ? "stage.ask" : "stage.ask.any")),
      el("li", {}, say("stage.seal")),
    );
    step();
    show("checking", { title: say(isElsewhere ? "title.checking_elsewhere" : "title.checking") });
  });
  ticking = setInterval(step, 250);
}

/// A call that began before a reload, or in another tab, is waited for.
async function poll() {
  const mine = ++turn;
  checking(settled(), true);
  for (let misses = 0; misses < 5;) {
    await new Promise((wake) => setTimeout(wake, 1000));
    const answer = mine === turn && await look();
    if (mine !== turn || (!answer.ok && linkEnded(answer))) return;
    if (answer.wait) await new Promise((wake) => setTimeout(wake, Math.min(answer.wait, 60) * 1000));
    else if (!answer.ok) misses += 1;
    else if (!answer.data.checking) {
      if (saved(answer.data)) return;
      enter(answer.data);
      return answer.data.purpose === "manage" || note("restart.note");
    } else misses = 0;
  }
  screen(() => ended("offline"));
}

/// Whether the link turns out to have saved its key after all.
function saved(data) {
  if (data.state !== "completed" || !data.key) return false;
  session = data;
  forget();
  tellStored(data.key);
  screen(() => stored(data.key, { isReplaced: data.purpose === "replace" }));
  return true;
}

/// Whether a call may have come through although its answer did not: lost, or another server's in between.
const isLost = ({ status, code }) => status === 0 || (status >= 500 && code === `http_${status}`);

async function notSaved(answer, provider) {
  if (isLost(answer)) {
    if (target) return relist();
    const mine = turn;
    const { data } = await look();
    if (mine !== turn) return;
    if (saved(data)) return;
    if (data.checking) return enter(data);
  }
  if (linkEnded(answer)) return;
  const { status, wait, code } = answer;
  refuse({ ...answer.data, code, status, wait, tried: provider });
}

// Outcomes

function refuse(data, focus = true) {
  ++turn;
  if (data.code === "body_too_large") data = { ...data, code: "malformed_key", kind: "too_long" };
  const { kind = "", status = 0, wait = 0 } = data;
  const isOther = data.code === "duplicate_key" && data.key_id !== (target ?? session.key)?.id;
  const outcome = data.code === "invalid_field" && data.candidates ? "ambiguous" : isOther ? "duplicate_other" : data.code;
  const isOurs = outcome === "network" || status === 429 || status >= 500;
  const tone = isOurs ? "warn" : ["ambiguous", "wrong_provider"].includes(outcome) ? "ask" : "bad";
  // What is still being typed stays until the field is left, or its rest would be taken for something else.
  if (data.isTyping) {
    if (main.dataset.outcome === outcome) return;
  } else if (["oauth_token_rejected", "wrong_key_type"].includes(outcome)) forget();
  hint("");
  screen(() => {
    const provider = providerOf(data.tried) ?? settled() ?? providerOf(data.provider);
    about = provider;
    const title = say([`title.${outcome}.${kind}`, `title.${outcome}`].find(has) ?? "title.refused");
    const isClaude = has(`oauth.what.${kind}`);
    const body = isClaude ? signInBody(kind, data.isLocal) : refusalBody(data, outcome, isOurs);
    about = isClaude ? CLAUDE : about;
    const docs = data.docs_url ?? (data.isLocal ? CLAUDE.docs_url : null);
    const ids = outcome === "ambiguous" ? data.candidates : [data.detected_provider ?? ""];
    const actions = isOurs ? [action("retry", "retry", () => retry(data), { class: "primary" })]
      : tone === "ask" ? ids.filter(isAllowed).map(saveAs)
      : outcome === "wrong_state" ? leaving()
      // Another provider's sign-in: whose console would help is not known here.
      : outcome === "oauth_token_rejected" && !isClaude ? []
      : [button("console", about?.console_url), button("docs", docs)];
    show("refused", { outcome, kind, tone, title, body, actions, focus });
  });
  if (wait) waitFor(wait);
  tell("error", { code: outcome });
}

function retry({ tried }) {
  if ($("actions").firstChild.getAttribute("aria-disabled") !== "true") save(tried);
}

function saveAs(id) {
  about = providerOf(id);
  return action("save-as", "save_as", () => save(id), { "data-provider": id, class: "primary" });
}

function refusalBody(data, outcome, isOurs) {
  const { code, kind, detected_provider: id, provider_error: error } = data;
  const own = [`${outcome}.what`, `say.${code}.${kind}`, `say.${code}`].find(has);
  const isAsked = outcome === "ambiguous";
  const isOthers = isAsked ? !data.candidates.some(isAllowed) : id && !isAllowed(id);
  const side = [data.status === 429 ? "side.limit" : `side.${outcome}`].find(has) ?? (isOurs ? "side.vault" : "side.paste");
  const words = error?.error?.message;
  return [
    ...prose("what", own ? t(own, { detected: id && providerOf(id).name, retry_after: data.wait }) : data.detail ?? data.message),
    // What the server advises is for users only where it is about the paste.
    ...(own || isOthers || isAsked || ![undefined, 422].includes(data.status) ? [] : prose("next", data.hint)),
    isOthers && next("not_allowed", { list: list(session.providers.map(({ name }) => name)) }),
    data.wait ? el("p", { id: "again" }) : null,
    p("kept", say(side)),
    words && !data.quoted && el("details", { class: "answer" }, el("summary", {}, say("answer")), el("p", { lang: "en" }, words)),
  ];
}

const CLAUDE = {
  name: "Anthropic",
  console_url: "https://platform.claude.com/settings/keys",
  docs_url: "https://code.claude.com/docs/en/legal-and-compliance",
  /// Its two documented answers to a sign-in token.
  answers: [
    "OAuth authentication is currently not supported.",
    "This credential is only authorized for use with Claude Code and cannot be used for other API requests.",
  ],
};

function signInBody(kind, isLocal) {
  const copied = `oauth.copied.${kind}`;
  return [
    p("what", say(`oauth.what.${kind}`)),
    p("", say("oauth.quote")),
    el("blockquote", { class: "quote", lang: "en" }, CLAUDE.answers.map((sentence) => p("", `“${sentence}”`))),
    p("kept", say(isLocal ? "oauth.local" : "oauth.sent")),
    has(copied) && next(copied),
    next("oauth.next"),
  ];
}

function waitFor(seconds) {
  const end = Date.now() + seconds * 1000;
  const isLong = seconds > 120;
  const unit = { style: "unit", unit: "second", unitDisplay: "long" };
  const step = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    const time = isLong ? clock(end, seconds > 43_200 ? "medium" : undefined)
      : new Intl.NumberFormat(language, unit).format(left);
    $("again").textContent = left > 0 ? t(isLong ? "retry.at" : "retry.in", { time }) : t("retry.now");
    // Only the beginning and the end are read out, not each second.
    $("again").setAttribute("aria-live", left > 0 ? "off" : "polite");
    $("actions").firstChild.setAttribute("aria-disabled", String(left > 0));
    if (left <= 0) clearInterval(ticking);
  };
  step();
  ticking = setInterval(step, 1000);
}

const TONES = { valid: "good", untested: "good", valid_unfunded: "warn", valid_restricted: "warn", unverified: "warn" };

/// Of a key that cannot be read, whatever its provider says.
const UNUSABLE = ["quarantined", "expired", "undecryptable", "revoked"];

function outcomeOf({ verdict: { code, tested }, status, stale }) {
  if (UNUSABLE.includes(status)) return status;
  if (status === "failing" || stale?.reasons.includes("check_failed")) return "check_failed";
  if (code === "valid") return tested.includes("funding") ? "valid" : "untested";
  return code in TONES ? code : "unverified";
}

function verdictText({ verdict, last_check: last }) {
  const own = [`verdict.${verdict.code}.${verdict.reason ?? last?.reason}`, `verdict.${verdict.code}`].find(has);
  return prose("next", own ? t(own) : verdict.message);
}

function stored(key, { isUsed = false, isReplaced = false, isAlready = false } = {}) {
  if (!key) return ended("used");
  session.key = key;
  about = providerOf(key.provider);
  main.dataset.replaced = String(Boolean(isReplaced));
  const outcome = outcomeOf(key);
  const isUnusable = UNUSABLE.includes(outcome);
  const tone = TONES[outcome] ?? "bad";
  const isFine = tone === "good";
  const isUntestable = outcome === "unverified" && about.testable === false;
  const mayFund = about.funding_check && ["untested", "valid_unfunded"].includes(outcome);
  const title = isUsed ? "used" : isUnusable ? "unusable" : isAlready ? "already_saved"
    : isReplaced && isFine ? "replaced" : outcome;
  show(isUsed ? "used" : "saved", {
    outcome: isAlready ? "already_saved" : outcome,
    tone,
    title: say(`title.${title}`),
    body: [
      p("what", say(isReplaced ? "replaced.as" : "saved.as", { hint: mask(key) })),
      isUnusable && p("what", say(`status.${outcome}`)),
      ...(isFine || isUntestable || isUnusable ? [] : verdictText(key)),
      isAlready && next(key.already_replaced ? "next.already_replaced" : "next.already_saved"),
      next(isUntestable ? "next.untestable" : isUnusable ? "next.unusable" : `next.${outcome}`),
      mayFund && next("offer"),
      isUsed && next("next.used"),
    ],
    actions: [
      ...(target ? [action("keys", "keys", () => listKeys(key), { class: "primary" })] : leaving(isFine)),
      mayFund && isFine && recheck(key, "fund", true),
      outcome === "valid_unfunded" && button("billing", about.billing_url),
      ["valid_restricted", "check_failed"].includes(outcome) && button("console", about.console_url),
      !isFine && !isUntestable && !isUnusable && recheck(key, "check", mayFund),
    ],
  });
}

function recheck(key, name, isPaid = false, attributes = {}) {
  return action(name, name, async () => {
    if (isBusy) return;
    isBusy = true;
    const mine = ++turn;
    const before = draw;
    checking(providerOf(key.provider));
    const answer = await askOf(key, "check", isPaid ? { funding_check: true } : {});
    isBusy = false;
    if (mine !== turn) return;
    if (!answer.ok) {
      if (isLost(answer) && session.purpose === "manage") return relist();
      screen(before);
      return failed(answer);
    }
    const now = answer.data;
    if (session.purpose === "manage") listKeys(now);
    else screen(() => stored(now));
    note(now.last_check && now.last_check.reason !== now.verdict.reason ? "note.inconclusive" : "note.checked");
  }, attributes);
}

function failed(answer) {
  if (linkEnded(answer)) return;
  if (answer.code === "wrong_state") note("note.enough");
  else {
    const own = `say.${answer.code}`;
    note("note.failed", { why: has(own) ? t(own) : answer.status ? answer.data.detail ?? answer.code : t("network.what") });
  }
}

// A link to manage keys

function manage(focus = true) {
  show("manage", {
    focus,
    title: say("title.manage"),
    body: [!session.keys.length && el("p", { id: "none" }, say("keys.none"))],
    actions: leaving(),
  });
  $("keys").replaceChildren(...session.keys.map(item));
}

function item(key) {
  const provider = providerOf(key.provider);
  about = provider;
  const { id, status, stale, rotated_at: rotated, last_used_at: read } = key;
  const state = status === "failing" ? status : outcomeOf(key);
  const tone = TONES[state] ?? "bad";
  const whose = { "aria-describedby": id };
  return el("li", { "data-key": id },
    el("h2", { id }, provider.name, " ", mask(key), named(key)),
    p(`status ${tone}`, say(`status.${state}`)),
    tone === "warn" || status === "failing" ? verdictText(key) : [],
    (stale?.reasons ?? []).map((reason) => has(`stale.${reason}`) && p("stale", say(`stale.${reason}`))),
    p("dates", say(rotated ? "keys.replaced" : "keys.saved", { time: when(rotated ?? key.created_at) }), " · ",
      say(read ? "keys.read" : "keys.never", read ? { time: when(read) } : {})),
    el("div", { class: "actions" },
      isAllowed(key.provider) && action("replace", "replace", () => {
        target = key;
        forget();
        screen(() => pasting());
      }, whose),
      provider.testable && ["active", "unverified", "failing"].includes(status) && recheck(key, "check", false, whose),
      action("remove", "remove", () => screen(() => removal(key)), { ...whose, class: "danger" })));
}

function listKeys(changed = {}) {
  target = null;
  forget();
  session.keys = session.keys.map((key) => (key.id === changed.id ? changed : key))
    .filter((key) => key.status !== "revoked");
  screen(() => manage());
}

function removal(key) {
  about = providerOf(key.provider);
  show("remove", {
    tone: "warn",
    title: say("title.remove"),
    body: [p("what", say("remove.what", { hint: mask(key) }), named(key)), next("remove.then"), next("remove.provider")],
    actions: [
      action("confirm-remove", "confirm", () => remove(key), { class: "danger" }),
      action("cancel", "keep", () => listKeys()),
      button("console", about.console_url),
    ],
  });
}

/// The list as it is now, after a call of which nobody knows whether it came through.
async function relist() {
  const mine = turn;
  const fresh = await look();
  if (mine !== turn || (!fresh.ok && linkEnded(fresh))) return;
  if (fresh.data.checking) return enter(fresh.data);
  if (!fresh.ok) return screen(() => ended("offline"));
  session = fresh.data;
  listKeys();
  note("note.lost");
}

async function remove(key) {
  if (isBusy) return;
  isBusy = true;
  const mine = ++turn;
  const answer = await askOf(key, "revoke");
  isBusy = false;
  if (mine !== turn) return;
  if (isLost(answer)) return relist();
  const isGone = answer.ok || answer.code === "key_revoked";
  listKeys(isGone ? { ...key, status: "revoked" } : {});
  if (isGone) note("removed", { hint: mask(key), provider: providerOf(key.provider) });
  else failed(answer);
}

// What the user does

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  save();
});
field.addEventListener("input", () => {
  ++turn;
  paste = field.value;
  found = null;
  inspected = "";
  hint("");
  isSignIn(false, true);
});
// Not at once: a new line would move the button away under a click that has begun.
field.addEventListener("blur", () => setTimeout(() => isBusy || !session || inspect(false), 300));
document.addEventListener("paste", (event) => {
  if (event.target === $("filter") || $("work").hidden) return;
  event.preventDefault();
  take(event.clipboardData.getData("text/plain"));
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  take(event.dataTransfer.getData("text/plain"));
});
$("show").addEventListener("click", () => reveal(field.type === "password"));
$("skip").addEventListener("click", () => field.focus());
$("cancel").addEventListener("click", () => listKeys());
$("filter").addEventListener("input", filterChoice);
$("language").addEventListener("change", async ({ target: { value } }) => {
  history.replaceState({ ...history.state, lang: value }, "");
  await speak(value);
  draw();
});
addEventListener("hashchange", () => location.hash.length > 1 && open());
addEventListener("popstate", ({ state }) => location.hash.length <= 1 && state?.t !== token && open());
addEventListener("pagehide", forget);
addEventListener("pageshow", (event) => event.persisted && open());
document.addEventListener("visibilitychange", () => document.hidden || stayAlive());
setInterval(stayAlive, 300_000);

open();
