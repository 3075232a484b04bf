/* Wake's feedback widget. One script tag, nothing else is loaded; docs/widget.md tells of it.

   <script src="https://wake.example/widget.js" data-key="KEY" data-version="1.4.0" defer></script>

   It sets no cookie and calls nobody until somebody opens it. What could not be sent stays in this
   browser's localStorage until it is sent, for two weeks at most. It builds its parts by DOM calls
   and an adopted style sheet, so that it needs no 'unsafe-inline' and no Trusted Types policy. */
(() => {
  "use strict";
  const tag = document.currentScript || document.querySelector("script[data-key][src*='widget.js']");
  if (!tag || !tag.dataset.key || (window.Wake && window.Wake.open)) return;
  const data = tag.dataset;
  const key = data.key;
  const endpoint = new URL("w/" + key + "/", tag.src).href;
  const formPage = new URL("f/" + key + "/", tag.src).href;

  const KEPT = 14 * 864e5, MOST_KEPT = 20, MAX_TEXT = 5000, PATIENCE = 15e3;
  const NAMES = ["button", "question", "text", "rating", "low", "high", "mail", "mailHelp", "note",
    "send", "sending", "close", "thanks", "sent", "waiting", "busy", "empty", "badMail", "failed"];
  const LANGUAGES = {
    en: ["Feedback", "What would you like to tell us?", "Your message", "How do you like it? (optional)",
      "Not at all", "Very much", "Mail address (optional)", "Only if you want an answer.",
      "The address of this page and the app’s version are sent along.", "Send", "Sending…", "Close",
      "Thank you", "Your message has arrived.",
      "Your message could not be sent yet. It is kept in this browser and sent as soon as possible.",
      "Many messages came from here just now. Yours is kept in this browser and sent in a while.",
      "Write something, or choose a rating.", "This is not a mail address.",
      "Your message was not taken. It is still here, so that you can copy it."],
    de: ["Feedback", "Was möchten Sie uns sagen?", "Ihre Nachricht", "Wie gefällt es Ihnen? (freiwillig)",
      "Gar nicht", "Sehr gut", "E-Mail-Adresse (freiwillig)", "Nur wenn Sie eine Antwort möchten.",
      "Die Adresse dieser Seite und die Version der App werden mitgeschickt.", "Senden", "Wird gesendet …",
      "Schließen", "Vielen Dank", "Ihre Nachricht ist angekommen.",
      "Ihre Nachricht konnte noch nicht gesendet werden. Sie bleibt in diesem Browser und wird so bald wie möglich gesendet.",
      "Von hier kamen gerade viele Nachrichten. Ihre bleibt in diesem Browser und wird später gesendet.",
      "Bitte schreiben Sie etwas oder wählen Sie eine Bewertung.", "Das ist keine E-Mail-Adresse.",
      "Ihre Nachricht wurde nicht angenommen. Sie steht noch hier, damit Sie sie kopieren können."],
    fr: ["Votre avis", "Que souhaitez-vous nous dire ?", "Votre message", "Qu’en pensez-vous ? (facultatif)",
      "Pas du tout", "Beaucoup", "Adresse e-mail (facultatif)", "Seulement si vous souhaitez une réponse.",
      "L’adresse de cette page et la version de l’application sont jointes.", "Envoyer", "Envoi…", "Fermer",
      "Merci", "Votre message est bien arrivé.",
      "Votre message n’a pas encore pu être envoyé. Il est conservé dans ce navigateur et sera envoyé dès que possible.",
      "Beaucoup de messages viennent d’arriver d’ici. Le vôtre est conservé dans ce navigateur et sera envoyé plus tard.",
      "Écrivez quelque chose ou choisissez une note.", "Ce n’est pas une adresse e-mail.",
      "Votre message n’a pas été accepté. Il est toujours ici pour que vous puissiez le copier."],
    es: ["Opinión", "¿Qué quiere contarnos?", "Su mensaje", "¿Le gusta? (opcional)", "Nada", "Mucho",
      "Correo electrónico (opcional)", "Solo si desea una respuesta.",
      "Se envían también la dirección de esta página y la versión de la aplicación.", "Enviar", "Enviando…",
      "Cerrar", "Gracias", "Su mensaje ha llegado.",
      "Su mensaje aún no se ha podido enviar. Se guarda en este navegador y se enviará lo antes posible.",
      "Acaban de llegar muchos mensajes desde aquí. El suyo se guarda en este navegador y se enviará más tarde.",
      "Escriba algo o elija una puntuación.", "Esto no es una dirección de correo.",
      "Su mensaje no fue aceptado. Sigue aquí para que pueda copiarlo."],
    nl: ["Feedback", "Wat wilt u ons vertellen?", "Uw bericht", "Wat vindt u ervan? (optioneel)", "Slecht", "Heel goed",
      "E-mailadres (optioneel)", "Alleen als u antwoord wilt.",
      "Het adres van deze pagina en de versie van de app worden meegestuurd.", "Versturen", "Versturen…", "Sluiten",
      "Dank u wel", "Uw bericht is aangekomen.",
      "Uw bericht kon nog niet worden verstuurd. Het blijft in deze browser en wordt zo snel mogelijk verstuurd.",
      "Er kwamen net veel berichten van hier. Het uwe blijft in deze browser en wordt later verstuurd.",
      "Schrijf iets of kies een score.", "Dit is geen e-mailadres.",
      "Uw bericht is niet aangenomen. Het staat hier nog, zodat u het kunt kopiëren."],
    ar: ["رأيك", "ماذا تودّ أن تقول لنا؟", "رسالتك", "ما رأيك؟ (اختياري)", "سيئ", "ممتاز",
      "البريد الإلكتروني (اختياري)", "فقط إذا أردت ردًّا.", "يُرسَل معها عنوان هذه الصفحة وإصدار التطبيق.",
      "إرسال", "جارٍ الإرسال…", "إغلاق", "شكرًا لك", "وصلت رسالتك.",
      "تعذّر إرسال رسالتك الآن. ستبقى محفوظة في هذا المتصفح وتُرسَل في أقرب وقت ممكن.",
      "وصلت رسائل كثيرة من هنا للتو. رسالتك محفوظة في هذا المتصفح وستُرسَل بعد قليل.",
      "اكتب شيئًا أو اختر تقييمًا.", "هذا ليس عنوان بريد إلكتروني.", "لم تُقبل رسالتك. ما زالت هنا لتتمكن من نسخها."],
  };

  // --- Words and facts --------------------------------------------------------------------------
  let fromWake = {};
  const wanted = (data.lang || document.documentElement.lang || navigator.language || "en").toLowerCase();
  const language = LANGUAGES[wanted.split("-")[0]] ? wanted.split("-")[0] : "en";
  const isRtl = /^(ar|fa|he|ur|yi|ps)\b/.test(data.lang ? wanted : language);
  const own = (name) => data["text" + name[0].toUpperCase() + name.slice(1)];
  const say = (name) => own(name) || (name === "question" && fromWake.question) || LANGUAGES[language][NAMES.indexOf(name)];
  const asks = (name) => (data[name] || (fromWake[name] === false ? "no" : "yes")) !== "no";
  const meta = (name) => (document.querySelector(`meta[name="${name}"]`) || {}).content;
  const version = () => String(data.version || meta("version") || meta("app-version") || window.APP_VERSION || "").slice(0, 100);
  // Query and fragment may hold names, tokens and searches: they stay here unless they are asked for.
  const page = () => data.page || location.origin + location.pathname;
  let customer = null;

  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

  // --- Sending: kept first, then sent, and removed when Wake has it -----------------------------
  const shelf = "wake-feedback:" + key;
  let memory = [];
  const kept = () => {
    let all = memory;
    try { all = JSON.parse(localStorage.getItem(shelf)) || []; } catch { /* no storage: this page's memory */ }
    return (Array.isArray(all) ? all : []).filter((m) => m && m.id && m.body && Date.now() - m.at < KEPT);
  };
  const keep = (all) => {
    memory = all;
    try {
      if (all.length) localStorage.setItem(shelf, JSON.stringify(all));
      else localStorage.removeItem(shelf);
    } catch { /* no storage, or it is full */ }
  };
  const change = (id, facts) => keep(kept().flatMap((m) => (m.id !== id ? [m] : facts ? [{ ...m, ...facts }] : [])));

  async function post(message) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const answer = await fetch(endpoint, {
        method: "POST", mode: "cors", credentials: "omit", referrerPolicy: "no-referrer", keepalive: true,
        // Plain text needs no question beforehand (CORS preflight): one call a message.
        headers: { "Content-Type": "text/plain;charset=UTF-8" },
        body: JSON.stringify({ ...message.body, id: message.id, waited: Math.max(0, Math.round((Date.now() - message.at) / 1000)) }),
        signal: stop.signal,
      });
      if (answer.ok) return { state: "sent" };
      if (answer.status === 400 || answer.status === 413) {
        return { state: "refused", ...(await answer.json().catch(() => ({}))) };
      }
      const wait = Number(answer.headers.get("Retry-After"));
      return { state: answer.status === 429 ? "busy" : "waiting", wait: wait > 0 ? wait * 1000 : 0 };
    } catch {
      return { state: "waiting" };
    } finally {
      clearTimeout(timer);
    }
  }

  async function attempt(message) {
    const now = async () => (kept().some((m) => m.id === message.id) ? finish(message, await post(message)) : { state: "sent" });
    // One tab at a time where the browser can say so. A page that is left lets go of it, and Wake
    // knows the id: if it did arrive, the next page's try stores nothing.
    if (!navigator.locks) return now();
    return navigator.locks.request(shelf + message.id, { ifAvailable: true }, (lock) => (lock ? now() : { state: "waiting" }));
  }

  function finish(message, result) {
    if (result.state === "sent" || result.state === "refused") change(message.id, null);
    else {
      const tries = (message.tries || 0) + 1;
      const pause = Math.min(3600e3, 5e3 * 2 ** tries);
      change(message.id, { tries, notBefore: Date.now() + (result.wait || 0), nextAt: Date.now() + Math.max(pause, result.wait || 0) });
      plan();
    }
    if (result.state === "sent") window.dispatchEvent(new CustomEvent("wake:sent", { detail: { id: message.id } }));
    return result;
  }

  let timer = 0;
  function plan() {
    clearTimeout(timer);
    const times = kept().map((m) => m.nextAt || 0);
    if (times.length) timer = setTimeout(flush, Math.max(1000, Math.min(...times) - Date.now()));
  }

  // On a new page, or online again (`isFresh`), all is tried at once that Wake has not asked to wait.
  async function flush(isFresh) {
    const due = kept().filter((m) => ((isFresh === true ? m.notBefore : m.nextAt) || 0) <= Date.now());
    for (const message of due) if ((await attempt(message)).state === "busy") break;
    plan();
  }

  async function send(said) {
    const body = {
      text: String(said.text || "").slice(0, MAX_TEXT), rating: said.rating || null, mail: said.mail || said.email || "",
      url: said.url || page(), version: said.version || version(), environment: data.environment || "",
      area: said.area || data.area || "", language: document.documentElement.lang || navigator.language || "",
      customer: customer && customer.id ? customer : undefined, seconds: said.seconds, website: said.website || undefined,
    };
    const message = { id: newId(), at: Date.now(), body };
    const all = kept();
    if (all.length >= MOST_KEPT) return { state: "refused" };
    keep([...all, message]);
    return attempt(message);
  }

  // --- What is seen -----------------------------------------------------------------------------
  const CSS = `
:host{all:initial!important;--a:#0a6c80;--on:#fff;--bg:#fff;--in:#10202a;--soft:#4d5f69;--line:#7d8f98;--sunk:#eef3f4;--bad:#a3361a}
@media (prefers-color-scheme:dark){:host(:not([data-theme=light])){--a:#55c5d6;--on:#04222a;--bg:#121b20;--in:#e8eff2;--soft:#a9bac2;--line:#71848e;--sunk:#1c282e;--bad:#f7a98f}}
:host([data-theme=dark]){--a:#55c5d6;--on:#04222a;--bg:#121b20;--in:#e8eff2;--soft:#a9bac2;--line:#71848e;--sunk:#1c282e;--bad:#f7a98f}
*{box-sizing:border-box}[hidden]{display:none!important}
.w{font:400 16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",sans-serif;color:var(--in)}
button,input,textarea{font:inherit;color:inherit;margin:0}
button{min-height:44px;min-width:44px;padding:8px 18px;border:1px solid transparent;border-radius:8px;background:none;cursor:pointer;font-weight:600}
.go{background:var(--a);color:var(--on)}
.go[aria-disabled=true]{opacity:.7;cursor:default}
.open{position:fixed;z-index:2147483000;inset-block-end:calc(16px + env(safe-area-inset-bottom));inset-inline-end:calc(16px + env(safe-area-inset-right));border-radius:22px;box-shadow:0 2px 10px rgb(0 0 0/25%);border-color:var(--bg)}
.open[data-position=start]{inset-inline:calc(16px + env(safe-area-inset-left)) auto}
:is(button,textarea,input):focus-visible,.r input:focus-visible+span{outline:3px solid var(--a);outline-offset:2px}
.open:focus-visible{outline-color:var(--in);box-shadow:0 0 0 3px var(--bg)}
h2:focus{outline:none}
dialog{width:min(420px,100vw - 32px);max-width:none;max-height:calc(100dvh - 32px);margin:auto 16px 16px auto;padding:20px;overflow:auto;border:1px solid var(--line);border-radius:14px;background:var(--bg);color:var(--in);box-shadow:0 12px 40px rgb(0 0 0/30%);overflow-wrap:anywhere}
[dir=rtl] dialog,dialog[data-position=start]{margin:auto auto 16px 16px}[dir=rtl] dialog[data-position=start]{margin:auto 16px 16px auto}
dialog::backdrop{background:rgb(6 14 18/45%)}
form,.done{display:grid;gap:16px}
.head{display:flex;gap:8px;align-items:start;justify-content:space-between}
h2{font-size:19px;line-height:1.3;margin:0;padding-block-start:8px}
.x{flex:none;padding:0;margin:-6px;margin-inline-start:0;border-radius:50%;color:var(--soft)}
.x svg{width:18px;height:18px;display:block;margin:auto}
.f{display:grid;gap:6px;border:0;margin:0;padding:0;min-width:0}
label,legend{font-weight:600;font-size:15px;padding:0}legend{margin-block-end:6px}
.s{color:var(--soft);font-size:14px;margin:0}
textarea,input[type=email]{width:100%;min-height:44px;padding:9px 12px;border:1px solid var(--line);border-radius:8px;background:var(--bg)}
textarea{min-height:112px;resize:vertical;display:block;unicode-bidi:plaintext}
[aria-invalid=true]{border-color:var(--bad)!important;border-width:2px!important}
.r{display:grid;grid-template-columns:repeat(5,1fr);gap:6px}
.r label{position:relative;cursor:pointer}
.r input{position:absolute;inset:0;width:100%;height:100%;opacity:0;cursor:pointer}
.r span{display:grid;place-items:center;min-height:44px;border:1px solid var(--line);border-radius:8px}
.r input:checked+span{background:var(--a);color:var(--on);border-color:var(--a);text-decoration:underline;text-underline-offset:3px}
.e{display:flex;justify-content:space-between;gap:8px}
.err{color:var(--bad);font-weight:600;font-size:15px;margin:0}.err:empty{display:none}
.v{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;margin:0}
@media (hover:hover){.x:hover,.r label:hover input:not(:checked)+span{background:var(--sunk)}.go:hover{filter:brightness(1.08)}}
@media (max-width:480px){dialog,[dir=rtl] dialog,dialog[data-position=start]{width:100vw;max-height:100dvh;margin:auto 0 0;border-radius:14px 14px 0 0;border-width:1px 0 0;padding-block-end:calc(20px + env(safe-area-inset-bottom))}}
@media (prefers-reduced-motion:no-preference){dialog[open]{animation:up .18s ease-out}@keyframes up{from{transform:translateY(12px);opacity:0}}}
@media (forced-colors:active){button,.r span{border-color:ButtonText}.r input:checked+span{outline:3px solid Highlight}}
@media print{.open{display:none}}`;

  const el = (name, facts, ...children) => {
    const node = document.createElement(name);
    for (const [k, v] of Object.entries(facts || {})) if (v !== false && v != null) node.setAttribute(k, v === true ? "" : v);
    node.append(...children);
    return node;
  };
  const svg = (path) => {
    const make = (n, facts) => Object.entries(facts).reduce((e, [k, v]) => (e.setAttribute(k, v), e), document.createElementNS("http://www.w3.org/2000/svg", n));
    const drawing = make("svg", { viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "aria-hidden": "true" });
    drawing.append(make("path", { d: path }));
    return drawing;
  };

  const host = el("wake-feedback", { "data-theme": data.theme });
  const root = host.attachShadow({ mode: "open" });
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    root.adoptedStyleSheets = [sheet];
  } catch {
    root.append(el("style", {}, CSS)); // browsers of before 2023
  }
  // A colour of the team's own, with black or white on it, whichever can be read.
  if (/^#[0-9a-f]{6}$/i.test(data.color || "")) {
    const [r, g, b] = [1, 3, 5].map((i) => (parseInt(data.color.slice(i, i + 2), 16) / 255) ** 2.2);
    host.style.setProperty("--a", data.color, "important");
    host.style.setProperty("--on", 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.18 ? "#000" : "#fff", "important");
  }

  let ui = null;
  const opener = el("button", { type: "button", class: "open go", "aria-haspopup": "dialog", "data-position": data.position }, say("button"));
  const frame = el("div", { class: "w", dir: isRtl ? "rtl" : "ltr", lang: data.lang || language });
  if (data.button !== "none") frame.append(opener);
  root.append(frame);

  function build() {
    const text = el("textarea", { id: "text", maxlength: MAX_TEXT, autofocus: true, "aria-describedby": "err" });
    const mail = el("input", { id: "mail", type: "email", autocomplete: "email", maxlength: 254, dir: "ltr", "aria-describedby": "mail-help err" });
    const website = el("input", { name: "website", tabindex: "-1", autocomplete: "off" });
    const rates = [1, 2, 3, 4, 5].map((n) => el("input", { type: "radio", name: "rating", value: n,
      "aria-label": `${n} / 5` + (n === 1 ? `, ${say("low")}` : n === 5 ? `, ${say("high")}` : "") }));
    let chosen = 0;
    for (const radio of rates) {
      // A rating can be taken back: choosing the chosen one again, by click or by Space.
      radio.addEventListener("click", () => { if (chosen === radio) { radio.checked = false; chosen = 0; } else chosen = radio; });
      radio.addEventListener("keyup", (event) => { if (event.key === " " && chosen === radio) { event.preventDefault(); ui.unchoose(); } });
    }
    const x = el("button", { type: "button", class: "x", "aria-label": say("close") }, svg("M5 5l14 14M19 5L5 19"));
    const title = el("h2", { id: "title" }, say("question"));
    const rating = el("fieldset", { class: "f" }, el("legend", {}, say("rating")),
      el("div", { class: "r" }, ...rates.map((r) => el("label", {}, r, el("span", { "aria-hidden": "true" }, r.value)))),
      el("div", { class: "e s", "aria-hidden": "true" }, el("span", {}, say("low")), el("span", {}, say("high"))));
    const mailField = el("div", { class: "f" }, el("label", { for: "mail" }, say("mail")), mail, el("p", { class: "s", id: "mail-help" }, say("mailHelp")));
    const error = el("p", { class: "err", id: "err", role: "alert" });
    const submit = el("button", { class: "go", type: "submit" }, say("send"));
    const form = el("form", { novalidate: true, method: "dialog" },
      el("div", { class: "head" }, title, x),
      el("div", { class: "f" }, el("label", { for: "text" }, say("text")), text), rating, mailField,
      el("div", { class: "v", "aria-hidden": "true" }, website),
      el("p", { class: "s" }, say("note")), error, submit);
    const thanks = el("h2", { id: "thanks", tabindex: "-1" }, say("thanks"));
    const outcome = el("p", { class: "s", id: "outcome" });
    const shut = el("button", { type: "button", class: "go" }, say("close"));
    const done = el("div", { class: "done", hidden: true }, thanks, outcome, shut);
    const status = el("p", { class: "v", role: "status" });
    const dialog = el("dialog", { "aria-labelledby": "title", "data-position": data.position }, form, done, status);
    frame.append(dialog);

    ui = { dialog, form, done, title, text, mail, rating, rates, mailField, error, submit, status, thanks, outcome, website };
    ui.unchoose = () => { for (const r of rates) r.checked = false; chosen = 0; };
    x.addEventListener("click", () => dialog.close());
    shut.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => { if (!done.hidden) reset(); });
    // Shortcuts of the page beneath must not hear what is typed here.
    for (const kind of ["keydown", "keyup", "keypress"]) dialog.addEventListener(kind, (event) => event.stopPropagation());
    form.addEventListener("submit", (event) => { event.preventDefault(); submitted(); });
    submit.addEventListener("click", (event) => { if (submit.getAttribute("aria-disabled")) event.preventDefault(); });
    text.addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit(submit); });
  }

  function reset() {
    ui.form.reset(); ui.unchoose(); ui.form.hidden = false; ui.done.hidden = true; ui.status.textContent = "";
    ui.dialog.setAttribute("aria-labelledby", "title");
    wrong(null, "");
  }

  function wrong(field, words) {
    for (const one of [ui.text, ui.mail]) one.removeAttribute("aria-invalid");
    ui.error.textContent = words;
    if (field) { field.setAttribute("aria-invalid", "true"); field.focus(); }
  }

  let openedAt = 0, isSending = false;
  async function submitted() {
    if (isSending) return;
    const rate = ui.rates.find((r) => r.checked);
    const said = { text: ui.text.value.trim(), rating: rate ? Number(rate.value) : null, mail: ui.mailField.hidden ? "" : ui.mail.value.trim(),
      seconds: (Date.now() - openedAt) / 1000, website: ui.website.value };
    if (!said.text && !said.rating) return wrong(ui.text, say("empty"));
    if (said.mail && !ui.mail.checkValidity()) return wrong(ui.mail, say("badMail"));
    wrong(null, "");
    isSending = true;
    ui.submit.setAttribute("aria-disabled", "true");
    ui.submit.textContent = ui.status.textContent = say("sending");
    const result = await send(said);
    isSending = false;
    ui.submit.removeAttribute("aria-disabled");
    ui.submit.textContent = say("send");
    ui.status.textContent = "";
    if (result.state === "refused") {
      const field = (result.errors && result.errors[0] && result.errors[0].field) || "";
      if (field === "mail") return wrong(ui.mail, say("badMail"));
      return wrong(ui.text, say("failed"));
    }
    ui.form.hidden = true;
    ui.done.hidden = false;
    ui.dialog.setAttribute("aria-labelledby", "thanks");
    ui.outcome.textContent = ui.status.textContent = say(result.state);
    if (ui.dialog.open) ui.thanks.focus();
    else reset();
  }

  let asked = null;
  const ask = () => {
    asked = asked || fetch(endpoint, { mode: "cors", credentials: "omit", referrerPolicy: "no-referrer" })
      .then((answer) => (answer.ok ? answer.json() : {})).then((found) => { fromWake = found || {}; }).catch(() => { asked = null; });
    return asked;
  };

  async function open(draft) {
    if (typeof HTMLDialogElement !== "function") {
      window.open(formPage + "?" + new URLSearchParams({ version: version(), page: page() }), "_blank", "noopener");
      return;
    }
    // What is asked for is known by the time a pointer or the focus has come here; else wait a little.
    await Promise.race([ask(), new Promise((go) => setTimeout(go, 400))]);
    if (!ui) build();
    if (ui.dialog.open) return;
    ui.title.textContent = say("question");
    ui.rating.hidden = !asks("rating");
    ui.mailField.hidden = !asks("mail");
    if (customer && customer.mail && !ui.mail.value) ui.mail.value = customer.mail;
    if (draft && typeof draft.text === "string") ui.text.value = draft.text.slice(0, MAX_TEXT);
    if (draft && draft.rating) for (const r of ui.rates) if (Number(r.value) === draft.rating) r.click();
    openedAt = Date.now();
    ui.dialog.showModal();
  }

  for (const kind of ["pointerenter", "focus"]) opener.addEventListener(kind, ask);
  opener.addEventListener("click", () => open());
  document.addEventListener("click", (event) => {
    const own = event.target instanceof Element && event.target.closest("[data-wake-open]");
    if (own) { event.preventDefault(); open(); }
  });
  window.addEventListener("online", () => flush(true));

  window.Wake = {
    open,
    close: () => { if (ui) ui.dialog.close(); },
    // Resolves to "sent", "waiting" or "busy" (kept, and sent later); rejects if it is not taken.
    send: async (said) => {
      const result = await send(typeof said === "string" ? { text: said } : said || {});
      if (result.state === "refused") throw new Error(result.detail || "Too many messages wait already.");
      return result.state;
    },
    // Who is using the page, as far as this page knows; null forgets. Nothing of it is kept.
    identify: (who) => {
      customer = who && { id: who.id == null ? "" : String(who.id), name: who.name || "", signature: who.signature, mail: who.mail || who.email || "" };
    },
  };

  const start = () => { document.body.append(host); flush(true); window.dispatchEvent(new CustomEvent("wake:ready")); };
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
})();
