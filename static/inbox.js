/* The inbox by keyboard, and ticking many at once. Without this script every action is a form. */
"use strict";

const inbox = document.querySelector("[data-inbox]");
const keys = document.getElementById("keys");
const rows = () => [...inbox.querySelectorAll("[data-row]")];
const boxOf = (row) => row.querySelector("input[name=item]");
const boxes = () => rows().map(boxOf).filter(Boolean);
const openerOf = (row) => row.querySelector(".quote__open");
let lastTicked = null;

function say(words) {
  inbox.querySelector("[data-announce]").textContent = words;
}

/* The row that has the focus is the current one, so the eye, the keys and a screen reader agree. */
function current() {
  return document.activeElement?.closest?.("[data-row]") ?? null;
}

function step(by) {
  const all = rows();
  const at = all.indexOf(current());
  const to = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  if (to < 0 || to >= all.length) {
    say(by > 0 ? "The last one of this page." : "The first one of this page.");
    return;
  }
  const opener = openerOf(all[to]);
  opener.focus({ preventScroll: true });
  all[to].scrollIntoView({ block: "nearest" });
}

function showChosen() {
  const ticked = boxes().filter((box) => box.checked).length;
  const place = inbox.querySelector("[data-chosen]");
  if (place) place.textContent = ticked ? `${ticked} ticked` : "";
  const all = inbox.querySelector("[data-choose-all] input");
  if (!all) return;
  all.checked = ticked > 0 && ticked === boxes().length;
  all.indeterminate = ticked > 0 && !all.checked;
}

function tickUpTo(box, isRange) {
  const all = boxes();
  const from = all.indexOf(lastTicked);
  if (isRange && from >= 0) {
    const [low, high] = [from, all.indexOf(box)].sort((a, b) => a - b);
    for (const one of all.slice(low, high + 1)) one.checked = box.checked;
  }
  lastTicked = box;
  showChosen();
}

function doToTicked(action) {
  const form = document.getElementById("bulk");
  if (!form) return;
  if (!boxes().some((box) => box.checked)) {
    const row = current();
    if (!row) return;
    boxOf(row).checked = true;
  }
  form.elements.action.value = action;
  if (form.elements.action.value === action) form.requestSubmit();
}

function take() {
  const me = document.querySelector("#id_action option[value^='assign:']");
  const mine = [...document.querySelectorAll("#id_action option")].find((one) => one.text === "Me");
  if (mine ?? me) doToTicked((mine ?? me).value);
}

function close(row) {
  const button = row?.querySelector("[data-close]");
  if (!button) return;
  const next = rows()[rows().indexOf(row) + 1];
  button.click();
  say("Closed.");
  if (next) openerOf(next).focus();
}

function follow(rel) {
  document.querySelector(`.pager a[rel=${rel}]`)?.click();
}

function openViews() {
  const menu = document.querySelector("[data-views]");
  if (!menu) return;
  menu.open = true;
  menu.querySelector("a")?.focus();
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  o: () => current() && openerOf(current()).click(),
  r: () => current() && location.assign(`${openerOf(current()).href}#replies`),
  e: () => close(current()),
  a: take,
  n: () => follow("next"),
  p: () => follow("prev"),
  v: openViews,
  "/": () => document.getElementById("id_q")?.select(),
  "?": () => keys.showModal(),
};

function isTyping(target) {
  return target.isContentEditable || /^(SELECT|TEXTAREA)$/.test(target.tagName)
    || (target.tagName === "INPUT" && target.type !== "checkbox");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || keys.open) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape" && event.target.id === "id_q") event.target.blur();
    return;
  }
  if (event.key.toLowerCase() === "x") {
    const box = current() && boxOf(current());
    if (!box) return;
    event.preventDefault();
    box.checked = !box.checked;
    tickUpTo(box, event.shiftKey);
    say(box.checked ? "Ticked." : "Unticked.");
    return;
  }
  const action = KEYS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});

inbox.addEventListener("click", (event) => {
  if (event.target.matches("input[name=item]")) tickUpTo(event.target, event.shiftKey);
  if (event.target.closest("[data-keys]")) keys.showModal();
});
inbox.addEventListener("change", (event) => {
  if (!event.target.closest("[data-choose-all]")) return;
  for (const box of boxes()) box.checked = event.target.checked;
  showChosen();
});

function ready() {
  for (const one of inbox.querySelectorAll("[data-choose-all], [data-keys]")) one.hidden = false;
  lastTicked = null;
  showChosen();
}

ready();
document.addEventListener("htmx:load", ready);
